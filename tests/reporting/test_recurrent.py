"""What the report says of recurrent cells, in words and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from archlint.api import Calibration
from archlint.reporting.recurrent import HEADER, explain, recurrent_json, recurrent_table
from tests.analyses.recurrent.cells import analysed, operator_model


def model(kind="LSTM", **biases):
    """Three units without weights; each bias is (row, unit, value)."""
    rows = {"LSTM": 4, "GRU": 3}[kind] * 3
    weights = {"W": np.zeros((1, rows, 1)), "R": np.zeros((1, rows, 3)), "B": np.zeros((1, 2 * rows))}
    for gate, unit, value in biases.values():
        weights["B"][0, 3 * gate + unit] = value
    made = {k: w.astype(np.float32) for k, w in weights.items()}
    return operator_model(kind, made)


def told(built, tmp_path, **settings):
    (cell,) = analysed(built, tmp_path, **settings).recurrent.cells
    return explain(cell)


def test_units_effect_reason_and_remedy(tmp_path):
    lines = told(model(a=(2, 1, -9.0)), tmp_path)
    assert lines[0] == "LSTM 'cell' (3 units): judged for every x in [-1, 1] (assumed)."
    assert lines[1] == "forget gate closed in 1 of 3 units (1 proven: 1)."
    assert "forgets at once" in lines[2]
    assert "at most 0.1111 steps" in lines[2]
    assert lines[3].startswith("  unit 1: bias -9, |W| 0, |R| 0, z in [-9")
    assert lines[4].startswith("  Try a forget bias of 1")


@pytest.mark.parametrize(
    ("kind", "bias", "words"),
    [
        ("LSTM", (2, 0, 9.0), ("forget gate open", "can hardly clear it", "at least 80")),
        ("LSTM", (0, 2, -9.0), ("input gate closed", "never writes")),
        ("LSTM", (1, 2, -9.0), ("output gate closed", "dead")),
        ("GRU", (0, 2, 9.0), ("update gate open", "frozen")),
        ("GRU", (1, 2, -9.0), ("reset gate closed", "ignores the history")),
    ],
    ids=["forget-open", "input-closed", "output-closed", "update-open", "reset-closed"],
)
def test_every_stuck_gate_has_its_words(kind, bias, words, tmp_path):
    text = "\n".join(told(model(kind, a=bias), tmp_path))
    for word in words:
        assert word in text


def test_nothing_stuck_is_one_sentence(tmp_path):
    assert told(model(), tmp_path)[1:] == ["No gate is stuck."]


def test_data_stands_beside_the_reason(tmp_path):
    data = Calibration({"X": np.zeros((200, 1, 1), np.float32)})
    text = "\n".join(told(model(a=(2, 1, -9.0)), tmp_path, calibration=data))
    assert "on the calibration data closed 100.0%, open 0.0% of the steps" in text
    assert "(calibration data)" in text


def test_table_and_json_agree(tmp_path):
    analysis = analysed(model(a=(2, 1, -9.0), b=(2, 0, 9.0)), tmp_path)
    rows = recurrent_table(analysis)
    assert all(len(row) == len(HEADER) for row in rows)
    forget = next(row for row in rows if row[1] == "forget")
    assert forget[2:4] == ("1/0/0", "1/0/0")
    assert rows[0][0] == "cell"
    assert rows[1][0] == ""
    gates = recurrent_json(analysis)[0]["gates"]["forget"]
    assert (gates["closed"]["proven"], gates["open"]["proven"]) == ([1], [0])


def test_a_cell_without_weights_keeps_its_row(tmp_path):
    built = model()
    weights = next(i for i in built.graph.initializer if i.name == "R")
    built.graph.initializer.remove(weights)
    entry = built.graph.input.add()
    entry.name = "R"
    entry.type.tensor_type.elem_type = 1
    analysis = analysed(built, tmp_path)
    (row,) = recurrent_table(analysis)
    assert row[1] == "not analysed"
    (cell,) = analysis.recurrent.cells
    assert explain(cell) == ["LSTM 'cell' was not analysed, because 'R' is an input."]
