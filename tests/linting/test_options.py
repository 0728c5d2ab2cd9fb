"""Option values against signatures."""

from __future__ import annotations

import pytest

from archlint.linting.options import convert, quantity


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1, float, 1.0),
        ("4.2G", int, 4_200_000_000),
        ("1 KiB", int | None, 1024),
        (None, int | None, None),
        (["a"], tuple[str, ...], ("a",)),
        ([1], tuple[float, ...], (1.0,)),
        ({"a": 1}, dict[str, int], {"a": 1}),
        ("x", str | None, "x"),
    ],
)
def test_convert(value, kind, expected) -> None:
    result = convert(value, kind)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, int),
        (True, float),
        (1.5, int),
        ("x", int),
        ([1], tuple[str, ...]),
        (1, bool),
        (1, str),
        ("1.0.0", int | None),
    ],
)
def test_refused(value, kind) -> None:
    with pytest.raises(ValueError, match=r".*"):
        convert(value, kind)


def test_quantity_is_exact() -> None:
    assert quantity("1.1G") == 1_100_000_000
