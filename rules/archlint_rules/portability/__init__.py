"""PRT: versions, targets and policy."""
