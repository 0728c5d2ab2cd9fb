"""ARC: layers that work against each other."""
