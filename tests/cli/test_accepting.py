"""Suppressions, baselines, and comparison with an earlier version."""

from __future__ import annotations

import json
import re
import subprocess

import onnx
import pytest
from onnx import helper

from tests.cli.conftest import BAD, DEAD, GOOD


def codes(result) -> list[str]:
    return re.findall(r"([A-Z]+\d{3}) (?:warning|error|info) ", result.stdout)


def check(archlint, *arguments):
    return archlint("check", "--output", "concise", "--select", "GRF007,SHP010", *arguments)


def ignore(path: str, value: str, node: int | None = None) -> None:
    model = onnx.load(path)
    holder = model if node is None else model.graph.node[node]
    holder.metadata_props.add(key="archlint.ignore", value=value)
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("value", "node", "expected"),
    [
        pytest.param("GRF007", None, [], id="model"),
        pytest.param("GRF", None, [], id="prefix"),
        pytest.param("dead-node", 0, [], id="node, by name"),
        pytest.param("GRF007", 1, ["GRF007", "CFG010"], id="another node"),
        pytest.param("SHP010", None, ["GRF007", "CFG010"], id="unused"),
        pytest.param("NUM001", None, ["GRF007"], id="of a rule that did not run"),
        pytest.param("GRF007, SHP010", 0, ["CFG010"], id="one of two"),
        pytest.param("", None, ["GRF007", "CFG011"], id="bare"),
        pytest.param("GRF777", None, ["GRF007", "CFG011"], id="unknown"),
        pytest.param("ALL", None, ["GRF007", "CFG011"], id="everything"),
    ],
)
def test_suppressions_in_metadata(archlint, write, value, node, expected) -> None:
    path = write("dead.onnx", DEAD)
    ignore(path, value, node)
    result = check(archlint, "dead.onnx")
    assert codes(result) == expected
    assert result.exit_code == (1 if expected else 0)
    assert codes(check(archlint, "dead.onnx", "--ignore-suppressions")) == ["GRF007"]


YAML = """\
archlint: 1
inputs: {{x: [1, 4]}}  {head}
layers:
  {above}
  - name: lost  {first}
    op: Sigmoid  {second}
    in: x
  - {{name: kept, op: Relu, in: x}}  {other}
outputs: [kept]
"""


@pytest.mark.parametrize(
    ("where", "text", "expected"),
    [
        pytest.param("first", "# archlint: ignore[GRF007] on purpose", [], id="on the line"),
        pytest.param("second", "# archlint: ignore[GRF007]", [], id="on another line of the layer"),
        pytest.param("above", "# archlint: ignore[dead-node] on purpose", [], id="above"),
        pytest.param("above", "# archlint: ignore[GRF007]\n\n  # why", [], id="above a gap"),
        pytest.param("other", "# archlint: ignore[GRF007]", ["GRF007", "CFG010"], id="another layer"),
        pytest.param("head", "# archlint: ignore-file[GRF]", [], id="file"),
        pytest.param("first", "# archlint: ignore", ["GRF007", "CFG011"], id="bare"),
        pytest.param("first", "# archlint: ignore[]", ["GRF007", "CFG011"], id="empty"),
    ],
)
def test_suppressions_in_yaml(archlint, tmp_path, where, text, expected) -> None:
    holes = dict.fromkeys(("head", "above", "first", "second", "other"), "") | {where: text}
    (tmp_path / "net.arch.yaml").write_text(YAML.format(**holes))
    result = check(archlint, "net.arch.yaml")
    assert codes(result) == expected, result.output
    if "CFG010" in expected or "CFG011" in expected:
        line = next(i for i, row in enumerate(YAML.format(**holes).split("\n"), 1) if text and text in row)
        assert f"net.arch.yaml:{line}: CFG01" in result.stdout


def test_summary_counts_what_is_hidden(archlint, write) -> None:
    ignore(write("dead.onnx", DEAD), "GRF007")
    assert "1 suppressed" in archlint("check", "dead.onnx", "--select", "GRF").stdout


def test_baseline(archlint, write, tmp_path) -> None:
    write("dead.onnx", DEAD)
    result = check(archlint, "dead.onnx", "--write-baseline")
    assert result.exit_code == 0
    assert result.stdout == "wrote .archlint-baseline.json (1 entry)\n"
    (entry,) = json.loads((tmp_path / ".archlint-baseline.json").read_text())["entries"]
    assert (entry["path"], entry["code"], entry["node"]) == ("dead.onnx", "GRF007", "lost")

    accepted = check(archlint, "dead.onnx", "--baseline", ".archlint-baseline.json")
    assert (accepted.exit_code, codes(accepted)) == (0, [])
    assert "1 baselined" in accepted.stdout

    write("bad.onnx", BAD)
    (tmp_path / "archlint.toml").write_text('baseline = ".archlint-baseline.json"')
    assert codes(check(archlint, ".")) == ["SHP010"]
    refused = check(archlint, ".", "--write-baseline")
    assert refused.exit_code == 2
    assert "--accept-new" in refused.stderr
    assert check(archlint, ".", "--write-baseline", "--accept-new").exit_code == 0
    assert check(archlint, ".").exit_code == 0

    write("bad.onnx", GOOD)
    gone = check(archlint, ".")
    assert (gone.exit_code, "1 findings of" in gone.stderr) == (0, True)
    assert check(archlint, ".", "--strict-baseline").exit_code == 2
    assert check(archlint, ".", "--prune-baseline").exit_code == 0
    assert check(archlint, ".", "--strict-baseline").exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        '{"version": 2, "entries": []}',
        '{"version": 1, "entries": [{}]}',
        "\x00",
        "[" * 100_000,
    ],
)
def test_a_baseline_that_is_no_baseline(archlint, write, tmp_path, text) -> None:
    write("good.onnx", GOOD)
    if text is not None:
        (tmp_path / "base.json").write_text(text)
    result = check(archlint, "good.onnx", "--baseline", "base.json")
    assert result.exit_code == 2
    assert "base.json" in result.stderr


