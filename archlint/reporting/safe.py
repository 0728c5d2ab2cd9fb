"""Text from a model made harmless: one cleaner for terminals, one escaper per format.

A name in a model is written by whoever made the file. It may hold terminal escapes, characters
that reverse the reading direction, half of a surrogate pair, markup, or a workflow command.
"""

from __future__ import annotations

import html as _html
import json as _json
import re
import unicodedata
from typing import Any

MAX_NAME = 200
"""Characters of a name that are shown; the rest is told by number."""

_HIDDEN = frozenset("\u00ad\u061c\u115f\u1160\u180e\u3164\ufeff\uffa0")
_ILLEGAL_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#!|~$&])")


def _unsafe(char: str) -> bool:
    """True for controls (C0, DEL, C1), formats (bidi, zero-width), surrogates, line separators."""
    if " " <= char <= "~":
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or char in _HIDDEN


def _escape(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def printable(text: str, limit: int | None = None) -> str:
    r"""``text`` on one line with nothing in it that a terminal would obey or hide.

    >>> printable("conv\x1b[31m1")
    'conv\\x1b[31m1'
    >>> printable("a" * 300, limit=4)
    'aaaa... (300 characters)'
    """
    if limit is not None and len(text) > limit:
        return f"{printable(text[:limit])}... ({len(text)} characters)"
    if text.isprintable() and (text.isascii() or _HIDDEN.isdisjoint(text)):
        return text
    return "".join(_escape(c) if _unsafe(c) else c for c in text)


def name(text: str) -> str:
    """A name as it is shown to people: clean and not endless."""
    return printable(text, MAX_NAME)


def lines(text: str) -> str:
    """``printable`` for text of several lines: line ends and nothing else are kept."""
    return "\n".join(printable(line) for line in text.split("\n"))


def surrogates(text: str) -> str:
    r"""Bytes that were not UTF-8 (lone surrogates in ``text``) shown as ``\udcff``."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def json(value: Any, *, indent: int | None = None) -> str:
    """``value`` as JSON: ASCII only, no NaN, no lone surrogate, keys in the order given."""
    return _json.dumps(_clean(value), ensure_ascii=True, allow_nan=False, indent=indent)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return surrogates(value)
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, dict):
        return {surrogates(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(v) for v in value]
    item = getattr(value, "item", None)
    return _clean(item()) if callable(item) else surrogates(str(value))


def html(text: str) -> str:
    """``text`` inside an HTML element or a quoted attribute."""
    return _html.escape(printable(text), quote=True)


def script(value: Any) -> str:
    """``value`` as JSON inside ``<script>``: nothing in it can close the element."""
    return json(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def xml(text: str) -> str:
    """``text`` inside an XML 1.0 element or a quoted attribute; characters XML forbids are shown as escapes."""
    text = _ILLEGAL_XML.sub(lambda m: _escape(m[0]), text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")


def markdown(text: str) -> str:
    """``text`` in a line or a table cell of Markdown, with no markup of its own."""
    return _MARKDOWN.sub(r"\\\1", printable(text)).replace("@", "&#64;")


def github(text: str) -> str:
    """``text`` as the message of a workflow command (``::error ...::text``)."""
    text = lines(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """``text`` as a property of a workflow command."""
    return github(text).replace(":", "%3A").replace(",", "%2C")


def csv(text: str) -> str:
    """``text`` as a CSV field that no spreadsheet takes for a formula."""
    text = printable(text)
    if text[:1] in {"=", "+", "-", "@"}:
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",;') else text


def dot(text: str) -> str:
    """``text`` as a quoted string of the DOT language."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
