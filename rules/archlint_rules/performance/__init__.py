"""PRF: work that need not be done."""
