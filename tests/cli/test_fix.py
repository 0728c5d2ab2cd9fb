"""``--fix``: the repaired model is valid, gives the same outputs, and has the defect no more."""

from __future__ import annotations

import os

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from tests.cli.conftest import DEAD

DEFECTS = {
    "dead nodes": (DEAD, "GRF007", "removed 1 dead node: lost"),
    "dead chain": (
        "g (float[1, 4] x) => (float[1, 4] y) { a = Sigmoid (x) b = Abs (a) c = Neg (a) [k] y = Relu (x) }",
        "GRF007",
        "removed 3 dead nodes",
    ),
    "unused initializer": (
        "g (float[1, 4] x) => (float[1, 4] y) <float[2000] w = {}> {{ y = Relu (x) }}",
        "GRF008",
        "removed unused initializer 'w'",
    ),
    "identity": (
        "g (float[1, 4] x) => (float[1, 4] y) { a = Relu (x) b = Identity (a) c = Abs (b) y = Neg (c) }",
        "PRF006",
        "removed Identity",
    ),
    "identity before an output": (
        "g (float[1, 4] x) => (float[1, 4] y) { a = Relu (x) b = Abs (a) y = Identity (a) z = Neg (b) }",
        "PRF006",
        "removed Identity",
    ),
    "identity read by a body": (
        """g (bool c, float[1, 4] x) => (float[1, 4] y) { a = Relu (x) b = Identity (a)
        y = If (c) <then_branch = t () => (float[1, 4] p) { p = Abs (b) },
                    else_branch = e () => (float[1, 4] q) { q = Neg (b) }> }""",
        "PRF006",
        "removed Identity",
    ),
    "chain of identities": (
        "g (float[1, 4] x) => (float[1, 4] y) { a = Identity (x) b = Identity (a) c = Dropout (b) y = Relu (c) }",
        "PRF006",
        "removed Dropout",
    ),
    "neutral arithmetic": (
        "g (float[1, 4] x) => (float[1, 4] y) <float one = {1.0}> { a = Relu (x) b = Mul (one, a) y = Abs (b) }",
        "PRF008",
        "removed Mul",
    ),
    "inverse transposes": (
        """g (float[1, 2, 3, 4] x) => (float[1, 2, 3, 4] y) {
        a = Relu (x) b = Transpose <perm = [0, 2, 3, 1]> (a) c = Transpose <perm = [0, 3, 1, 2]> (b) y = Abs (c) }""",
        "PRF003",
        "removed Transpose",
    ),
    "three transposes": (
        """g (float[2, 3] x) => (float[3, 2] y) {
        a = Transpose <perm = [1, 0]> (x) b = Transpose <perm = [1, 0]> (a) c = Transpose <perm = [1, 0]> (b)
        y = Abs (c) }""",
        "PRF003",
        "removed Transpose",
    ),
    "identity inside a body": (
        """g (bool c, float[1, 4] x) => (float[1, 4] y) { a = Relu (x)
        [choice] y = If (c) <
          then_branch = t () => (float[1, 4] p) { b = Identity (a) [lost] q = Exp (b) p = Abs (b) },
          else_branch = e () => (float[1, 4] q) { q = Neg (a) }> }""",
        "PRF006",
        "removed Identity 'b' in choice/then_branch",
    ),
    "dead node in a body of a body": (
        """g (bool c, float[1, 4] x) => (float[1, 4] y) { a = Relu (x)
        [choice] y = If (c) <
          then_branch = t () => (float[1, 4] p) { [inner] p = If (c) <
            then_branch = tt () => (float[1, 4] r) { [lost] s = Exp (a) r = Abs (a) },
            else_branch = te () => (float[1, 4] u) { u = Exp (a) }> },
          else_branch = e () => (float[1, 4] q) { [gone] v = Exp (a) q = Neg (a) }> }""",
        "GRF007",
        "removed 1 dead node: lost in choice/then_branch/inner/then_branch",
    ),
    "identity that a loop carries": (
        """g (int64 n, bool c, float[1, 4] x) => (float[1, 4] y) {
        [again] y = Loop (n, c, x) < body = b (int64 i, bool k, float[1, 4] h) => (bool k2, float[1, 4] h3)
          { k2 = Identity (k) t = Identity (h) h2 = Relu (t) h3 = Identity (h2) }> }""",
        "PRF006",
        "in again/body",
    ),
    "order": (
        "g (float[1, 4] x) => (float[1, 4] y) { y = Abs (a) a = Relu (x) }",
        "GRF004",
        "sorted the nodes",
    ),
}


def prepared(write, text: str) -> str:
    filler = "{" + ", ".join(["1.5"] * 2000) + "}"
    return write("model.onnx", text.replace("{}", filler).replace("{{", "{").replace("}}", "}"))


def outputs(path: str) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    kinds = {"tensor(float)": np.float32, "tensor(bool)": np.bool_, "tensor(int64)": np.int64}
    feed = {
        i.name: np.asarray(rng.normal(size=i.shape) + 2).astype(kinds[i.type]) for i in session.get_inputs()
    }
    return session.run(None, feed)


@pytest.mark.parametrize("name", DEFECTS)
def test_repaired(archlint, write, tmp_path, name) -> None:
    text, code, said = DEFECTS[name]
    path = prepared(write, text)
    original = (tmp_path / "model.onnx").read_bytes()
    result = archlint("check", "model.onnx", "--select", f"{code},GRF007", "--fix", "--fail-on", "info")
    assert said in result.stderr, result.output
    assert result.exit_code == 0, result.output
    fixed = str(tmp_path / "model.fixed.onnx")
    onnx.checker.check_model(onnx.load(fixed), full_check=True)
    if code == "GRF004":
        ordered = onnx.load(path)
        ordered.graph.node.reverse()
        onnx.save(ordered, path)
    for before, after in zip(outputs(path), outputs(fixed), strict=True):
        np.testing.assert_array_equal(before, after)
    if code != "GRF004":
        assert (tmp_path / "model.onnx").read_bytes() == original
    assert sorted(os.listdir(tmp_path)) == ["model.fixed.onnx", "model.onnx"]


def test_duplicate_initializers(archlint, write, tmp_path) -> None:
    path = write(
        "model.onnx",
        "g (float[1, 40, 8, 8] x, float[40, 40, 1, 1] v, float[40, 40, 1, 1] w) => (float[1, 40, 8, 8] y) "
        "{ a = Conv (x, v) y = Conv (a, w) }",
    )
    model = onnx.load(path)
    del model.graph.input[1:]
    values = np.random.default_rng(0).normal(size=(40, 40, 1, 1)).astype(np.float32)
    model.graph.initializer.extend(numpy_helper.from_array(values, n) for n in ("v", "w"))
    onnx.save(model, path)
    before = outputs(path)
    result = archlint("check", "model.onnx", "--select", "PRF007", "--fix", "--in-place")
    assert "merged initializer 'w' into 'v'" in result.stderr, result.output
    assert [t.name for t in onnx.load(path).graph.initializer] == ["v"]
    np.testing.assert_array_equal(before[0], outputs(path)[0])


def test_declared_shapes(archlint, write, tmp_path) -> None:
    path = write(
        "model.onnx",
        """g (float[1, 4] x) => (float[1, 5] y) <float[1, 6] a> { a = Relu (x) y = Abs (a) }""",
    )
    result = archlint("check", "model.onnx", "--select", "SHP002", "--fix")
    assert result.exit_code == 0, result.output
    fixed = onnx.load(tmp_path / "model.fixed.onnx")
    onnx.checker.check_model(fixed, full_check=True)
    assert [d.dim_value for d in fixed.graph.output[0].type.tensor_type.shape.dim] == [1, 4]
    assert not fixed.graph.value_info
    assert path.endswith("model.onnx")


def test_diff_changes_nothing(archlint, write, tmp_path) -> None:
    write("model.onnx", DEAD)
    original = (tmp_path / "model.onnx").read_bytes()
    result = archlint("check", "model.onnx", "--select", "GRF007", "--diff", "-q")
    assert "-[lost] z = Sigmoid(x)" in result.stdout
    assert result.exit_code == 1
    assert (tmp_path / "model.onnx").read_bytes() == original
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_what_is_suppressed_is_left_alone(archlint, write, tmp_path) -> None:
    path = write("model.onnx", DEAD)
    model = onnx.load(path)
    model.metadata_props.add(key="archlint.ignore", value="GRF007")
    onnx.save(model, path)
    assert archlint("check", "model.onnx", "--fix", "--select", "GRF007").exit_code == 0
    assert os.listdir(tmp_path) == ["model.onnx"]


@pytest.mark.parametrize("contents", [b"", b"\xff\xff", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_broken_file_is_left_alone(archlint, tmp_path, contents) -> None:
    (tmp_path / "model.onnx").write_bytes(contents)
    result = archlint("check", "model.onnx", "--fix", "--in-place")
    assert result.exit_code == 1
    assert (tmp_path / "model.onnx").read_bytes() == contents


FUNCTION = """<ir_version: 10, opset_import: ["": 17, "local": 1]>
g (float[1, 4] x) => (float[1, 4] y) { y = local.twice (x) }
<domain: "local", opset_import: ["": 17]>
twice (a) => (c) { b = Identity (a) [lost] d = Exp (b) c = Add (b, b) }"""


def test_inside_a_function(archlint, write, tmp_path) -> None:
    path = str(tmp_path / "model.onnx")
    onnx.save(onnx.parser.parse_model(FUNCTION), path)
    result = archlint("check", "model.onnx", "--select", "PRF006,GRF007", "--fix", "--fail-on", "info")
    assert result.exit_code == 0, result.output
    assert "removed 1 dead node: lost in local::twice" in result.stderr
    fixed = onnx.load(tmp_path / "model.fixed.onnx")
    onnx.checker.check_model(fixed)
    assert [n.op_type for n in fixed.functions[0].node] == ["Add"]
    np.testing.assert_array_equal(outputs(path)[0], outputs(str(tmp_path / "model.fixed.onnx"))[0])


def test_diff_shows_bodies_and_functions(archlint, tmp_path) -> None:
    onnx.save(onnx.parser.parse_model(FUNCTION), tmp_path / "model.onnx")
    result = archlint("check", "model.onnx", "--select", "GRF007", "--diff")
    assert "-  [lost] d = Exp(b)" in result.stdout


def test_weights_beside_the_model_stay_there(archlint, write, tmp_path) -> None:
    path = write(
        "model.onnx",
        "g (float[1, 40] x) => (float[1, 40] y) { [lost] z = MatMul (x, v) a = Identity (x) y = MatMul (a, w) }",
    )
    model = onnx.load(path)
    rng = np.random.default_rng(0)
    for name in ("v", "w", "unused"):
        values = rng.normal(size=(40, 40)).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    onnx.save(model, path, save_as_external_data=True, location="model.data", size_threshold=0)
    data = (tmp_path / "model.data").read_bytes()
    before = outputs(path)
    result = archlint("check", "model.onnx", "--select", "GRF007,GRF008,PRF006", "--fix", "--fail-on", "info")
    assert result.exit_code == 0, result.output
    fixed = onnx.load(tmp_path / "model.fixed.onnx", load_external_data=False)
    assert [t.name for t in fixed.graph.initializer] == ["w"]
    assert fixed.graph.initializer[0].data_location == onnx.TensorProto.EXTERNAL
    assert (tmp_path / "model.data").read_bytes() == data
    np.testing.assert_array_equal(before[0], outputs(str(tmp_path / "model.fixed.onnx"))[0])


def test_duplicate_weights_beside_the_model(archlint, write, tmp_path) -> None:
    path = write(
        "model.onnx", "g (float[1, 40] x) => (float[1, 40] y) { a = MatMul (x, v) y = MatMul (a, w) }"
    )
    model = onnx.load(path)
    values = np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32)
    model.graph.initializer.extend(numpy_helper.from_array(values, n) for n in ("v", "w"))
    onnx.save(model, path, save_as_external_data=True, location="model.data", size_threshold=0)
    before = outputs(path)
    archlint("check", "model.onnx", "--select", "PRF007", "--fix", "--in-place")
    np.testing.assert_array_equal(before[0], outputs(path)[0])


YAML = """\
archlint: 1
name: fx
inputs: {x: [1, 4]}
# the layers
layers:
  - Relu
  # this one is lost
  - name: lost    # really
    op: Sigmoid
    in: x

  - {name: end, op: Tanh}
  # keeps the value
  - {name: same, op: Identity, in: relu_1}
  - {name: act, op: Exp}   # reads 'same'
  - {name: out, op: Abs, in: act}
outputs: [out]   # the end
"""
REPAIRED = """\
archlint: 1
name: fx
inputs: {x: [1, 4]}
# the layers
layers:
  - Relu
  # this one is lost

  # keeps the value
  - {name: act, op: Exp}   # reads 'same'
  - {name: out, op: Abs, in: act}
outputs: [out]   # the end
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_yaml_keeps_its_comments(archlint, tmp_path, ends) -> None:
    (tmp_path / "net.arch.yaml").write_bytes(YAML.replace("\n", ends).encode())
    shown = archlint("check", "net.arch.yaml", "--diff")
    assert "-  - {name: same, op: Identity, in: relu_1}" in shown.stdout
    result = archlint("check", "net.arch.yaml", "--fix")
    assert result.exit_code == 0, result.output
    assert "removed Tanh 'end' (line 12)" in result.stderr
    assert (tmp_path / "net.fixed.arch.yaml").read_bytes() == REPAIRED.replace("\n", ends).encode()
    assert (tmp_path / "net.arch.yaml").read_bytes() == YAML.replace("\n", ends).encode()
    left = [name for name in os.listdir(tmp_path) if name != ".archlint_cache"]
    assert sorted(left) == ["net.arch.yaml", "net.fixed.arch.yaml"]


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param("  - {name: a, op: Identity, in: x}\n  - {op: Relu, in: a}", id="read by name"),
        pytest.param("  [{name: a, op: Sigmoid, in: x}, {op: Relu, in: x}]", id="on one line"),
        pytest.param(
            "  - {op: Relu, in: x} # archlint: ignore[GRF007]\n  - {op: Abs, in: x}", id="suppressed"
        ),
        pytest.param("  - {op: Relu, in: x}\n  - {op: Identity}", id="the output"),
        pytest.param("  - {op: Relu, in: x", id="broken"),
    ],
)
def test_yaml_that_cannot_be_repaired_by_leaving_lines_out(archlint, tmp_path, layers) -> None:
    text = f"archlint: 1\ninputs: {{x: [1, 4]}}\nlayers:\n{layers}\n"
    (tmp_path / "net.arch.yaml").write_text(text)
    archlint("check", "net.arch.yaml", "--fix", "--in-place", "--no-cache", "--select", "GRF007,PRF006")
    assert os.listdir(tmp_path) == ["net.arch.yaml"]
    assert (tmp_path / "net.arch.yaml").read_text() == text