def git(folder, *arguments: str) -> None:
    author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def history(write, tmp_path):
    """A repository whose first commit has a dead node."""
    git(tmp_path, "init", "-q")
    write("models/dead.onnx", DEAD)
    write("models/good.onnx", GOOD)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_base_revision(archlint, write, history) -> None:
    assert codes(check(archlint, "models", "--base", "HEAD")) == []
    write("models/dead.onnx", DEAD.replace("[kept]", "[more] q = Abs (x) [kept]"))
    write("models/bad.onnx", BAD)
    assert codes(check(archlint, "models")) == ["SHP010", "GRF007", "GRF007"]
    assert codes(check(archlint, "models", "--base", "HEAD")) == ["SHP010", "GRF007"]
    git(history, "add", "-A")
    git(history, "commit", "-qm", "two")
    assert codes(check(archlint, "models", "--base", "HEAD~1")) == ["SHP010", "GRF007"]


def test_base_folder_and_file(archlint, write) -> None:
    write("old/dead.onnx", DEAD)
    write("dead.onnx", DEAD)
    assert codes(check(archlint, "dead.onnx", "--base", "old")) == []
    assert codes(check(archlint, "dead.onnx", "--base", "old/dead.onnx")) == []


@pytest.mark.parametrize("base", ["HEAD~5", "none", "--output=x", "-p"])
def test_base_that_does_not_exist(archlint, history, base) -> None:
    result = check(archlint, "models", f"--base={base}")
    assert result.exit_code == 2
    assert "no revision" in result.stderr


@pytest.mark.parametrize(
    ("limit", "status"),
    [('"2%"', 1), ('"49.9%"', 1), ('"50%"', 0), ("1000", 0), ("10", 1), ('"1K"', 0), ('"lots"', 2)],
)
def test_a_budget_of_growth(archlint, write, history, limit, status) -> None:
    write("models/good.onnx", GOOD.replace("[4, 3, 1, 1]", "[6, 3, 1, 1]").replace("[1, 4, 8", "[1, 6, 8"))
    (history / "archlint.toml").write_text(f"[budget]\nmult-increase = {limit}\n")
    result = check(archlint, "models/good.onnx", "--base", "HEAD")
    assert result.exit_code == status, result.output
    if status == 1:
        assert "BUD050 error mult grew from 768 to 1,152 (+50.0 %)" in result.stdout
    assert check(archlint, "models/good.onnx").exit_code == (2 if status == 2 else 0)


def renumbered(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with a node in front of everything, as another export would number it."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    graph = new.graph
    first = graph.input[0].name
    for node in graph.node:
        node.input[:] = ["front" if name == first else name for name in node.input]
        kind, _, number = node.name.rpartition("_")
        if number.isdecimal():
            node.name = f"{kind}_{int(number) + 7}"
    graph.node.insert(0, helper.make_node("Neg", [first], ["front"], f"node_Neg_{len(graph.node)}"))
    return new


SEVERAL = """several (float[1, 256, 8, 8] x, float[4, 256, 1, 1] "enc.w", float[8, 9, 1, 1] "dec.w", float[9, 9, 1, 1] v_3)
  => (float[1, 4, 8, 8] y) {
  [node_Conv_1] y = Conv (x, "enc.w")
  [node_Relu_2] a = Relu (y)
  [node_Relu_3] b = Relu (a)
  [node_Sigmoid_4] c = Sigmoid (y)
  [node_Conv_5] d = Conv (y, "dec.w")
  [Conv_6] e = Conv (y, v_3)
  [named] f = Abs (x)
}"""


def test_fingerprints_survive_a_new_node_in_front(archlint, write, tmp_path) -> None:
    path = write("several.onnx", SEVERAL)

    def rows():
        out = check(archlint, "several.onnx", "--output", "jsonl=rows.jsonl")
        assert out.exit_code == 1
        lines = (tmp_path / "rows.jsonl").read_text().splitlines()[:-1]
        return {json.loads(line)["fingerprint"]: json.loads(line) for line in lines}

    before = rows()
    assert len(before) >= 5
    onnx.save(renumbered(onnx.load(path)), path)
    after = rows()
    assert before.keys() == after.keys()
    assert {k: (v["code"], v["op"]) for k, v in before.items()} == {
        k: (v["code"], v["op"]) for k, v in after.items()
    }
    assert any(before[k]["node"] != after[k]["node"] for k in before)
