"""Reports and findings as text: one module per format."""
