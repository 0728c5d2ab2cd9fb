"""Parameters, blocks and repetition: a model with them is the model that they stand for, written out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlint.analyses.incremental import Incremental
from archlint.errors import LoadError
from archlint.loaders import Limits
from archlint.loaders.yaml import load_yaml
from archlint.symbolic import symbol

HEAD = "archlint: 1\ninputs: {x: [N, 3, 32, 32]}\n"


def model(text: str, limits: Limits | None = None):
    return load_yaml("m.arch.yaml", text.encode(), Incremental, limits)


def structure(text: str):
    found = model(text)
    nodes = [(n.op_type, n.inputs, n.outputs, dict(n.attrs)) for n in found.graph.nodes]
    weights = {name: w.shape for name, w in found.graph.weights.items()}
    return nodes, weights, {k: str(f) for k, f in found.graph.inputs.items()}, list(found.graph.outputs)


SAME = {
    "a parameter": (
        "params: {width: 8}\n" + HEAD + "layers:\n  - {name: c, op: Conv, out_channels: $width, kernel: 3}\n",
        HEAD + "layers:\n  - {name: c, op: Conv, out_channels: 8, kernel: 3}\n",
    ),
    "arithmetic": (
        "params: {w: 8, h: $w * 2}\n"
        + HEAD
        + "layers:\n  - {name: c, op: Conv, out_channels: 'max($w, $h) // 3 + $w % 5 - 1', kernel: [3, $w / 4]}\n",
        HEAD + "layers:\n  - {name: c, op: Conv, out_channels: 7, kernel: [3, 2]}\n",
    ),
    "a list as a parameter": (
        "params: {k: [3, 5]}\n" + HEAD + "layers:\n  - {name: c, op: MaxPool, kernel: $k}\n",
        HEAD + "layers:\n  - {name: c, op: MaxPool, kernel: [3, 5]}\n",
    ),
    "a parameter in an input": (
        "params: {c: 2}\ninputs: {x: [N, $c * 2, 'H // $c']}\nlayers: [Relu]\n",
        "inputs: {x: [N, 4, 'H // 2']}\nlayers: [Relu]\n",
    ),
    "repetition": (
        HEAD + "layers:\n  - {name: 'r{i}', op: Relu, repeat: 3}\n",
        HEAD + "layers:\n  - {name: r0, op: Relu}\n  - {name: r1, op: Relu}\n  - {name: r2, op: Relu}\n",
    ),
    "repetition without names": (HEAD + "layers:\n  - {op: Relu, repeat: 2}\n", HEAD + "layers: [Relu, Relu]\n"),
    "repetition of a sum": (
        HEAD + "layers:\n  - {name: a, op: Relu}\n  - {name: 's{i}', op: Add, in: [x, a], repeat: 2}\n",
        HEAD
        + "layers:\n  - {name: a, op: Relu}\n  - {name: s0, op: Add, in: [x, a]}\n  - {name: s1, op: Add, in: [s0, a]}\n",
    ),
    "a block": (
        HEAD
        + "blocks:\n  cbr:\n    args: {out: required, k: 3}\n    layers:\n"
        + "      - {op: Conv, out_channels: $out, kernel: $k, pad: same, bias: false}\n      - Relu\n"
        + "layers:\n  - {use: cbr, name: stem, out: 4}\n  - {use: cbr, out: 6, k: 5}\n  - {op: Relu, in: stem}\n",
        HEAD
        + "layers:\n  - {name: stem/conv_1, op: Conv, out_channels: 4, kernel: 3, pad: same, bias: false}\n"
        + "  - {name: stem/relu_1, op: Relu}\n"
        + "  - {name: cbr_1/conv_1, op: Conv, out_channels: 6, kernel: 5, pad: same, bias: false}\n"
        + "  - {name: cbr_1/relu_1, op: Relu}\n  - {op: Relu, in: stem/relu_1}\n",
    ),
    "a residual block, repeated": (
        HEAD
        + "blocks:\n  inner: {layers: [Relu]}\n"
        + "  residual:\n    in: [x]\n    layers:\n      - {use: inner}\n      - {op: Add, name: sum, in: [-1, x]}\n"
        + "layers:\n  - {use: residual, name: 'res{i}', repeat: 2}\noutputs: [res1]\n",
        HEAD
        + "layers:\n  - {name: res0/inner_1/relu_1, op: Relu}\n  - {name: res0/sum, op: Add, in: [-1, x]}\n"
        + "  - {name: res1/inner_1/relu_1, op: Relu}\n  - {name: res1/sum, op: Add, in: [-1, res0/sum]}\n",
    ),
    "two inputs, two outputs": (
        HEAD
        + "blocks:\n  cross:\n    in: [a, b]\n    out: [left, right]\n    layers:\n"
        + "      - {name: left, op: Relu, in: a}\n      - {name: right, op: Tanh, in: b}\n"
        + "layers:\n  - {name: p, op: Abs}\n  - {use: cross, name: c, in: [p, x]}\n"
        + "  - {op: Neg}\n  - {name: q, op: Add, in: [c, 'c:1']}\noutputs: [q, c]\n",
        HEAD
        + "layers:\n  - {name: p, op: Abs}\n  - {name: c/left, op: Relu, in: p}\n  - {name: c/right, op: Tanh, in: x}\n"
        + "  - {op: Neg, in: c/left}\n  - {name: q, op: Add, in: [c/left, c/right]}\noutputs: [q, c/left]\n",
    ),
    "a layer without a name before a block": (
        HEAD + "blocks: {b: {layers: [{op: Add, in: [x, x]}]}}\nlayers:\n  - Relu\n  - {use: b, name: b}\n  - {op: Add, in: [-1, -2]}\n",
        HEAD + "layers:\n  - Relu\n  - {name: b/add_1, op: Add, in: [-1, -1]}\n  - {op: Add, in: [b/add_1, relu_1]}\n",
    ),
    "a constant first in a block": (
        HEAD
        + "blocks: {b: {layers: [{name: k, op: Constant, value_floats: [1.0]}, {op: Add, in: [x, k]}]}}\n"
        + "layers:\n  - {use: b, name: b}\n",
        HEAD + "layers:\n  - {name: b/k, op: Constant, value_floats: [1.0]}\n  - {name: b/add_1, op: Add, in: [x, b/k]}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_it_is_what_it_stands_for(name) -> None:
    short, long = (
        t if t.startswith("archlint") else "archlint: 1\n" + t.replace("archlint: 1\n", "")
        for t in SAME[name]
    )
    assert structure(short) == structure(long)


def test_sizes_are_expressions_of_symbols() -> None:
    found = model("archlint: 1\ninputs: {x: [N, '(W - 1) // 2 + 1', 'max(W, 4)']}\nlayers: [Relu]\n")
    (shape,) = (f.shape for f in found.graph.inputs.values())
    assert shape[1] == (symbol("W") - 1) // 2 + 1
    assert str(shape[2]) == "max(4, W)"


def test_an_error_in_a_block_stands_in_the_block() -> None:
    text = (
        HEAD + "blocks:\n  b:\n    layers:\n      - {op: Conv, kernal: 3}\nlayers:\n  - {use: b, name: one}\n"
    )
    with pytest.raises(LoadError) as caught:
        model(text)
    assert (caught.value.code, caught.value.line) == ("YML003", 6)
    assert caught.value.message == "layer 'one/conv_1': unknown key 'kernal'"


def test_the_limit_is_the_one_for_nodes() -> None:
    text = HEAD + "layers:\n  - {op: Relu, repeat: 11}\n"
    assert len(model(text).graph.nodes) == 11
    with pytest.raises(LoadError, match=r"expands to 11 layers, limit 10 \(--max-nodes\)"):
        model(text, Limits(nodes=10))


def test_a_bomb_is_counted_and_not_made() -> None:
    blocks = "".join(f"  b{i}: {{layers: [{{use: b{i + 1}}}, {{use: b{i + 1}}}]}}\n" for i in range(60))
    text = HEAD + f"blocks:\n{blocks}  b60: {{layers: [Relu]}}\nlayers:\n  - {{use: b0}}\n"
    with pytest.raises(LoadError, match=f"expands to {2**60:,} layers"):
        model(text)


@given(st.text("$ab12+-*/%(),. maxflorcei", max_size=30))
def test_any_expression_is_a_value_or_an_error(text: str) -> None:
    quoted = text.replace("'", "")
    source = f"archlint: 1\nparams: {{a: 7, b: 2}}\ninputs: {{x: [N, 3, 8, 8]}}\nlayers:\n  - {{op: Conv, kernel: 3, out_channels: '{quoted}'}}\n"
    with suppress(LoadError):
        model(source)
