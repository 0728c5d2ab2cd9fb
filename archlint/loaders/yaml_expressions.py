"""Parameters and arithmetic in YAML models: ``$width``, ``"$hidden * 2"``, and sizes such as ``H // 2``.

Only ``+ - * / // %``, ``min``, ``max``, ``ceil`` and ``floor`` of numbers exist; nothing is executed.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from functools import reduce
from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_text import nearest
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence
from archlint.symbolic import Dim, maximum, minimum, symbol

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Values

    from archlint.errors import LoadError
    from archlint.loaders.yaml_text import Text

MAX_TEXT = 200
LARGEST = 1 << 63
ALLOWED = "+ - * / // % min max ceil floor"
PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_MARK = "Ж"  # a letter that stands for $ while Python's own parser reads the text
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class _Wrong(Exception):
    """What is the matter with an expression, and what to do about it."""

    def __init__(self, reason: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(reason)
        self.help = help


class _Symbolic(Exception):
    """A word without ``$`` where only numbers are looked for."""


def substituted(item: Item, values: Values[str, Item], text: Text) -> Item:
    """``item`` with every ``$name`` and every expression with one replaced; raises `LoadError`."""
    if isinstance(item, Scalar):
        return _scalar(item, values, text)
    if isinstance(item, Sequence):
        items = [substituted(i, values, text) for i in item.items]
        same = all(a is b for a, b in zip(items, item.items, strict=True))
        return item if same else Sequence(item.line, item.column, items)
    entries = {k: substituted(v, values, text) for k, v in item.entries.items()}
    same = all(entries[k] is v for k, v in item.entries.items())
    return item if same else Mapping(item.line, item.column, entries, item.keys)


def _scalar(item: Scalar, values: Values[str, Item], text: Text) -> Item:
    if not isinstance(item.value, str) or not PARAMETER.search(item.text):
        return item
    alone = PARAMETER.fullmatch(item.text.strip())
    try:
        if alone:
            return _at(_parameter(alone[1], values), item)
        try:
            value = _Evaluation(item.text, values).value()
        except _Symbolic:
            return _partly(item, values)
    except _Wrong as wrong:
        raise fault(item, wrong, text) from None
    return Scalar(item.line, item.column, value, str(value), plain=True)


def _at(value: Item, place: Scalar) -> Item:
    """``value`` as if it stood at ``place``, where it is used."""
    if isinstance(value, Scalar):
        return Scalar(place.line, place.column, value.value, value.text, value.plain)
    return value


def _partly(item: Scalar, values: Values[str, Item]) -> Scalar:
    """The text with numbers in the place of parameters; its other words are symbols of a shape."""
    text = PARAMETER.sub(lambda m: f"({_number(m[1], values)})", item.text)
    return Scalar(item.line, item.column, text, text, plain=item.plain)


def size(item: Scalar, text: Text) -> Dim:
    """The size that an expression over symbols means, such as ``(W - 1) // 2 + 1``; raises `LoadError`."""
    try:
        value: Dim | float = _Evaluation(item.text, {}, symbols=True).value()
    except _Wrong as wrong:
        raise fault(item, wrong, text) from None
    if isinstance(value, float):
        raise fault(item, _Wrong(f"{value} is no size"), text)
    return value


def fault(item: Scalar, wrong: _Wrong, text: Text) -> LoadError:
    """The error for an expression, with its own text in front."""
    shown = item.text if len(item.text) <= 60 else f"{item.text[:60]}…"
    return text.error("YML009", f"'{shown}': {wrong}", item, wrong.help)


def _parameter(name: str, values: Values[str, Item]) -> Item:
    found = values.get(name)
    if found is not None:
        return found
    names = list(values)
    known = f"params: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}"
    reason = f"no parameter '{name}' ({known if names else 'there are no params'})"
    raise _Wrong(reason, nearest(name, names))


def _number(name: str, values: Values[str, Item]) -> int | float:
    item = _parameter(name, values)
    value = item.value if isinstance(item, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong(f"parameter '{name}' is not a number")
    return value


class _Evaluation:
    def __init__(self, text: str, values: Values[str, Item], *, symbols: bool = False) -> None:
        self.text = text
        self.values = values
        self.symbols = symbols

    def value(self) -> Any:
        if len(self.text) > MAX_TEXT:
            raise _Wrong(f"longer than {MAX_TEXT} characters")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(PARAMETER.sub(rf"{_MARK}\1", self.text.strip()), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise _Wrong("not an expression", f"allowed: numbers, $names and {ALLOWED}") from None
        try:
            return self._value(tree.body)
        except ZeroDivisionError:
            raise _Wrong("division by zero") from None
        except (TypeError, ValueError, OverflowError, AttributeError):
            raise _Wrong("cannot be computed") from None

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return _bounded(node.value)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self._value(node.operand)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp) and (type(node.op) in _OPERATORS or isinstance(node.op, ast.Div)):
            return _bounded(self._binary(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node.func.id, node.args)
        raise _Wrong(f"'{ast.unparse(node)[:40]}' is not allowed".replace(_MARK, "$"), f"allowed: {ALLOWED}")

    def _name(self, name: str) -> Any:
        if name.startswith(_MARK):
            return _number(name.removeprefix(_MARK), self.values)
        if self.symbols:
            return symbol(name)
        raise _Symbolic

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self._value(node.left), self._value(node.right)
        if not isinstance(node.op, ast.Div):
            return _OPERATORS[type(node.op)](left, right)
        whole = isinstance(left, int) and isinstance(right, int) and right and left % right == 0
        return left // right if whole else left / right

    def _call(self, name: str, arguments: list[ast.expr]) -> Any:
        values = [self._value(a) for a in arguments]
        if name in {"min", "max"} and values:
            numbers = all(isinstance(v, int | float) for v in values)
            plain = min if name == "min" else max
            return plain(values) if numbers else reduce(minimum if name == "min" else maximum, values)
        if name in {"ceil", "floor"} and len(values) == 1:
            if not isinstance(values[0], float):
                return values[0]
            return math.ceil(values[0]) if name == "ceil" else math.floor(values[0])
        raise _Wrong(f"no function '{name[:40]}' of {len(values)} numbers", f"allowed: {ALLOWED}")


def _bounded(value: Any) -> Any:
    if isinstance(value, int | float) and not abs(value) < LARGEST:
        raise _Wrong("a number in it is out of range")
    return value
