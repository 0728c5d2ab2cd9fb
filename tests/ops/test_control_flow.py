"""If, Loop, Scan and sequences against onnxruntime, at two sizes of the free dim."""

import numpy as np
import onnx
import onnxruntime
import pytest

from archlint.analyses.shapes import Propagation
from archlint.api import load

HEAD = '<ir_version: 9, opset_import: ["" : 18]>\n'
STAYS = "k2 = Identity(k)"
CASES = {
    "grows": (
        f"""g (float[N,4] x, int64 m, bool c) => (float[] y, float[] s) {{
            y, s = Loop(m, c, x) <body = b (int64 i, bool k, float[] a) => (bool k2, float[] a2, float[] o)
                {{ {STAYS} a2 = Concat<axis=0>(a, x) o = ReduceSum<keepdims=0>(a) }}> }}""",
        {"y": "[?, 4]", "s": "[?]"},
    ),
    "five trips": (
        f"""g (float[N,4] x) => (float[] y, float[] s) {{
            m = Constant<value_int=5>()
            y, s = Loop(m, , x) <body = b (int64 i, bool k, float[] a) => (bool k2, float[] a2, float[] o)
                {{ {STAYS} a2 = Add(a, x) o = Neg(a) }}> }}""",
        {"y": "[N, 4]", "s": "[5, N, 4]"},
    ),
    "no trip": (
        f"""g (float[N,4] x) => (float[] y, float[] s) {{
            m = Constant<value_int=0>()
            y, s = Loop(m, , x) <body = b (int64 i, bool k, float[N,4] a)
                => (bool k2, float[N,4] a2, float[N,4] o) {{ {STAYS} a2 = Add(a, x) o = Neg(a) }}> }}""",
        {"y": "[N, 4]", "s": "[0, ?, ?]"},
    ),
    "the last trip's number": (
        f"""g (float[N,4] x) => (float[] y) {{
            m = Constant<value_int=100>() z = Constant<value_int=0>() one = Constant<value_ints=[1]>()
            n = Loop(m, , z) <body = b (int64 i, bool k, int64 a) => (bool k2, int64 a2)
                {{ {STAYS} o = Constant<value_int=1>() a2 = Add(i, o) }}>
            r = Reshape(n, one) y = ConstantOfShape(r) }}""",
        {"y": "[100]"},
    ),
    "until its condition fails": (
        """g (float[N,4] x) => (int64[] y, int64[] s) {
            z = Constant<value_int=0>()
            y, s = Loop(, , z) <body = b (int64 i, bool k, int64 a) => (bool k2, int64 a2, int64 o)
                { one = Constant<value_int=1>() most = Constant<value_int=6>() a2 = Add(a, one)
                  k2 = Less(a2, most) o = Identity(a2) }> }""",
        {"y": "[]", "s": "[6]"},
    ),
    "a sequence": (
        f"""g (float[N,4] x) => (float[] y) {{
            m = Constant<value_int=3>() e = SequenceEmpty()
            q = Loop(m, , e) <body = b (int64 i, bool k, seq(float[]) a) => (bool k2, seq(float[]) a2)
                {{ {STAYS} a2 = SequenceInsert(a, x) }}>
            y = ConcatFromSequence<axis=0>(q) }}""",
        {"y": "[3*N, 4]"},
    ),
    "scan": (
        """g (float[N,5,4] x, float[5,3] h) => (float[] y, float[] s) {
            y, s = Scan<num_scan_inputs=1, scan_input_axes=[0], scan_output_axes=[1],
                body = b (float[5,3] a, float[5,4] v) => (float[5,3] a2, float[5,7] o)
                { a2 = Neg(a) o = Concat<axis=1>(a, v) }>(h, x) }""",
        {"y": "[5, 3]", "s": "[5, N, 7]"},
    ),
    "if": (
        """g (float[N,4] x, bool c) => (float[] y, float[] z) {
            y, z = If(c) <
                then_branch = t () => (float[] p, float[] p2) { p = Concat<axis=0>(x, x) p2 = Identity(x) },
                else_branch = e () => (float[] q, float[] q2) { q = Neg(x) q2 = Concat<axis=1>(x, x) }> }""",
        {"y": "[?, 4]", "z": "[N, ?]"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_onnxruntime(name, tmp_path):
    text, expected = CASES[name]
    path = tmp_path / "m.onnx"
    onnx.save(onnx.parser.parse_model(HEAD + text), path)
    model = load(path)
    free = Propagation(model, strict=True).run()
    assert not free.defects
    assert {n: str(free.main.fact(n)) for n in expected} == expected
    session = onnxruntime.InferenceSession(path)
    for size in (2, 5):
        given = {"x": (size, 5, 4) if name == "scan" else (size, 4), "h": (5, 3)}
        scalars = {"m": np.array(3), "c": np.array(size % 2 == 0)}
        feed = {
            i.name: scalars[i.name] if i.name in scalars else np.ones(given[i.name], np.float32)
            for i in session.get_inputs()
        }
        known = Propagation(load(path), dims={"N": size}, strict=True).run()
        for output, array in zip(expected, session.run(list(expected), feed), strict=True):
            dims = known.main.fact(output).shape
            assert len(dims) == array.ndim
            assert all(not isinstance(d, int) or d == n for d, n in zip(dims, array.shape, strict=True)), (
                output
            )
