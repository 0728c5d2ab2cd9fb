"""archlint: a linter and static analyser for neural-network models."""

__version__ = "0.1.0"
