import onnx
import pytest
from onnx import helper, parser

from archlint_rules.portability.ranges import allows
from archlint_rules.portability.targets import names, target

MODEL = "g (float[N,4] x) => (float[N,4] y) { [a] y = Relu(x) }"


def header(opset=17, ir=8, **domains):
    extra = "".join(f', "{d.replace("_", ".")}": {v}' for d, v in domains.items())
    return f'<ir_version: {ir}, opset_import: ["": {opset}{extra}]>\n'


def with_metadata(**entries):
    model = parser.parse_model(header() + MODEL)
    helper.set_model_props(model, entries)
    return model


CASES = {
    "old opset": ("PRT001", {}, header(6) + MODEL, "opset 6 is older than 7"),
    "opset of the future": ("PRT004", {}, header(99) + MODEL, "opset 99 is newer than this archlint's onnx"),
    "opset for a runtime": (
        "PRT002",
        {"targets": ("onnxruntime-1.12",)},
        header(18) + MODEL,
        "opset 18 is newer than onnxruntime-1.12 reads (17)",
    ),
    "opset too old for a runtime": (
        "PRT002",
        {"targets": ("onnxruntime-1.12",)},
        header(6) + MODEL,
        "opset 6 is older than onnxruntime-1.12 reads (7)",
    ),
    "ir version for a runtime": (
        "PRT007",
        {"targets": ("onnxruntime-1.16",)},
        header(17, 10) + MODEL,
        "IR version 10 is newer than onnxruntime-1.16 reads (9)",
    ),
    "target nobody knows": (
        "PRT020",
        {"targets": ("onnxruntim-1.12",)},
        MODEL,
        "nothing is known about the target 'onnxruntim-1.12'",
    ),
    "operator for a target": (
        "PRT008",
        {"targets": ("tensorrt-8.4",)},
        "g (float[N,4] x) => (int64[2,M] y) { y = NonZero(x) }",
        "tensorrt-8.4 does not list NonZero",
    ),
    "computed weight": (
        "PRT009",
        {"targets": ("nnapi",)},
        "g (float[1,4,8,8] x, float[4,4,1,1] w) => (float[1,4,8,8] y) { y = Conv(x, w) }",
        "nnapi needs a constant weight for Conv",
    ),
    "open size": ("PRT010", {"targets": ("nnapi",)}, MODEL, "input 'x' is [N, 4], nnapi needs fixed sizes"),
    "many axes": (
        "PRT011",
        {"limit": 4},
        "g (float[1,1,1,1,1] x) => (float[1,1,1,1,1] y) { y = Relu(x) }",
        "result has 5 axes, 4 are allowed",
    ),
    "import that is missing": (
        "PRT003",
        {},
        "g (float[4] x) => (float[4] y) { [q] y = com.microsoft.Gelu(x) }",
        "no opset_import for domain 'com.microsoft', used by 1 node (first: node 'q' (Gelu))",
    ),
    "operator of a vendor": (
        "PRT005",
        {},
        header(com_microsoft=1) + "g (float[4] x) => (float[4] y) { y = com.microsoft.Gelu(x) }",
        "1 nodes call operators of 'com.microsoft': Gelu",
    ),
    "import nobody uses": ("PRT013", {}, header(com_acme=3) + MODEL, "opset 3 of 'com.acme' is imported"),
    "function nobody calls": (
        "PRT014",
        {},
        header(local=1) + MODEL + '\n<domain: "local", opset_import: ["": 17]>\nF (p) => (r) { r = Relu(p) }',
        "function 'local::F' is never called",
    ),
    "opset policy": (
        "PRT015",
        {"opset": ">=18,<=21"},
        MODEL,
        "opset is 17, the policy is >=18,<=21",
    ),
    "ir policy": ("PRT015", {"ir_version": "<8"}, MODEL, "IR version is 8, the policy is <8"),
    "banned operator": ("PRT016", {"banned": ("Re*",)}, MODEL, "Relu is banned by the policy ('Re*')"),
    "domain policy": (
        "PRT017",
        {"allowed": ("ai.onnx.ml",)},
        MODEL,
        "domain 'ai.onnx' is not allowed by the policy (ai.onnx.ml)",
    ),
    "metadata policy": ("PRT018", {"required": ("license",)}, MODEL, "metadata has no 'license'"),
    "names policy": ("PRT019", {"pattern": "[b-z]+"}, MODEL, "name 'a' does not match '[b-z]+'"),
    "weights as inputs": (
        "PRT021",
        {},
        "g (float[4] x, float[4] w = {1, 2, 3, 4}) => (float[4] y) { y = Add(x, w) }",
        "1 weights are listed as inputs too (first: 'w')",
    ),
    "huge Constant": (
        "PRT012",
        {"limit": 8},
        "g (float[4] x) => (float[4] y) { w = Constant<value = float[4] {1, 2, 3, 4}>() y = Add(x, w) }",
        "Constant 'w' holds 16 bytes",
    ),
}
CONTENT = {
    "PRT002": {"targets": ("onnxruntime-1.17", "coreml")},
    "PRT007": {"targets": ("onnxruntime-1.17", "tensorrt-8.4")},
    "PRT008": {"targets": ("tensorrt-8.4", "coreml", "nnapi", "onnxruntime-1.17")},
    "PRT009": {"targets": ("nnapi",)},
    "PRT010": {"targets": ("onnxruntime-1.17",)},
    "PRT011": {"limit": 4},
    "PRT015": {"opset": ">=13,<=21"},
    "PRT016": {"banned": ("Loop", "com.microsoft::*")},
    "PRT017": {"allowed": ("ai.onnx",)},
    "PRT018": {"required": ("license",)},
    "PRT019": {"pattern": "[a-z]+"},
    "PRT020": {"targets": ("onnxruntime-1.17", "coreml")},
}


@pytest.mark.parametrize("name", CASES)
def test_told(lint, name):
    code, options, model, message = CASES[name]
    found = lint(model, code, **options)
    assert len(found) == 1
    assert message in found[0].message


@pytest.mark.parametrize("code", sorted({code for code, *_ in CASES.values()}))
def test_silent(lint, code):
    assert lint(with_metadata(license="MIT"), code, **CONTENT.get(code, {})) == []


@pytest.mark.parametrize("code", sorted(CONTENT))
def test_silent_without_options(lint, code):
    assert lint(with_metadata(), code) == []


def test_deprecation_depends_on_the_opset(lint):
    text = "g (float[1,1,4,4] x) => (float[1,1,8,8] y) <float[4] s = {1, 1, 2, 2}> { y = Upsample(x, s) }"
    assert [f.help for f in lint(header(10) + text, "PRT006")] == ["use Resize"]
    assert lint(header(9) + text, "PRT006") == []


@pytest.mark.parametrize(
    ("text", "opset"),
    [
        pytest.param("onnxruntime-1.17", 20, id="a row"),
        pytest.param("onnxruntime-1.17.3", 20, id="a patch release"),
        pytest.param("onnxruntime-1.99", None, id="newer than the table"),
        pytest.param("tensorrt-8.4", 13, id="another runtime"),
        pytest.param("coreml", None, id="no versions"),
    ],
)
def test_a_target_is_looked_up(text, opset):
    assert target(text).opset == opset


def test_every_target_says_where_it_is_from():
    assert all(target(name).source.startswith("https://") for name in names())


@pytest.mark.parametrize("name", names())
def test_operators_of_a_target_exist(name):
    known = {s.name for s in onnx.defs.get_all_schemas_with_history()}
    withdrawn = {"ImageScaler", "ParametricSoftplus", "ScaledTanh"}
    assert (target(name).operators or set()) - known - withdrawn == set()


@pytest.mark.parametrize(
    ("condition", "actual", "allowed"),
    [
        (">=13,<=21", 17, True),
        (">=13,<=21", 22, False),
        ("17", 17, True),
        ("!=17", 17, False),
        ("<9", 9, False),
    ],
)
def test_conditions(condition, actual, allowed):
    assert allows(condition, actual) is allowed


def test_a_condition_that_cannot_be_read():
    with pytest.raises(ValueError, match="no condition on a version"):
        allows("about 17", 17)
