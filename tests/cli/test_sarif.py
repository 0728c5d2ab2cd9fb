"""SARIF as code scanning takes it: every kind of finding, and fingerprints that survive a new export."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from urllib.parse import quote

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from archlint.linting import notices
from tests.cli.conftest import BAD, DEAD, HEADER
from tests.cli.test_golden_texts import CASES

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


def results(text: str) -> list[dict]:
    """The results of a document that is valid, each in a place and with a fingerprint of its own."""
    document = json.loads(text)
    assert [e.message for e in VALIDATOR.iter_errors(document)] == []
    (only,) = document["runs"]
    seen = set()
    for result in only["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert place["artifactLocation"]["uri"]
        mark = result["partialFingerprints"]["primaryLocationLineHash"]
        assert (place["artifactLocation"]["uri"], mark) not in seen
        seen.add((place["artifactLocation"]["uri"], mark))
        assert result["message"]["text"]
        assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return only["results"]


def test_every_bad_input_is_a_result(archlint, write, tmp_path) -> None:
    wanted = set()
    for number, case in enumerate(CASES.values()):
        folder = tmp_path / f"{number} {'ä' * (number % 2)}"
        for name, data in case.files.items() if case.stream == "stdout" else ():
            if isinstance(data, bytes):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                if not any(a.startswith(("--dim", "--max")) for a in case.arguments):
                    wanted.add((folder.name, case.said.split()[0]))
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "folder.onnx").mkdir()
    write("bad.onnx", BAD)
    result = archlint("check", ".", "fifo.onnx", "-o", "sarif", "--no-cache")
    found = results(result.stdout)
    codes = [r["ruleId"] for r in found]
    assert {code for _, code in wanted} | {"IO009"} <= set(codes)
    assert all(r["ruleId"] in notices() or r["message"]["text"] for r in found)
    lines = {r["ruleId"]: r["locations"][0]["physicalLocation"]["region"] for r in found}
    assert lines["YML003"]["startLine"] == 4


def test_a_missing_path_and_no_model_at_all(archlint, tmp_path) -> None:
    for arguments in (["none.onnx"], ["."]):
        result = archlint("check", *arguments, "-o", "sarif")
        assert results(result.stdout) == []
        assert json.loads(result.stdout)["runs"][0]["invocations"][0]["exitCode"] == result.exit_code


PARTS = {
    "named": """g (float[1, 256, 8, 8] x, float[4, 256, 1, 1] "enc.w", float[8, 9, 1, 1] "dec.w")
      => (float[1, 4, 8, 8] y) {
      [stem] y = Conv <pads = [1, 1, 1, 1]> (x, "enc.w")
      [act] a = Relu (y)
      [lost] b = Sigmoid (a)
      [wrong] d = Conv (y, "dec.w")
      [wide] e = MaxPool <kernel_shape = [30, 30]> (a) }""",
    "numbered": """g (float[1, 256, 8, 8] x, float[4, 256, 1, 1] "enc.w", float[8, 9, 1, 1] "dec.w")
      => (float[1, 4, 8, 8] val_9) {
      [node_Conv_0] val_9 = Conv <pads = [1, 1, 1, 1]> (x, "enc.w")
      [node_Relu_1] val_1 = Relu (val_9)
      [node_Sigmoid_2] val_2 = Sigmoid (val_1)
      [node_Conv_3] val_3 = Conv (val_9, "dec.w")
      [node_MaxPool_4] val_4 = MaxPool <kernel_shape = [30, 30]> (val_1) }""",
    "nameless": """g (float[1, 256, 8, 8] x, float[4, 256, 1, 1] w, float[8, 9, 1, 1] onnx_7)
      => (float[1, 4, 8, 8] y) {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
      a = Relu (y)
      b = Sigmoid (a)
      c = Sigmoid (a)
      d = Conv (y, onnx_7)
      e = MaxPool <kernel_shape = [30, 30]> (a) }""",
    "inside an If": """g (bool c, float[1, 256, 8, 8] x, float[8, 9, 1, 1] w) => (y) {
      z = Relu (x)
      [choice] y = If (c) <
        then_branch = t () => (p) { q = Abs (z) p = Conv (q, w) r = Tanh (q) },
        else_branch = e () => (s) { s = Neg (z) } > }""",
}


def graphs(graph: onnx.GraphProto):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs(attribute.g)


def another_export(model: onnx.ModelProto, rng: random.Random) -> onnx.ModelProto:
    """The same model with Identity nodes at random places, tensors renamed and nodes renumbered."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    fixed = {v.name for v in (*new.graph.input, *new.graph.output)} | {t.name for t in new.graph.initializer}
    made = [name for g in graphs(new.graph) for n in g.node for name in n.output if name not in fixed]
    fresh = {name: f"val_{100 + i}" if rng.random() < 0.7 else name for i, name in enumerate(made)}
    count = 0
    for graph in graphs(new.graph):
        nodes = []
        for node in graph.node:
            for i, name in enumerate(node.input):
                node.input[i] = fresh.get(name, name)
                if name and rng.random() < 0.3 and not any(t.name == name for t in new.graph.initializer):
                    count += 1
                    label = rng.choice(["", f"node_Identity_{count}", f"extra{count}"])
                    nodes.append(helper.make_node("Identity", [node.input[i]], [f"id_{count}"], label))
                    node.input[i] = f"id_{count}"
            node.output[:] = [fresh.get(name, name) for name in node.output]
            kind, _, number = node.name.rpartition("_")
            if number.isdecimal():
                node.name = f"{kind}_{int(number) + 11 * count + 3}"
            nodes.append(node)
        for output in graph.output:
            output.name = fresh.get(output.name, output.name)
        copies = [onnx.NodeProto() for _ in nodes]
        for copy, node in zip(copies, nodes, strict=True):
            copy.CopyFrom(node)
        del graph.node[:]
        graph.node.extend(copies)
    return new


