"""The pages of docs/ on counts and gates say what the tool does: their code runs, their numbers are its numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from archlint.api import analyse

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_code_on_gates_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", page("gates.md"), re.DOTALL)
    exec(compile(code, "gates.md", "exec"), {})
    forget, opened, *_ = capsys.readouterr().out.splitlines()
    assert 0 < float(forget) < float(opened) < 0.05  # proven closed: closed even where it is open most


def test_the_numbers_of_the_lstm() -> None:
    text = page("counting.md")
    analysis = analyse(ROOT / "fixtures" / "crnn.onnx", dims={"N": 1, "W": 64})
    (step,) = [s for scope in analysis.shapes.scopes for s in scope.steps if s.node.op_type == "LSTM"]
    cost = analysis.costs.of(step)
    assert cost is not None
    for number in (cost.macs, cost.mults - cost.macs, cost.adds - cost.macs):
        assert f"{number:,}" in text
