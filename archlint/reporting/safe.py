"""Names made safe: what a file says must not steer a terminal or a document."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
MAX_NAME = 200


def printable(text: str) -> str:
    r"""``text`` with control, bidirectional and zero-width characters escaped.

    >>> printable("conv\x1b[31m")
    'conv\\x1b[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if unicodedata.category(c) not in _HIDDEN else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )
