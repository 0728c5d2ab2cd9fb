"""Hostile YAML: always a model or a `LoadError`, and never much memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archlint.analyses.incremental import Incremental
from archlint.errors import LoadError
from archlint.loaders.example import parse_example
from archlint.loaders.yaml import load_yaml
from archlint.loaders.yaml_scalar import resolve


def outcome(data: bytes | str) -> str:
    """The code of the error, or ``model``; anything else escapes."""
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    try:
        model = load_yaml("m.arch.yaml", data, Incremental)
    except LoadError as error:
        refused = error
    else:
        assert len(model.graph.order) == len(model.graph.nodes)
        return "model"
    assert refused.message
    assert refused.line is None or refused.line >= 1
    assert refused.column is None or refused.column >= 1
    return refused.code


def billion_laughs() -> str:
    lines = ["archlint: 1", "x-a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [
        f"x-{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join([*lines, "layers: [Relu]", ""])


def merge_bomb() -> str:
    lines = ["archlint: 1", "x-a: &a {" + ", ".join(f"k{i}: 0" for i in range(1000)) + "}"]
    lines += [f"x-b{i}: {{<<: *a, z: 1}}" for i in range(300)]
    return "\n".join([*lines, "layers: [Relu]", ""])


def deep_aliases() -> str:
    lines = ["archlint: 1", "x-0: &a0 [0]"]
    lines += [f"x-{i}: &a{i} [*a{i - 1}]" for i in range(1, 100)]
    return "\n".join([*lines, "layers: [Relu]", ""])


BOMBS = {
    "brackets": ("[" * 1_000_000, "YML010"),
    "braces": ("{a: " * 300_000, "YML010"),
    "dashes": ("- " * 100_000, "YML010"),
    "questions": ("? " * 100_000, "YML010"),
    "laughs": (billion_laughs(), "YML010"),
    "merges": (merge_bomb(), "YML010"),
    "deep-aliases": (deep_aliases(), "YML010"),
    "many-items": ("[" + "0," * 1_000_000 + "]", "YML010"),
    "long-scalar": ("archlint: 1\nname: " + "a" * 100_000, "YML010"),
    "quoted-scalar": ("archlint: '" + "a" * 5_000_000 + "'", "YML010"),
    "long-key": ("a" * 100_000 + ": 1", "YML010"),
    "anchors": ("".join(f"- &a{i} x\n" for i in range(150_000)), "YML002"),
    "self": ("archlint: &a {layers: *a}", "YML010"),
    "null-byte": ("archlint: 1\0", "YML001"),
    "surrogate": ("archlint: \ud800", "YML001"),
    "utf-16": ("archlint: 1".encode("utf-16"), "YML001"),
    "zip": (b"PK\x03\x04" + bytes(range(256)), "YML001"),
    "date": ("archlint: 2024-13-45", "YML005"),
    "octal": ("archlint: 0o", "YML005"),
    "directive": ("%YAML 9.9\n---\narchlint: 1\n", "YML001"),
    "tag-directive": ("%TAG ! tag:x,2000:\n---\n!a {}\n", "YML007"),
    "nan": ("archlint: .nan", "YML005"),
    "null-key": ("archlint: 1\n~: 2\n", "YML003"),
    "no-key": ("archlint: 1\n: 2\n", "YML001"),
    "binary": ("archlint: !!binary aGk=", "YML007"),
    "value-key": ("archlint: 1\n=: 3\n", "YML003"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name):
    text, code = BOMBS[name]
    assert outcome(text) == code


@pytest.mark.parametrize("name", ["laughs", "merges", "many-items", "deep-aliases"])
def test_bombs_take_little_memory(name):
    data = BOMBS[name][0].encode()
    tracemalloc.start()
    outcome(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


def test_a_huge_weight_is_described_and_never_drawn():
    text = (
        "archlint: 1\ninputs: {x: [1, 1000000, 1, 1]}\nlayers:\n"
        "  - {op: Conv, out_channels: 9000000, kernel: [1000, 1000], init: {W: normal}}\n"
    )
    weight = load_yaml("m.yaml", text.encode(), Incremental).graph.weights["conv_1.W"]
    assert weight.numel == 9 * 10**18
    with pytest.raises(LoadError, match="too many to generate"):
        weight.array()


def test_many_layers_are_read():
    text = "archlint: 1\ninputs: {x: [1, 8]}\nlayers:\n" + "- {op: Linear, out_features: 8}\n" * 5000
    assert outcome(text) == "model"


SCALARS = [
    "~", "null", "true", "False", "yes", "0", "-1", "3", "64", "1e3", ".inf", ".nan", "0x10", "1_000", "12:30:45",
    "2024-13-45", "x", "N", "'?'", "_", "same", "zeros", "xavier", "float16", "$w", "$w * 2", "'H // 2'", "''", "<<", "*a",
    "a:1", "9999999999999999999999", "image", "conv_1", "w.npz", "é", "!!str x", "&a 1",
]  # fmt: skip
KEYS = [
    "archlint", "name", "opset", "inputs", "outputs", "layers", "weights", "op", "in", "out_channels", "filters", "kernel",
    "kernel_shape", "stride", "pad", "pads", "groups", "dilation", "bias", "hidden_size", "input_size", "direction",
    "init", "W", "U_f", "b_f", "B", "shape", "dtype", "values", "normal", "std", "seed", "file", "keys", "constant",
    "axes", "axis", "perm", "value", "split", "to", "<<", "x-a", "?", "normalized_shape", "in_channels", "repeat",
    "use", "params", "blocks", "args", "out_features", "num_embeddings", "embedding_dim", "output_size", "scales", "min", "max",
]  # fmt: skip
OPERATORS = [
    "Conv", "Conv2d", "ConvTranspose2d", "Linear", "LSTM", "GRU", "RNN", "BatchNorm2d", "LayerNorm", "MaxPool2d", "Relu",
    "SiLU", "Split", "Concat", "Constant", "Reshape", "Slice", "Resize", "Embedding", "Gather", "Dropout", "Add", "Cast",
    "GroupNormalization", "InstanceNormalization", "AdaptiveAvgPool2d", "If", "Loop", "Clip", "a.b::C", "ConstantOfShape",
    "GELU", "Squeeze", "nothing",
]  # fmt: skip

scalars = st.sampled_from(SCALARS) | st.integers(-5, 300).map(str) | st.text(max_size=6).map(repr)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda v: f"[{', '.join(v)}]")
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
        )
    ),
    max_leaves=8,
)
layers = st.builds(
    lambda op, rest: "{" + ", ".join([f"op: {op}", *(f"{k}: {v}" for k, v in rest.items())]) + "}",
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), values, max_size=5),
)
small = st.integers(1, 9).map(str)
pair = st.tuples(small, small).map(lambda p: f"[{p[0]}, {p[1]}]")
windows = {
    "kernel": small | pair,
    "stride": small | pair,
    "pad": small | pair | st.sampled_from(["same", "valid"]),
}
channels = {
    "out_channels": small,
    "groups": small,
    "bias": st.sampled_from(["true", "false"]),
    "in_channels": small,
}
fillings = st.sampled_from(
    ["zeros", "xavier", "1", "{normal: {std: 2, seed: 4}}", "{uniform: {low: 3}}", "[1, 2]"]
)
gates = st.dictionaries(
    st.sampled_from(["W", "R", "B", "W_i", "U_f", "R_c", "b_f", "b_z", "W_h", "b_i"]), fillings
).map(lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}")
cells = {
    "hidden_size": small,
    "init": gates,
    "bias": channels["bias"],
    "direction": st.sampled_from(["forward", "bidirectional"]),
}
PLAUSIBLE = {
    "Conv": {**windows, **channels, "dilation": small},
    "ConvTranspose2d": {**windows, **channels},
    "MaxPool2d": windows,
    "AveragePool": windows,
    "Linear": {
        "out_features": small,
        "bias": channels["bias"],
        "init": st.sampled_from(["{W: xavier}", "{B: 3}"]),
    },
    "LSTM": cells,
    "GRU": cells,
    "RNN": cells,
    "BatchNorm2d": {"eps": st.just("0.1"), "num_features": small},
    "LayerNorm": {"normalized_shape": small | pair, "bias": channels["bias"]},
    "GroupNormalization": {"groups": small},
    "Relu": {},
    "SiLU": {},
    "Split": {"axis": small, "num_outputs": small},
    "Reshape": {"shape": st.sampled_from(["[0, -1]", "[-1, 8]", "[0, 0, 4]"])},
    "Transpose": {"perm": st.permutations(["0", "1", "2"]).map(lambda p: f"[{', '.join(p)}]")},
    "Add": {"B": st.sampled_from(["1", "[1, 2]", "[[1], [2]]", "0.5"])},
    "Embedding": {"num_embeddings": small, "embedding_dim": small},
    "Constant": {"value": st.sampled_from(["1", "[1.5]", "[[1, 2]]"])},
}
plausible = st.sampled_from(sorted(PLAUSIBLE)).flatmap(
    lambda op: st.fixed_dictionaries({}, optional=PLAUSIBLE[op]).map(
        lambda rest: "{" + ", ".join([f"op: {op}", *(f"{k}: {v}" for k, v in rest.items())]) + "}"
    )
)
documents = st.builds(
    lambda inputs, rest, found: "\n".join(
        ["archlint: 1", f"inputs: {inputs}", *(f"{k}: {v}" for k, v in rest.items()), "layers:", *(f"- {v}" for v in found), ""]
    ),
    st.sampled_from(["{x: [N, 3, 8, 8]}", "{x: [T, N, 4]}", "{x: [1, 8]}", "{x: _}", "{a: [1], b: [1]}"]) | values,
    st.dictionaries(st.sampled_from(["name", "opset", "outputs", "weights", "x-a"]), values, max_size=2),
    st.lists(layers | st.sampled_from(OPERATORS), min_size=1, max_size=4),
)  # fmt: skip


plausible_documents = st.builds(
    lambda inputs, found: "\n".join(["archlint: 1", f"inputs: {inputs}", "layers:", *(f"- {v}" for v in found), ""]),
    st.sampled_from(["{x: [N, 3, 8, 8]}", "{x: [N, C, H, W]}", "{x: [T, N, 4]}", "{x: [1, 8]}", "{x: _}"]),
    st.lists(plausible, min_size=1, max_size=5),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(documents | plausible_documents)
@example("archlint: 1\ninputs: {x: [N]}\nlayers:\n- {op: Conv, out_channels: 1, kernel: [], groups: 7}\n")
def test_random_documents(text):
    outcome(text)


@settings(max_examples=200, deadline=None)
@given(layers | plausible)
def test_random_examples(text):
    try:
        model = parse_example(text, Incremental)
    except LoadError:
        return
    for weight in model.graph.weights.values():
        if weight.numel < 10_000:
            with suppress(LoadError):
                assert weight.array().shape == weight.shape


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text("[]{}:,-&*!|>'\"%@`#? \n\tab1<~", max_size=60).map(str.encode))
def test_random_bytes(data):
    outcome(data)
    outcome(b"archlint: 1\n" + data)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"[-+]?[0-9._eExo]{1,12}", fullmatch=True))
def test_scalars_are_values_or_valueerror(text):
    try:
        value = resolve(text)
    except ValueError:
        return
    assert value is None or isinstance(value, (bool, int, float, str))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("yes", "yes"), ("no", "no"), ("on", "on"), ("y", "y"), ("N", "N"),
        ("~", None), ("", None), ("null", None), ("nil", "nil"),
        ("012", 12), ("0o17", 15), ("0x1f", 31), ("-7", -7), ("+7", 7), ("1_000", "1_000"), ("12:30:45", "12:30:45"),
        ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), (".inf", float("inf")), ("-.INF", float("-inf")),
        ("nan", "nan"), ("inf", "inf"), ("2024-13-45", "2024-13-45"), ("=", "="), ("-", "-"), (".", "."), ("e3", "e3"),
    ],
)  # fmt: skip
def test_core_schema(text, value):
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_the_pure_parser_agrees():
    """Without libyaml the same documents load."""
    code = (
        "import yaml; del yaml.CSafeLoader\n"
        "from archlint.loaders.example import parse_example\n"
        "from archlint.loaders.yaml_tree import _Loader\n"
        "assert _Loader is yaml.SafeLoader\n"
        "print(parse_example('- {op: Conv2d, out_channels: 4, in_channels: 3, kernel: 3}\\n- Relu').graph.weights['conv2d_1.W'].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(4, 3, 3, 3)\n", done.stderr
