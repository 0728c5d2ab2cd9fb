"""What pytest leaves alone here."""

# It needs atheris, which only its nox session installs.
collect_ignore = ["coverage.py"]
