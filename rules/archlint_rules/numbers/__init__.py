"""NUM: numbers in weights, and the values that tensors can take."""
