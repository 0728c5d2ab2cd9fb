"""The built-in rules, one file each, by family; they see `archlint.api` alone."""
