"""SEC: files that reach for more than they should."""
