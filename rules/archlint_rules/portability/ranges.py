"""Conditions on a version number: ``>=13,<=21``."""

import operator
import re

COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
PART = re.compile(r"^\s*(>=|<=|==|!=|>|<)?\s*(\d+)\s*$")


def allows(condition: str, actual: int) -> bool:
    """True when ``actual`` meets every part; raises ValueError for a condition that cannot be read."""
    for part in condition.split(","):
        found = PART.match(part)
        if found is None:
            message = f"'{condition}' is no condition on a version, such as '>=13,<=21'"
            raise ValueError(message)
        if not COMPARE[found[1] or "=="](actual, int(found[2])):
            return False
    return True