def weighted(model: onnx.ModelProto) -> onnx.ModelProto:
    """What is an input of four dimensions after the first becomes a weight, with a NaN in it."""
    for value in [v for v in model.graph.input if v.name not in {"x", "c"}]:
        array = np.ones([d.dim_value for d in value.type.tensor_type.shape.dim], np.float32)
        array[0, 0] = np.nan
        model.graph.initializer.append(numpy_helper.from_array(array, value.name))
        model.graph.input.remove(value)
    return model


@pytest.mark.parametrize("name", PARTS)
def test_fingerprints_survive_another_export(archlint, tmp_path, name) -> None:
    model = weighted(onnx.parser.parse_model(HEADER + PARTS[name]))
    path = tmp_path / "model.onnx"
    select = "SHP010,SHP011,GRF007,NUM001,CNV005"

    def marks() -> dict[str, tuple[str, str]]:
        found = results(
            archlint("check", "model.onnx", "-o", "sarif", "--no-cache", "--select", select).stdout
        )
        logical = "logicalLocations"
        return {
            r["partialFingerprints"]["primaryLocationLineHash"]: (
                r["ruleId"],
                r["locations"][0][logical][0].get("decoratedName", "").split(" ")[0],
            )
            for r in found
        }

    onnx.save(model, path)
    before = marks()
    assert len(before) >= 3
    renamed = False
    for seed in range(8):
        new = another_export(model, random.Random(seed))
        renamed = renamed or new != model
        onnx.save(new, path)
        after = marks()
        assert {mark: after.get(mark) for mark in before} == before
        assert {what for mark, what in after.items() if mark not in before} <= {("GRF007", "Identity")}
    assert renamed


def test_the_same_defect_in_two_files_has_two_places(archlint, write) -> None:
    for name in ("a.onnx", "b.onnx"):
        write(name, DEAD)
    found = results(archlint("check", ".", "-o", "sarif", "--select", "GRF007").stdout)
    assert [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in found] == [
        "a.onnx",
        "b.onnx",
    ]


def test_files_outside_of_the_repository_have_addresses_of_their_own(archlint, tmp_path, monkeypatch) -> None:
    """A path that leads out is no path of the repository: SARIF gets a file: address, the others ``../``."""
    (tmp_path / "project/.git").mkdir(parents=True)
    (tmp_path / "ä b.onnx").write_bytes(b"")
    (tmp_path / "project/in.onnx").write_bytes(b"")
    monkeypatch.chdir(tmp_path / "project")
    both = ("../ä b.onnx", "in.onnx")
    found = results(archlint("check", *both, "-o", "sarif", "--no-cache").stdout)
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in found]
    assert places == [
        {"uri": f"file://{quote(str(tmp_path))}/%C3%A4%20b.onnx"},
        {"uri": "in.onnx", "uriBaseId": "SRCROOT"},
    ]
    issues = json.loads(archlint("check", *both, "-o", "gitlab", "--no-cache").stdout)
    assert [i["location"]["path"] for i in issues] == list(both)
