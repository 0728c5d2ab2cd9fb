"""GRF: the structure of the graph."""
