"""YAML models that do not load: the code, the place and the words of each error."""

from __future__ import annotations

import pytest

from archlint.analyses.incremental import Incremental
from archlint.errors import LoadError
from archlint.loaders.yaml import load_yaml


def refused(text: str | bytes) -> LoadError:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(LoadError) as caught:
        load_yaml("m.arch.yaml", data, Incremental)
    return caught.value


HEAD = "archlint: 1\ninputs: {x: [N, 3, 32, 32]}\nlayers:\n"

CASES = {
    "colon": ("archlint: 1\nname: a: b\n", "YML001", 2, 8, "mapping values are not allowed", "quote the text"),
    "tab": ("archlint: 1\ninputs:\n\tx: [1]\n", "YML001", 3, None, "a tab cannot indent YAML", "spaces"),
    "question": ("archlint: 1\ninputs: {x: [N, ?]}\nlayers: [Relu]\n", "YML001", 2, None, "'?' alone begins a key", "'?', with quotes"),
    "question-first": ("archlint: 1\ninputs: {x: [?, N]}\nlayers: [Relu]\n", "YML001", 2, None, "'?' alone begins a key", "'?', with quotes"),
    "question-listed": ("archlint: 1\ninputs:\n  x:\n    - ?\nlayers: [Relu]\n", "YML001", None, None, "'?' alone begins a key", "'?', with quotes"),
    "question-value": ("archlint: 1\ninputs: {x: ?}\nlayers: [Relu]\n", "YML001", 2, None, "'?' alone begins a key", "'?', with quotes"),
    "unclosed": ("archlint: 1\ninputs: {x: [1\n", "YML001", 3, None, "did not find expected ','", "bracket"),
    "latin-1": (b"archlint: 1\nname: caf\xe9\n", "YML001", 2, 10, "byte 0xe9 is not UTF-8", None),
    "control": ("archlint: 1\nname: a\x07b\n", "YML001", 2, 8, "U+0007", None),
    "number": (HEAD + "  - {op: Softmax, axis: 1e999}\n", "YML002", 4, 25, "1e999 is out of range", None),
    "digits": (HEAD + f"  - {{op: Softmax, axis: {'9' * 5000}}}\n", "YML002", 4, 25, "5000 digits", None),
    "int64": (HEAD + "  - {op: Softmax, axis: 9223372036854775808}\n", "YML002", 4, 25, "an int of 64 bits", None),
    "bool-for-int": (HEAD + "  - {op: Conv, out_channels: yes, kernel: 3}\n", "YML002", 4, 30, "an int, not yes", None),
    "float-for-int": (HEAD + "  - {op: Conv, out_channels: 1.5, kernel: 3}\n", "YML002", 4, 30, "an int", None),
    "zero-stride": (HEAD + "  - {op: MaxPool, kernel: 2, stride: 0}\n", "YML002", 4, 38, "at least 1", None),
    "kernel-axes": (HEAD + "  - {op: Conv2d, out_channels: 1, kernel: [3]}\n", "YML002", 4, 43, "1 entries", None),
    "negative-size": ("archlint: 1\ninputs: {x: [-1, 3]}\nlayers: [Relu]\n", "YML002", 2, 14, "is -1", "write _"),
    "dtype": ("archlint: 1\ninputs: {x: {dtype: floot32}}\nlayers: [Relu]\n", "YML002", 2, 21, "floot32", "float32"),
    "cast": (HEAD + "  - {op: Cast, to: float3}\n", "YML002", 4, 20, "no element type", "float32"),
    "string-attribute": (HEAD + "  - {op: Resize, mode: 3, scales: [1]}\n", "YML002", 4, 24, "a string", None),
    "ragged": (HEAD + "  - {op: Add, B: [[1], [1, 2]]}\n", "YML002", 4, 18, "equal rows", None),
    "float-shape": (HEAD + "  - {op: Reshape, shape: [0.5]}\n", "YML002", 4, 26, "int64", None),
    "layer-list": (HEAD + "  - [Relu]\n", "YML002", 4, 5, "a layer must be a mapping, not a list", None),
    "unknown-key": (HEAD + "  - {name: c, op: Conv, kernal: 3}\n", "YML003", 4, 25, "unknown key 'kernal'", "'kernel'?"),
    "top-key": ("archlint: 1\nlayer: [Relu]\n", "YML003", 2, 1, "unknown key 'layer'", "'layers'?"),
    "other-op": (HEAD + "  - {op: Relu, alpha: 1}\n", "YML003", 4, 16, "layer 'relu_1': unknown key", None),
    "gate": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {U_g: 1}}\n", "YML003", 4, 39, "'U_g'", "W_f"),
    "duplicate": ("archlint: 1\ninputs:\n  N: [1]\n  N: [3]\nlayers: [Relu]\n", "YML004", 4, 3, "'N' given twice (first at line 3); YAML would silently keep the last", None),
    "no-header": ("name: x\nlayers: [Relu]\n", "YML005", 1, 1, "first key of a model is 'archlint'", "archlint: 1"),
    "late-header": ("name: x\narchlint: 1\n", "YML005", 2, 1, "first key", None),
    "version": ("archlint: 2\nlayers: [Relu]\n", "YML005", 1, 11, "must be 1", None),
    "true-version": ("archlint: true\nlayers: [Relu]\n", "YML005", 1, 11, "must be 1", None),
    "empty": ("", "YML005", 1, 1, "empty", "archlint: 1"),
    "comment": ("# nothing\n", "YML005", 1, 1, "empty", None),
    "two-documents": ("archlint: 1\nlayers: [Relu]\n---\na: 1\n", "YML005", 3, 1, "a second document", None),
    "later-layer": (HEAD + "  - {name: a, op: Add, in: [x, b]}\n  - {name: b, op: Relu}\n", "YML006", 4, 32, "'b' is not a layer before this point", "defined later, at line 5"),
    "typo-layer": (HEAD + "  - {name: stem, op: Relu}\n  - {op: Relu, in: stam}\n", "YML006", 5, 20, "'stam'", "'stem'?"),
    "itself": (HEAD + "  - {name: a, op: Add, in: [x, a]}\n", "YML006", 4, 32, "this layer itself", "no cycles"),
    "relative": (HEAD + "  - {op: Relu, in: -2}\n", "YML006", 4, 20, "past the first layer", None),
    "absolute": (HEAD + "  - Relu\n  - {op: Relu, in: 0}\n", "YML006", 5, 20, "'in: 0' points nowhere", "-1"),
    "constant": (HEAD + "  - {op: Add, in: [x, 0.5]}\n", "YML006", 4, 23, "a constant (0.5)", "shape: [0, -1]"),
    "which-input": ("archlint: 1\ninputs: {a: [1], b: [1]}\nlayers:\n  - Relu\n", "YML006", 4, 5, "2 inputs", "in: a"),
    "no-input": ("archlint: 1\nlayers:\n  - Relu\n", "YML006", 3, 5, "no inputs", "declare"),
    "output": (HEAD + "  - Relu\noutputs: [rulu_1]\n", "YML006", 5, 11, "'rulu_1'", "'relu_1'?"),
    "alias": ("archlint: 1\nname: *a\n", "YML006", 2, 7, "'*a' has no anchor", None),
    "tag": ("archlint: 1\nname: !!python/object:os.system x\n", "YML007", 2, 7, "tag", "leave"),
    "list-key": ("archlint: 1\n? [a]\n: 1\n", "YML007", 2, None, "a key must be a single word", None),
    "merge-list": ("archlint: 1\n<<: [{a: 1}]\n", "YML007", 2, 5, "merges one mapping", None),
    "values": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {b_f: [1, 2, 3]}}\n", "YML008", 4, 44, "3 numbers for 2", None),
    "archive-kind": (HEAD + "  - Relu\nweights: w.pt\n", "YML008", 5, 10, "no .npz", None),
    "no-parameter": ("archlint: 1\nparams: {width: 8}\ninputs: {x: [N, 3, 8, 8]}\nlayers:\n  - {op: Conv, out_channels: $widht * 2, kernel: 3}\n", "YML009", 5, 30, "'$widht * 2': no parameter 'widht' (params: width)", "'width'?"),
    "no-parameters": (HEAD + "  - {op: Conv, out_channels: $width, kernel: 3}\n", "YML009", 4, 30, "'$width': no parameter 'width' (there are no params)", None),
    "call": ("archlint: 1\nparams: {a: __import__($b)}\ninputs: {x: [1]}\nlayers: [Relu]\n", "YML009", 2, 13, "no parameter 'b'", None),
    "power": ("archlint: 1\nparams: {a: 9, b: $a ** $a}\ninputs: {x: [1]}\nlayers: [Relu]\n", "YML009", 2, 19, "'$a ** $a' is not allowed", "+ - *"),
    "attribute": ("archlint: 1\nparams: {a: 9, b: ($a).real}\ninputs: {x: [1]}\nlayers: [Relu]\n", "YML009", 2, 19, "'$a.real' is not allowed", None),
    "huge-product": ("archlint: 1\nparams: {a: 9000000000000000000, b: $a * $a}\ninputs: {x: [1]}\nlayers: [Relu]\n", "YML009", 2, 37, "out of range", None),
    "zero-division": ("archlint: 1\nparams: {a: 0, b: 1 // $a}\ninputs: {x: [1]}\nlayers: [Relu]\n", "YML009", 2, 19, "division by zero", None),
    "half": ("archlint: 1\nparams: {a: 3}\ninputs: {x: [N, 3, 8, 8]}\nlayers:\n  - {op: Conv, out_channels: $a / 2, kernel: 3}\n", "YML002", 5, 30, "an int, not 1.5", None),
    "word": ("archlint: 1\nparams: {a: same}\ninputs: {x: [N, 3, 8, 8]}\nlayers:\n  - {op: Conv, out_channels: $a * 2, kernel: 3}\n", "YML009", 5, 30, "'a' is not a number", None),
    "dim-syntax": ("archlint: 1\ninputs: {x: [N, 'H //']}\nlayers: [Relu]\n", "YML009", 2, 17, "'H //': not an expression", "allowed"),
    "symbol-like-parameter": ("archlint: 1\nparams: {N: 3}\ninputs: {x: [N, 2]}\nlayers: [Relu]\n", "YML009", 3, 14, "'N': a parameter, not a symbol", "write $N"),
    "no-block": (HEAD + "  - {use: residual}\n", "YML006", 4, 11, "no block 'residual'", None),
    "block-typo": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {layers: [Relu]}, bb: {layers: [Relu]}}\nlayers:\n  - {use: b}\n", "YML006", 5, 11, "no block 'b'", "'bb'?"),
    "block-argument": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {args: {axis: 0}, layers: [{op: Softmax, axis: $axis}]}}\nlayers:\n  - {use: a, axsi: 1}\n", "YML003", 5, 14, "block 'a': unknown key 'axsi'", "'axis'?"),
    "block-required": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {args: {axis: required}, layers: [{op: Softmax, axis: $axis}]}}\nlayers:\n  - {use: a}\n", "YML015", 5, 5, "block 'a' needs 'axis'", None),
    "block-key": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {layer: [Relu]}}\nlayers: [Relu]\n", "YML003", 3, 14, "block 'a': unknown key 'layer'", "'layers'?"),
    "block-itself": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {layers: [{use: a}]}}\nlayers: [Relu]\n", "YML010", 3, 29, "block 'a' uses itself", None),
    "block-circle": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {layers: [{use: b}]}, b: {layers: [{use: a}]}}\nlayers: [Relu]\n", "YML010", 3, 54, "blocks 'a' -> 'b' -> 'a' use each other", None),
    "block-inputs": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {in: [p, q], layers: [{op: Add, in: [p, q]}]}}\nlayers:\n  - {use: a, in: x}\n", "YML006", 5, 18, "block 'a' has 2 inputs (p, q), gets 1", None),
    "block-out": ("archlint: 1\ninputs: {x: [1]}\nblocks: {a: {out: relo, layers: [{op: Relu, name: relu}]}}\nlayers:\n  - {use: a}\n", "YML006", 3, 19, "no layer 'relo' in it", "'relu'?"),
    "repeat-zero": (HEAD + "  - {op: Relu, repeat: 0}\n", "YML002", 4, 24, "at least 1", None),
    "repeat-name": (HEAD + "  - {op: Relu, name: a, repeat: 2}\n", "YML014", 4, 16, "'a' given twice", None),
    "repeat-bomb": (HEAD + "  - {op: Relu, repeat: 200001}\n", "YML010", 4, 5, "expands to 200,001 layers, limit 200,000 (--max-nodes)", None),
    "pool-size": (HEAD + "  - {op: AdaptiveAvgPool2d, output_size: 7}\n", "YML016", 4, 29, "output_size must be 1", None),
    "self-alias": ("archlint: 1\nname: &a [*a]\n", "YML010", 2, 11, "contains itself", None),
    "operator": (HEAD + "  - {op: Conv4d}\n", "YML011", 4, 10, "no operator 'Conv4d'", "did you mean"),
    "case": (HEAD + "  - relu\n", "YML011", 4, 5, "no operator 'relu'", "'Relu'?"),
    "gelu": ("archlint: 1\nopset: 17\ninputs: {x: [1]}\nlayers: [GELU]\n", "YML011", 4, 10, "needs opset 20", None),
    "sugar-twice": (HEAD + "  - {op: Conv, out_channels: 2, kernel: 3, kernel_shape: [3, 3]}\n", "YML012", 4, 44, "'kernel' and 'kernel_shape'", "keep one"),
    "pad-twice": (HEAD + "  - {op: MaxPool, kernel: 3, pad: 1, auto_pad: VALID}\n", "YML012", 4, 38, "'pad' and 'auto_pad'", None),
    "shape-twice": (HEAD + "  - {op: Conv, out_channels: 8, weights: {W: [8, 3, 1, 1]}}\n", "YML012", 4, 16, "both give", None),
    "filters-twice": (HEAD + "  - {op: Conv, out_channels: 8, filters: 8, kernel: 1}\n", "YML012", 4, 33, "say the same", None),
    "name-twice": (HEAD + "  - {name: a, op: Relu}\n  - {name: a, op: Tanh}\n", "YML014", 5, 6, "first at line 4", None),
    "input-name": (HEAD + "  - {name: x, op: Relu}\n", "YML014", 4, 6, "like an input", None),
    "weight-name": (HEAD + "  - {name: c, op: Conv, out_channels: 2, kernel: 1}\n  - {name: c.W, op: Relu}\n", "YML014", 5, 6, "calls a weight", None),
    "output-name": (HEAD + "  - {name: s, op: Split, num_outputs: 2}\n  - {name: 's:1', op: Relu}\n", "YML014", 5, 6, "calls an output", None),
    "step-name": (HEAD + "  - {name: l, op: Linear, out_features: 2}\n  - {name: l/matmul, op: Relu}\n", "YML014", 5, 6, "calls a step", None),
    "input-weight": ("archlint: 1\ninputs: {c.B: [2]}\nlayers:\n  - {name: c, op: Relu}\n", "YML014", 4, 5, "calls a weight", None),
    "same-step": (HEAD + "  - {name: a, op: SiLU}\n  - {name: a/sigmoid, op: Relu}\n", "YML014", 5, 6, "calls a step", None),
    "uniform": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {W: {uniform: {low: 3}}}}\n", "YML002", 4, 52, "'low' is 3 and 'high' is 1", None),
    "uniform-wide": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {W: {uniform: {low: -1e308, high: 1e308}}}}\n", "YML002", 4, 52, "'high' is 1e+308", None),
    "std": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {W: {normal: {std: -1}}}}\n", "YML002", 4, 57, "at least 0", None),
    "infinite": (HEAD + "  - {op: LSTM, hidden_size: 2, init: {W: {normal: {std: .inf}}}}\n", "YML002", 4, 57, "a finite number", None),
    "no-layers": ("archlint: 1\ninputs: {x: [1]}\n", "YML015", 1, 1, "no 'layers'", None),
    "no-op": (HEAD + "  - {name: a, kernel: 3}\n", "YML015", 4, 5, "no 'op'", None),
    "no-weight": (HEAD + "  - {op: Conv, kernel: 3}\n", "YML015", 4, 5, "input 'W' is missing", "out_channels"),
    "one-operand": (HEAD + "  - Add\n", "YML015", 4, 5, "input 'B' is missing", "in"),
    "axes": ("archlint: 1\ninputs: {x: _}\nlayers:\n  - {op: Conv, out_channels: 8, kernel: 3}\n", "YML015", 4, 41, "how many axes", "[3, 3]"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_error(case):
    text, code, line, column, message, hint = CASES[case]
    error = refused(text)
    assert error.code == code
    assert message in error.message
    assert line in (None, error.line)
    assert column in (None, error.column)
    assert hint is None or hint in (error.help or "")


def test_the_snippet_points():
    error = refused(HEAD + "  - {name: c, op: Conv, kernal: 3}\n")
    assert error.snippet.split("\n") == ["  - {name: c, op: Conv, kernal: 3}", " " * 24 + "^"]


def test_the_snippet_of_a_long_line_is_cut_around_the_place():
    error = refused("archlint: 1\nname: " + "a" * 3000 + ": b\n")
    line, caret = error.snippet.split("\n")
    assert len(line) <= 160
    assert line[len(caret) - 1] == ":"


@pytest.mark.parametrize(
    "name", ["../w.npz", "/etc/w.npz", "a\\..\\w.npz", "c:w.npz", "sub/../../w.npz", "link.npz"]
)
def test_a_weights_file_outside_the_folder_is_not_read(name, tmp_path):
    inside = tmp_path / "models"
    inside.mkdir()
    (tmp_path / "w.npz").write_bytes(b"")
    (inside / "link.npz").symlink_to(tmp_path / "w.npz")
    text = f"archlint: 1\ninputs: {{x: [1]}}\nlayers: [Relu]\nweights: '{name}'\n"
    model = load_yaml(str(inside / "m.arch.yaml"), text.encode())
    assert [(p.code, p.line) for p in model.problems] == [("IO008", 4)]
