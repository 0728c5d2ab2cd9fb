"""BUD: limits that a project sets itself."""
