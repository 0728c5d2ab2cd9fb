"""Every format: one valid document for several files, hostile names inert, the same bytes twice."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from archlint.linting import Checked, Finding, Linted, notices, session
from archlint.reporting.formats import FORMATS, format_named
from archlint.reporting.look import Look

DATA = Path(__file__).parents[1] / "data"
EVIL = '"><script>\x1b[31m%0A::error::x\n::error::y\u202e|`](http://x)\ud800 </failure>]]>'


def finding(number: int = 0, **changes) -> Finding:
    plain = Finding(
        "SHP010",
        "conv-channel-mismatch",
        "error",
        "Conv expects 512 input channels, gets 256",
        "models/a b.onnx",
        help="look at 'w'",
        snippet=("'x' [N, 256] ──> conv1",),
        node=f"conv{number}",
        op_type="Conv",
        subject="input x",
        fingerprint=f"{number:02x}" * 16,
        data={"expected": 512, "nan": float("nan")},
    )
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def run() -> Checked:
    catalogue = session.Session(session.Given(isolated=True, plugins=False)).catalogue
    rules = tuple(catalogue[c] for c in ("SHP010", "GRF007"))
    evil = finding(
        7,
        message=EVIL,
        node=EVIL,
        graph=EVIL,
        path=f"{EVIL}.onnx",
        subject=f"input {EVIL}",
        help=EVIL,
        snippet=(EVIL,),
    )
    yaml = finding(
        8,
        line=3,
        column=5,
        source="  - {op: Conv}",
        path="net.arch.yaml",
        severity="warning",
        notes=("a", "b"),
    )
    broken = Finding(
        "IO003", "empty-file", "error", "file is empty (0 bytes)", "e.onnx", fingerprint="9" * 32
    )
    crash = Finding("INT001", "rule-crashed", "error", "rule X failed", "e.onnx", fingerprint="8" * 32)
    return Checked(
        [
            Linted("models/a b.onnx", "onnx", tuple(finding(i) for i in range(14)), ran=rules, fails=True),
            Linted(f"{EVIL}.onnx", "onnx", (evil,), ran=rules, fails=True),
            Linted(
                "net.arch.yaml",
                "yaml",
                (yaml,),
                (finding(20),),
                (finding(21),),
                skipped=rules[1:],
                ran=rules[:1],
            ),
            Linted("e.onnx", None, (broken, crash), crashed=True),
            Linted("fine.onnx", "onnx", (), ran=rules),
        ],
        {**notices(), **catalogue},
        "1.2.3",
        missing=["none.onnx"],
        show_suppressed=True,
    )


def rendered(name: str, run: Checked, look: Look | None = None) -> str:
    module = format_named(name)
    look = look or Look()
    return "".join(module.each(f, look) for f in run.files) + module.end(run, look)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_are_inert(run, name) -> None:
    text = rendered(name, run)
    text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert not [line for line in text.split("\n") if line.startswith("::error::")]
    if name in {"junit", "checkstyle", "markdown"}:
        assert "<script>" not in text.replace("\\<script\\>", "")
    if name == "markdown":
        rows = [line for line in text.split("\n") if line.startswith("| ") and "SHP" in line]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize("name", FORMATS)
def test_same_bytes_twice(run, name) -> None:
    assert rendered(name, run) == rendered(name, run)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_run(name) -> None:
    text = rendered(name, Checked(version="1"))
    if name in {"json", "sarif", "gitlab"}:
        json.loads(text)
    elif name in {"junit", "checkstyle"}:
        ET.fromstring(text)


@pytest.mark.parametrize("name", ["full", "concise", "grouped"])
def test_ascii(run, name) -> None:
    assert rendered(name, run, Look(unicode=False, width=50)).isascii()


def test_sarif(run) -> None:
    document = json.loads(rendered("sarif", run))
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text())
    checker = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in checker.iter_errors(document)] == []
    (only,) = document["runs"]
    assert len(only["results"]) == 20
    seen = set()
    for result in only["results"]:
        (place,) = result["locations"]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri)
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        seen.add((uri, result["partialFingerprints"]["primaryLocationLineHash"]))
        assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert len(seen) == 20
    assert only["invocations"][0]["executionSuccessful"] is False
    assert [r["suppressions"][0]["kind"] for r in only["results"] if "suppressions" in r] == [
        "external",
        "inSource",
    ]
    assert all(r["help"]["markdown"] for r in only["tool"]["driver"]["rules"])


def test_sarif_keeps_the_worst(monkeypatch) -> None:
    monkeypatch.setattr("archlint.reporting.sarif.MAX_RESULTS", 2)
    found = (finding(0, severity="info"), finding(1), finding(2, severity="warning"))
    (only,) = json.loads(rendered("sarif", Checked([Linted("a.onnx", "onnx", found)])))["runs"]
    assert [r["level"] for r in only["results"]] == ["error", "warning"]
    assert "1 findings" in only["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_github(run) -> None:
    lines = [line for line in rendered("github", run).split("\n") if line.startswith("::")]
    errors = [line for line in lines if line.startswith("::error file=")]
    assert len(errors) == 10
    assert errors[0] == (
        "::error file=models/a b.onnx,line=1,title=archlint SHP010 conv-channel-mismatch::"
        "node 'conv0' (Conv) input 'x': Conv expects 512 input channels, gets 256%0Ahelp: look at 'w'"
    )
    assert errors[9].endswith("... and 8 more of this severity, see the log")
    (warning,) = [line for line in lines if line.startswith("::warning")]
    assert "file=net.arch.yaml,line=3,col=5,title=" in warning
    assert "::error title=archlint::no such file: none.onnx" in lines


def test_gitlab(run) -> None:
    rows = json.loads(rendered("gitlab", run))
    assert len({row["fingerprint"] for row in rows}) == len(rows) == 18
    assert {row["severity"] for row in rows} == {"major", "minor", "critical"}
    assert all(
        row["location"]["lines"]["begin"] >= 1 and not row["location"]["path"].startswith("./")
        for row in rows
    )
    assert {"description", "check_name", "fingerprint", "severity", "location"} == rows[0].keys()


def test_junit(run) -> None:
    root = ET.fromstring(rendered("junit", run))
    suites = {suite.get("name"): suite for suite in root}
    assert len(suites) == 6
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases)
    fine = suites["fine.onnx"].findall("testcase")
    assert [case.get("name") for case in fine] == ["GRF007 dead-node", "SHP010 conv-channel-mismatch"]
    assert suites["e.onnx"].get("errors") == "1"
    assert "(and 13 more)" in suites["models/a b.onnx"].find("testcase/failure").get("message")


def test_checkstyle(run) -> None:
    root = ET.fromstring(rendered("checkstyle", run))
    assert [len(file) for file in root] == [14, 1, 1, 2, 0]
    error = root[2][0]
    assert (error.get("line"), error.get("column"), error.get("severity")) == ("3", "5", "warning")
    assert error.get("source") == "archlint.SHP010"


def test_json(run) -> None:
    document = json.loads(rendered("json", run))
    assert document["summary"]["status"] == 2
    assert (document["summary"]["suppressed"], document["summary"]["baselined"]) == (1, 1)
    assert sum(f["suppressed"] for f in document["findings"]) == 1
    assert document["findings"][0]["data"] == {"expected": 512, "nan": "nan"}


def test_full_shows_the_source_line() -> None:
    found = finding(line=14, column=7, source="\t\t- {op: Conv, \x1b[0mW: w}", node="conv1", snippet=())
    text = rendered("full", Checked([Linted("net.arch.yaml", "yaml", (found,))]))
    assert text.split("\n")[1:6] == [
        "  --> models/a b.onnx:14:7: node 'conv1' (Conv) input 'x'",
        "   |",
        r"14 |   - {op: Conv, \x1b[0mW: w}",
        "   |       ^",
        "   |",
    ]


def test_long_lists_end() -> None:
    text = rendered("full", Checked([Linted("a.onnx", "onnx", tuple(finding(i) for i in range(60)))]))
    assert text.count("SHP010 error") == 50
    assert "SHP010: and 10 more in a.onnx" in text
