"""Every format as its consumer reads it: one valid document, whatever the run was like."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET

import pytest

from archlint.reporting.formats import FORMATS
from tests.cli.conftest import BAD, DEAD, GOOD
from tests.cli.test_sarif import results

HOSTILE = [
    "a b.onnx",
    "ä–Ω.onnx",
    '"><script>alert(1)<x>.onnx',
    "]]>&amp;.onnx",
    "%0A::error::x,y:z.onnx",
    "line\nbreak.onnx",
    "\x1b[31mred.onnx",
    "\u202egnp.onnx",
    "-dash.onnx",
    "|pipe`tick`*star*.onnx",
    os.fsdecode(b"bytes\xff.onnx"),
]


def json_document(text: str) -> None:
    document = json.loads(text)
    assert document["schema"] == "archlint/1"
    assert document["summary"]["models"] == len(document["models"])
    marks = [(f["path"], f["fingerprint"]) for f in document["findings"]]
    assert len(set(marks)) == len(marks)


def jsonl(text: str) -> None:
    *rows, last = [json.loads(line) for line in text.splitlines()]
    assert list(last) == ["summary"]
    assert last["summary"]["findings"] == len(rows)


def gitlab(text: str) -> None:
    rows = json.loads(text)
    assert isinstance(rows, list)
    assert len({row["fingerprint"] for row in rows}) == len(rows)
    for row in rows:
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert all(isinstance(row[k], str) and row[k] for k in ("description", "check_name", "fingerprint"))
        assert isinstance(row["location"]["lines"]["begin"], int)
        assert row["location"]["lines"]["begin"] >= 1
        path = row["location"]["path"]
        assert path
        assert not path.startswith(("/", "./", "../"))


JUNIT = {
    # element: required attributes, optional ones, children
    "testsuites": ({"name"}, {"tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"timestamp", "hostname", "id", "package"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "classname", "time"},
        {"file", "line"},
        {"skipped", "failure", "error", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "skipped": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}


def junit(text: str) -> None:
    """The rules of the schema that Jenkins' xUnit plugin has, in code."""
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, optional, children = JUNIT[element.tag]
        assert required <= set(element.keys())
        assert set(element.keys()) <= required | optional
        assert {child.tag for child in element} <= children
        if "time" in required:
            assert re.fullmatch(r"\d+(\.\d+)?", element.get("time"))
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert len({case.get("name") for case in cases}) == len(cases)
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases)


def checkstyle(text: str) -> None:
    root = ET.fromstring(text.encode("utf-8"))
    assert (root.tag, list(root.attrib)) == ("checkstyle", ["version"])
    for file in root:
        assert (file.tag, list(file.attrib)) == ("file", ["name"])
        for error in file:
            assert error.tag == "error"
            assert {"line", "severity", "message", "source"} <= set(error.keys())
            assert error.get("severity") in {"ignore", "info", "warning", "error"}
            assert int(error.get("line")) >= 1
            assert int(error.get("column", "1")) >= 1


def github(text: str) -> None:
    for line in text.split("\n"):
        if line.startswith("::"):
            found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.+)", line)
            assert found, line
            for pair in found[2].split(","):
                assert re.fullmatch(r"(file|line|col|title)=[^,:\r\n]*", pair), line


def markdown(text: str) -> None:
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {5}
    assert "<" not in re.sub(r"\\<", "", text)


def people(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)


CHECKS = {
    "json": json_document,
    "jsonl": jsonl,
    "sarif": results,
    "gitlab": gitlab,
    "junit": junit,
    "checkstyle": checkstyle,
    "github": github,
    "markdown": markdown,
    "full": people,
    "concise": people,
    "grouped": people,
}


def test_every_format_has_a_reader() -> None:
    assert set(CHECKS) == set(FORMATS)


@pytest.fixture
def zoo(write, tmp_path):
    """Models of every sort under hostile names."""
    texts = [GOOD, BAD, DEAD]
    for number, name in enumerate(HOSTILE):
        write(f"odd/{name}", texts[number % 3])
    (tmp_path / "odd" / "empty.onnx").write_bytes(b"")
    (tmp_path / "odd" / "net.arch.yaml").write_text(
        "archlint: 1\ninputs: {x: [1, 3]}\nlayers:\n  - {op: Rel}\n"
    )
    write("clean/good.onnx", GOOD)
    (tmp_path / "nothing").mkdir()
    return tmp_path


RUNS = {
    "hostile names": (["odd"], 1),
    "one clean model": (["clean"], 0),
    "no model": (["nothing"], 0),
    "a missing path": (["none.onnx", "clean"], 2),
    "only missing paths": (["::error::none\n.onnx"], 2),
    "nothing shown": (["odd", "--min-severity", "error", "--ignore", "ALL"], 0),
    "all of it": (["odd", "clean", "nothing", "odd/empty.onnx", "--pedantic"], 1),
}


@pytest.mark.parametrize("name", RUNS)
def test_one_valid_document(archlint, zoo, name) -> None:
    arguments, status = RUNS[name]
    outputs = [part for f in FORMATS for part in ("-o", f"{f}=out/{f}.txt")]
    result = archlint("check", *arguments, *outputs, "--no-cache")
    assert result.exit_code == status, result.output
    for form, check in CHECKS.items():
        text = (zoo / "out" / f"{form}.txt").read_bytes().decode("utf-8")
        people("".join(text.split("\n")))
        if form not in {"full", "concise", "grouped"}:
            assert text.endswith("\n") or name in {"no model", "only missing paths"}
        check(text)


def test_the_same_bytes_twice(archlint, zoo) -> None:
    def written() -> dict[str, bytes]:
        archlint("check", "odd", *(p for f in FORMATS for p in ("-o", f"{f}=out/{f}.txt")))
        return {f: (zoo / "out" / f"{f}.txt").read_bytes() for f in FORMATS}

    assert written() == written()


def test_the_summary_of_a_github_job(archlint, zoo, monkeypatch) -> None:
    summary = zoo / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = archlint("check", "odd")
    github(result.stdout)
    assert "::error file=" in result.stdout
    text = summary.read_text()
    assert text.startswith("before\n## archlint\n")
    assert "SHP010" in text
    markdown(text.removeprefix("before\n"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(zoo / "no" / "such" / "folder.md"))
    result = archlint("check", "odd")
    assert (result.exit_code, "job summary" in result.stderr) == (1, True)
