"""Cells whose products onnxruntime has fused: with the activation behind them, with their scales."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from tests.analyses.recurrent.cells import analysed
from tests.analyses.recurrent.test_decomposed import D, N, Spelt, same_as_onnxruntime

MICROSOFT = "com.microsoft"


class Fused(Spelt):
    """Unrolled cells in onnxruntime's own operators."""

    def lstm_fused(self, x, h, c, t, tanh="Tanh"):
        """Each gate is one FusedGemm of x and h side by side."""
        both = np.concatenate([self.weights["W"], self.weights["R"]])
        self.add("Concat", [x, h], f"xh{t}", axis=-1)
        for k, (q, name) in enumerate((("i", "Sigmoid"), ("f", "Sigmoid"), ("g", tanh), ("o", "Sigmoid"))):
            columns = slice(k * N, (k + 1) * N)
            self.weights |= {f"M{q}": both[:, columns].T.copy(), f"b{q}": self.weights["b"][columns]}
            inputs = [f"xh{t}", f"M{q}", f"b{q}"]
            self.add("FusedGemm", inputs, f"{q}{t}", domain=MICROSOFT, activation=name, transB=1)
        self.add("Mul", [f"f{t}", c], f"fc{t}")
        self.add("Mul", [f"i{t}", f"g{t}"], f"ig{t}")
        self.add("Add", [f"fc{t}", f"ig{t}"], f"c{t}")
        self.add("Tanh", [f"c{t}"], f"tc{t}")
        self.add("Mul", [f"o{t}", f"tc{t}"], f"h{t}")
        return f"h{t}", f"c{t}"

    def lstm_integer(self, x, h, c, t):
        """Both products are MatMulIntegerToFloat, the bias inside of the first."""
        made = self.lstm(x, h, c, t)
        self.nodes = [n for n in self.nodes if n.output[0] not in (f"wx{t}", f"wb{t}", f"rh{t}")]
        point = np.array(3, np.int8)
        self.weights |= {"Ws": np.float32(0.01), "Rs": np.full(4 * N, 0.02, np.float32), "point": point}
        for of, k, out in ((x, "W", f"wb{t}"), (h, "R", f"rh{t}")):
            codes = np.random.default_rng(len(k)).integers(-100, 100, self.weights[k].shape)
            self.weights[f"{k}q"] = codes.astype(np.int8)
            self.add("DynamicQuantizeLinear", [of], [f"q{out}", f"s{out}", f"p{out}"])
            inputs = [f"q{out}", f"{k}q", f"s{out}", f"{k}s", f"p{out}", "point" if k == "W" else ""]
            self.add("MatMulIntegerToFloat", [*inputs, "b"] if k == "W" else inputs, out, domain=MICROSOFT)
        return made


def spelt_by(spelt, step):
    model = spelt.unrolled(step, states=2)
    model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    return model


def test_fused_activations(tmp_path):
    spelt = Fused()
    model = spelt_by(spelt, spelt.lstm_fused)
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 3, None)
    same_as_onnxruntime(model, cell)


@pytest.mark.parametrize("name", ["Softplus", "nonsense"])
def test_other_activations_are_no_gates(name, tmp_path):
    spelt = Fused()
    model = spelt_by(spelt, lambda *a: spelt.lstm_fused(*a, tanh=name))
    cells = analysed(model, tmp_path).recurrent.cells
    assert [c.recurrence.g.name for c in cells] == (["softplus"] if name == "Softplus" else [])


def test_integer_products_with_their_scales(tmp_path):
    spelt = Fused()
    model = spelt_by(spelt, spelt.lstm_integer)
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 3, None)
    for k, zero, scale, found in (("W", 3, 0.01, cell.recurrence.W), ("R", 0, 0.02, cell.recurrence.R)):
        expected = (spelt.weights[f"{k}q"].astype(np.float32) - zero) * np.float32(scale)
        assert expected.shape == (D if k == "W" else N, 4 * N)
        np.testing.assert_allclose(found["forget"], expected[:, N : 2 * N].T, rtol=1e-6)
    np.testing.assert_allclose(cell.recurrence.bias("forget"), spelt.weights["b"][N : 2 * N], rtol=1e-6)
