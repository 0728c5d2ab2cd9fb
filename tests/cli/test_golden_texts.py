"""The words for bad inputs, whole: what stands on the screen for each of them, and the status."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.cli import golden_inputs as made
from tests.linting.test_plugins import plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READS = "archlint reads ONNX and YAML"


@dataclass(frozen=True)
class Bad:
    """Files, the command line that meets them, and all that it says."""

    files: dict[str, bytes | Callable[[Path], None]]
    said: str
    arguments: tuple[str, ...] = ()
    status: int = 1
    stream: str = "stdout"
    paths: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)


def bad(name: str, data: bytes | Callable[[Path], None], said: str, *arguments: str, **beside: bytes) -> Bad:
    """One model whose only finding is told as ``said``; ``beside`` are files next to it."""
    return Bad({name: data, **beside}, said, arguments, paths=(name,))


def kind(data: bytes, what: str, advice: str | None = None) -> Bad:
    """A file of another kind under the name of a model."""
    text = f"IO005 error[another-file-format]: this is {what}, {READS}\n  --> model.onnx\n"
    return bad("model.onnx", data, text + (f"   = help: {advice}\n" if advice else ""))


def sparse(path: Path) -> None:
    """3.1 GB that take no room."""
    with path.open("wb") as file:
        file.write(b"\x08\x08")
        file.truncate(3_100_000_000)


TORCH = "in PyTorch, load it yourself and run torch.onnx.export(model, inputs, 'model.onnx')"
PROGRAM = "which is a program and is never unpickled"
YAML = "archlint: 1\n"
CONV = "g (float[N,256,25,25] x, float[128,512,1,1] w) => (float[?,128,27,27] y) "

CASES = {
    "a Git LFS pointer": bad(
        "models/a.onnx",
        made.POINTER,
        """\
        IO001 error[git-lfs-pointer]: this is a Git LFS pointer, not the model (oid 4d7a2146…, 97.8 MB)
          --> models/a.onnx
           = help: run 'git lfs pull --include=models/a.onnx'; in GitHub Actions use actions/checkout with lfs: true
        """,
    ),
    "an LFS pointer with merge markers": bad(
        "a.onnx",
        made.CONFLICT,
        """\
        IO002 error[conflicted-lfs-pointer]: Git LFS pointer has conflict markers; resolve and 'git add' it again
          --> a.onnx:2
        """,
    ),
    "no bytes": bad(
        "a.onnx",
        b"",
        """\
        IO003 error[empty-file]: file is empty (0 bytes)
          --> a.onnx
           = note: onnx.load would accept it as a model with no nodes
        """,
    ),
    "a web page": bad(
        "a.onnx",
        b"<!DOCTYPE html>\n<html><head><title>Sign in</title>",
        """\
        IO004 error[web-page]: this is an HTML page ('<!DOCTYPE html>…'), probably a saved web page or login screen instead of the download
          --> a.onnx
           = help: download the file itself (its raw or resolve address)
        """,
    ),
    "TensorFlow Lite": kind(
        made.TFLITE,
        "a TensorFlow Lite model (magic 'TFL3' at byte 4)",
        "python -m tf2onnx.convert --tflite model.onnx --output new.onnx",
    ),
    "HDF5": kind(
        made.HDF5,
        "an HDF5 file, such as Keras writes (magic '89 48 44 46 0d 0a 1a 0a' at byte 0)",
        "python -m tf2onnx.convert --keras model.onnx --output new.onnx",
    ),
    "a PyTorch archive": kind(
        made.archive("archive/data.pkl"),
        "a PyTorch archive, which holds a pickle and is never unpickled (magic 'PK' at byte 0)",
        TORCH,
    ),
    "a zip archive": kind(made.archive("a.txt"), "a zip archive (magic 'PK' at byte 0)", "unpack it"),
    "a pickle": kind(made.PICKLE, f"a Python pickle, {PROGRAM} (magic '80 02' at byte 0)", TORCH),
    "safetensors": kind(made.SAFETENSORS, "a safetensors file: weights without a graph"),
    "GGUF": kind(made.GGUF, "a GGUF file of weights (magic 'GGUF' at byte 0)"),
    "OpenVINO": kind(made.OPENVINO, "an OpenVINO model", "give the ONNX model that it was converted from"),
    "TensorRT": kind(
        made.TENSORRT,
        "a TensorRT engine (magic 'ptrt' at byte 0)",
        "give the ONNX model that it was built from",
    ),
    "Core ML": kind(made.core_ml(), "a Core ML model", "give the ONNX model, or export it again"),
    "gzip": kind(made.GZIP, "a gzip file (magic '1f 8b' at byte 0)", "unpack it: gunzip model.onnx"),
    "a truncated model": bad(
        "a.onnx",
        made.cut_short(),
        """\
        IO006 error[damaged-onnx]: ONNX ends early: field 7 (graph) at byte 2 announces 4,077 bytes, file has 995 left (truncated download?)
          --> a.onnx
        """,
    ),
    "external data that is missing": bad(
        "model.onnx",
        made.external("model.onnx.data", ("fc.weight", *(f"w{i}" for i in range(11)))),
        """\
        IO007 error[external-data-missing]: initializer 'fc.weight' needs 'model.onnx.data' (16.0 MB at offset 0), which does not exist beside the model
          --> model.onnx
           = note: shape and cost checks go on; weight rules skipped for 12 tensors
        """,
        "--select=GRF",
    ),
    "a weights file that is missing": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [N, 4]}}\nlayers:\n  - {{name: fc, op: Linear, out_features: 4}}\nweights: w.npz\n".encode(),
        """\
        IO007 error[external-data-missing]: weights file 'w.npz' does not exist beside the model
         --> a.arch.yaml:5:10
          |
        5 | weights: w.npz
          |          ^
          |
          = note: shape and cost checks go on; weight rules skipped
        """,
    ),
    "no bytes in a YAML file": bad(
        "a.arch.yaml",
        b"",
        """\
        IO003 error[empty-file]: file is empty (0 bytes)
          --> a.arch.yaml
        """,
    ),
    "channels in YAML": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1, 4, 9, 9]}}\nlayers:\n  - {{name: c, op: Conv, weights: {{W: [2, 8, 3, 3]}}}}\n".encode(),
        """\
        SHP010 error[conv-channel-mismatch]: Conv expects 8 input channels, gets 4
         --> a.arch.yaml:4:5: node 'c' (Conv)
          |
        4 |   - {name: c, op: Conv, weights: {W: [2, 8, 3, 3]}}
          |     ^
          |
          |  'x' [1, 4, 9, 9] ────> c (Conv 3x3) ──> 'c' [...]
          |          ^ dim 1
          |  'c.W' [2, 8, 3, 3] ─┘   8 = weight dim 1 x group 1
          |
          = help: no `group` value fits (4 / group is never 8): 'x' or 'c.W' is the wrong tensor
        """,
    ),
    "external data outside of the folder": bad(
        "model.onnx",
        made.external("../../etc/passwd", ("w",)),
        """\
        IO008 error[external-data-escapes]: initializer 'w' points to '../../etc/passwd', outside the model's folder; not read
          --> model.onnx
           = note: shape and cost checks go on; weight rules skipped for 1 tensor
        """,
    ),
    "a pipe": bad(
        "a.onnx",
        os.mkfifo,
        """\
        IO009 error[unreadable-file]: cannot read: a named pipe, not a file
          --> a.onnx
        """,
    ),
    "a folder": bad(
        "a.onnx",
        os.mkdir,
        """\
        IO009 error[unreadable-file]: cannot read: a directory, not a file
          --> a.onnx
        """,
    ),
    "more than protobuf can hold": bad(
        "a.onnx",
        sparse,
        """\
        IO010 error[over-limit]: 3.1 GB protobuf is over protobuf's 2 GiB limit; re-export with external data
          --> a.onnx
        """,
    ),
    "more than a limit": bad(
        "a.onnx",
        made.graph("g (float[1,4] x) => (y) { a = Relu (x) b = Abs (a) y = Neg (b) }"),
        """\
        IO010 error[over-limit]: more than 2 nodes, the limit (--max-nodes)
          --> a.onnx
        """,
        "--max-nodes=2",
    ),
    "external data that is too short": bad(
        "model.onnx",
        made.external("w.bin", ("w",), 1024),
        """\
        IO011 error[external-data-too-short]: initializer 'w' needs bytes 0..4,194,304 of 'w.bin', file has 1,048,576
          --> model.onnx
           = help: the file is 1.0 MB; was it cut short?
           = note: shape and cost checks go on; weight rules skipped for 1 tensor
        """,
        **{"w.bin": bytes(1_048_576)},
    ),
    "an opset import that is missing": bad(
        "a.onnx",
        made.foreign_domain(),
        """\
        PRT003 warning[missing-opset-import]: no opset_import for domain 'com.microsoft', used by 2 nodes (first: node 'q' (QuickGelu))
          --> a.onnx: opset_import 'com.microsoft'
           = help: import the version of 'com.microsoft' that the exporter had in mind
        """,
        "--select=PRT003",
    ),
    "an opset from the future": bad(
        "a.onnx",
        made.opset(1000),
        """\
        PRT004 warning[opset-newer-than-known]: opset 1000 is newer than this archlint's onnx {onnx} knows ({opset}); shapes of changed ops may be wrong
          --> a.onnx: opset_import 'ai.onnx'
           = help: upgrade archlint, or export with an older opset
        """,
    ),
    "a cycle": bad(
        "a.onnx",
        made.graph("g (float[1,4] x) => (y) { [a] p = Add (x, q) [b] q = Relu (p) y = Neg (q) }"),
        """\
        GRF001 error[cycle]: graph has a cycle: 'a' (Add) -> 'b' (Relu) -> 'a'
          --> a.onnx: node 'a' (Add)
           |
           |  'x' [...] ─┬> a (Add) ──> 'p' [...]
           |  'q' [...] ─┘
           |
        """,
    ),
    "an input that nothing makes": bad(
        "a.onnx",
        made.graph("g (float[1,4] x_1) => (y) { [add3] y = Add (x_1, x_7) }"),
        """\
        GRF002 error[dangling-input]: node 'add3' (Add) reads 'x_7', which nothing produces
          --> a.onnx: node 'add3' (Add) input 'x_7'
           |
           |  'x_1' [1, 4] ─┬> add3 (Add) ──> 'y' [...]
           |  'x_7' [...] ──┘
           |  ^^^^^^^^^^^
           |
           = help: did you mean 'x_1'?
        """,
    ),
    "a name given twice": bad(
        "a.onnx",
        made.graph("g (float[1,4] x) => (y) { a = Abs (x) b = Neg (a) y = Relu (b) y = Relu (x) }"),
        """\
        GRF003 error[duplicate-name]: 'y' is produced by node #2 (Relu) and node #3 (Relu); ONNX graphs are single-assignment
          --> a.onnx: tensor 'y'
           = help: give one of them another name
        """,
        "--select=GRF",
    ),
    "channels": bad(
        "models/det.onnx",
        made.graph(CONV + "{ [conv1] y = Conv <pads=[1,1,1,1]> (x, w) }"),
        """\
        SHP010 error[conv-channel-mismatch]: Conv expects 512 input channels, gets 256
          --> models/det.onnx: node 'conv1' (Conv)
           |
           |  'x' [N, 256, 25, 25] ──> conv1 (Conv 1x1, pad 1) ──> 'y' [?, 128, 27, 27]
           |          ^^^ dim 1
           |  'w' [128, 512, 1, 1] ─┘   512 = weight dim 1 x group 1
           |
           = help: no `group` value fits (256 / group is never 512): 'x' or 'w' is the wrong tensor
           = note: onnx.checker and onnxruntime load this model; it fails on the first run
        """,
        "--ignore=CNV005",
    ),
    "a window": bad(
        "a.onnx",
        made.graph("g (float[1,3,6,6] x) => (y) { [pool5] y = MaxPool <kernel_shape=[7,7]> (x) }"),
        """\
        SHP011 error[window-larger-than-input]: window 7 does not fit height 6 + pads 0; output would be 0
          --> a.onnx: node 'pool5' (MaxPool) input 'x'
           |
           |  'x' [1, 3, 6, 6] ──> pool5 (MaxPool) ──> 'y' [...]
           |  ^^^^^^^^^^^^^^^^
           |
           = help: inputs of height >= 7
        """,
    ),
    "a window in YAML": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1, 3, 9, 6]}}\nlayers:\n  - {{name: pool5, op: MaxPool, kernel: 7}}\n".encode(),
        """\
        SHP011 error[window-larger-than-input]: window 7 does not fit width 6 + pads 0; output would be 0
         --> a.arch.yaml:4:5: node 'pool5' (MaxPool) input 'x'
          |
        4 |   - {name: pool5, op: MaxPool, kernel: 7}
          |     ^
          |
          |  'x' [1, 3, 9, 6] ──> pool5 (MaxPool) ──> 'pool5' [...]
          |  ^^^^^^^^^^^^^^^^
          |
          = help: inputs of width >= 7
        """,
    ),
    "a declared shape": bad(
        "a.onnx",
        made.graph(
            "g (float[N,3,25,25] x, float[128,3,1,1] w) => (float[N,128,25,25] y) "
            "{ [c] y = Conv <pads=[1,1,1,1]> (x, w) }"
        ),
        """\
        SHP002 error[declared-shape-contradiction]: output 'y' is declared [N, 128, 25, 25] but computes to [N, 128, 27, 27] (dim 2: 25 vs floor((25+2*1-1)/1)+1 = 27)
          --> a.onnx: node 'c' (Conv) output 'y'
           |
           |  'x' [N, 3, 25, 25] ─┬> c (Conv) ──> 'y' [N, 128, 27, 27]
           |  'w' [128, 3, 1, 1] ─┘
           |
        """,
        "--select=SHP",
    ),
    "a symbol": bad(
        "a.onnx",
        made.graph("g (float[N,64] x) => (y) <int64[3] s = {1,8,8}> { [reshape2] y = Reshape (x, s) }"),
        """\
        SHP003 error[symbol-conflict]: symbol 'N' is 1 at node 'reshape2' but 8 by --dim N=8; the graph has a fixed batch inside
          --> a.onnx: node 'reshape2' (Reshape) input 's'
           |
           |  'x' [8, 64] ─┬> reshape2 (Reshape) ──> 'y' [...]
           |  's' [3] ─────┘
           |  ^^^^^^^
           |
           = note: Reshape cannot make [1, 8, 8] (64 elements) of [8, 64] (512)
        """,
        "--dim=N=8",
    ),
    "a symbol that is lost on the way": bad(
        "a.onnx",
        made.graph(
            "g (float[N,64] x) => (float[N,M] y) <int64[2] s = {1,-1}> { [reshape2] z = Reshape (x, s) [last] y = Relu (z) }"
        ),
        """\
        SHP003 warning[symbol-conflict]: symbol 'N' is 1 at node 'reshape2' but 8 by --dim N=8; the graph has a fixed batch inside
          --> a.onnx: node 'last' (Relu) output 'y'
           |
           |  'z' [1, 512] ──> last (Relu) ──> 'y' [1, 512]
           |
           = help: look for a Reshape or Expand with a constant size on the way
        """,
        "--dim=N=8",
    ),
    "NaN in a weight": bad(
        "a.onnx",
        made.nan(),
        """\
        NUM001 error[nan-weight]: initializer 'bn1.var': 3 NaN of 64 values (first at [17])
          --> a.onnx: initializer 'bn1.var'
           = help: take the weights from an earlier checkpoint, or repeat the conversion in float32
        """,
    ),
    "YAML syntax": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1]}}\nname: a: b\n".encode(),
        """\
        YML001 error[yaml-syntax]: mapping values are not allowed here
         --> a.arch.yaml:3:8
          |
        3 | name: a: b
          |        ^
          |
          = help: quote the text or put a space after ':'
        """,
    ),
    "a tab in YAML": bad(
        "a.arch.yaml",
        f"{YAML}inputs:\n\tx: [1]\n".encode(),
        """\
        YML001 error[yaml-syntax]: a tab cannot indent YAML
         --> a.arch.yaml:3:1
          |
        3 |  x: [1]
          | ^
          |
          = help: indent with spaces; YAML forbids tabs there
        """,
    ),
    "an unknown key": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1, 3, 8, 8]}}\nlayers:\n  - {{name: conv1, op: Conv, kernal: 3}}\n".encode(),
        """\
        YML003 error[yaml-unknown-key]: layer 'conv1': unknown key 'kernal'
         --> a.arch.yaml:4:29
          |
        4 |   - {name: conv1, op: Conv, kernal: 3}
          |                             ^
          |
          = help: did you mean 'kernel'? allowed: kernel, stride, pad, dilation, groups, auto_pad, dilations, group, kernel_shape, pads, strides, out_channels, filters, in_channels, bias, X, W, B, in, init, …
        """,
    ),
    "a duplicate key": bad(
        "a.arch.yaml",
        f"{YAML}inputs:\n  N: [1]\n  N: [3]\nlayers: [Relu]\n".encode(),
        """\
        YML004 error[yaml-duplicate-key]: key 'N' given twice (first at line 3); YAML would silently keep the last
         --> a.arch.yaml:4:3
          |
        4 |   N: [3]
          |   ^
          |
        """,
    ),
    "a bad reference": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1]}}\nlayers:\n  - {{name: add, op: Add, in: [x, c3]}}\n  - {{name: c3, op: Relu}}\n".encode(),
        """\
        YML006 error[yaml-reference]: layer 'add': input 'c3' is not a layer before this point
         --> a.arch.yaml:4:34
          |
        4 |   - {name: add, op: Add, in: [x, c3]}
          |                                  ^
          |
          = help: 'c3' is defined later, at line 5
        """,
    ),
    "a misspelt parameter": bad(
        "a.arch.yaml",
        f"{YAML}params: {{width: 8, hidden: 4, classes: 2}}\ninputs: {{x: [1, 3, 8, 8]}}\nlayers:\n"
        "  - {op: Conv, kernel: 3, out_channels: $widht * 2}\n".encode(),
        """\
        YML009 error[yaml-expression]: '$widht * 2': no parameter 'widht' (params: width, hidden, classes)
         --> a.arch.yaml:5:41
          |
        5 |   - {op: Conv, kernel: 3, out_channels: $widht * 2}
          |                                         ^
          |
          = help: did you mean 'width'?
        """,
    ),
    "blocks in a circle": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1]}}\nblocks:\n  a:\n    layers:\n      - {{use: b}}\n  b:\n    layers:\n"
        "      - {use: a}\nlayers:\n  - {use: a}\n".encode(),
        """\
        YML010 error[yaml-too-large]: blocks 'a' -> 'b' -> 'a' use each other
         --> a.arch.yaml:9:15
          |
        9 |       - {use: a}
          |               ^
          |
        """,
    ),
    "a bomb of repeats": bad(
        "a.arch.yaml",
        f"{YAML}inputs: {{x: [1]}}\nblocks:\n  a: {{layers: [{{op: Relu, repeat: 1024}}]}}\nlayers:\n"
        "  - {use: a, repeat: 1024}\n".encode(),
        """\
        YML010 error[yaml-too-large]: expands to 1,048,576 layers, limit 200,000 (--max-nodes)
         --> a.arch.yaml:6:5
          |
        6 |   - {use: a, repeat: 1024}
          |     ^
          |
        """,
    ),
    "a misspelt key of pyproject.toml": Bad(
        {"pyproject.toml": b"[tool.other]\nx = 1\n\n[tool.archlint]\ningore = ['SHP']\n"},
        "error: pyproject.toml:5: [tool.archlint] unknown key 'ingore' (did you mean 'ignore'?)\n",
        status=2,
        stream="stderr",
    ),
    "a misspelt key of archlint.toml": Bad(
        {"archlint.toml": b"[budget]\nparms = 3\n"},
        "error: archlint.toml:2: [budget] unknown key 'parms' (did you mean 'params'?)\n",
        status=2,
        stream="stderr",
    ),
    "an unknown code": Bad(
        {},
        "error: --select RNM001: no such rule or prefix. did you mean RNN001 (forget-gate-saturated)?\n",
        ("--select", "RNM001"),
        2,
        "stderr",
    ),
    "an unknown code in a file": Bad(
        {"archlint.toml": b"ignore = ['dead-nod']\n"},
        "error: archlint.toml: ignore dead-nod: no such rule or prefix. did you mean GRF007 (dead-node)?\n",
        status=2,
        stream="stderr",
    ),
    "no models": Bad(
        {},
        "warning: no model files under '.'; looked for *.onnx, *.arch.yaml (see include)\n",
        status=0,
        stream="stderr",
    ),
    "a path that does not exist": Bad(
        {}, "error: no such file: gone.onnx\n", paths=("gone.onnx",), status=2, stream="stderr"
    ),
}


def facts() -> dict[str, str]:
    """Numbers of the operator table, which a newer one changes."""
    from archlint_rules.graph.operators import newest, table

    return {"onnx": table()["onnx"], "opset": str(newest())}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_words(archlint, tmp_path, monkeypatch, case: Bad) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name, content in case.files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content(path)
    result = archlint("check", "--no-cache", *case.arguments, *(case.paths or ()))
    expected = textwrap.dedent(case.said)
    for name, value in facts().items():
        expected = expected.replace(f"{{{name}}}", value)
    if case.stream == "stdout":
        code, _, rest = expected.partition(" ")
        level = rest.partition("[")[0]
        indent = " " if f"\n  --> {case.paths[0]}" not in expected else "  "
        expected += f"{indent} = see: archlint rule {code}\n\n"
        expected += f"Found 1 problem (1 {level}) in 1 of 1 model.\nhelp: archlint rule {code} explains\n"
    said = result.stdout if case.stream == "stdout" else result.stderr
    told = "".join(line for line in said.splitlines(keepends=True) if not line.startswith("help: known: "))
    assert told == expected
    assert result.exit_code == case.status


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a plugin called acme with the code given, for one test."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    sys.modules.pop("acme_archlint", None)
    yield lambda code: plugin(tmp_path / "site", "acme", code)
    sys.modules.pop("acme_archlint", None)


@pytest.mark.parametrize(
    ("code", "built"),
    [
        pytest.param("ARCHLINT_API = 0\nfrom archlint.api import visit\n", "api 0", id="it says so"),
        pytest.param("from archlint.api import visit\n", "another api than 1", id="it says nothing"),
    ],
)
def test_a_plugin_for_another_api(archlint, install, code: str, built: str) -> None:
    install(code)
    result = archlint("check", "--no-cache")
    assert result.exit_code == 2
    assert result.stderr == (
        "warning: no model files under '.'; looked for *.onnx, *.arch.yaml (see include)\n"
        "error: plugin 'acme' (acme-archlint 1.0): ImportError: cannot import name 'visit' from 'archlint.api'\n"
        f"help: it was built for {built}; upgrade it or run with --no-plugins\n"
    )


def test_a_rule_that_crashes(archlint, install, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code = '''from archlint.api import rule

@rule("ACX001", on="Resize")
def nearest(node):
    """Text."""
    yield {}["scales"]
'''
    install(code)
    (tmp_path / "models").mkdir()
    text = 'g (float[1,1,4,4] x) => (y) <float[4] s = {1,1,2,2}> { [up] y = Resize (x, "", s) }'
    (tmp_path / "models/a.onnx").write_bytes(made.graph(text))
    result = archlint("check", "--no-cache", "--select=ACX", "models/a.onnx")
    assert result.exit_code == 2
    assert result.stdout.startswith(
        "INT001 error[rule-crashed]: rule ACX001 failed at models/a.onnx: node 'up' (Resize): KeyError 'scales' "
        "(site/acme_archlint.py:6); other rules were run\n"
        "  --> models/a.onnx: node 'up' (Resize)\n"
    )
