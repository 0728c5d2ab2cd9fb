"""``--base`` in a git repository: side files, Git LFS, growth; and budgets and policy key by key."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.cli.conftest import GOOD
from tests.cli.test_accepting import check, codes, git

NAN = "g (float[1, 400] x) => (float[1, 400] y) <float[400, 400] w> { y = MatMul (x, w) }"


@pytest.fixture
def history(tmp_path):
    git(tmp_path, "init", "-q")

    def commit() -> None:
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", "more")

    return commit


def outside(write, tmp_path, folder: str = "") -> str:
    """A model with NaN in a weight that stands in a file beside it."""
    path = write("models/net.onnx", "g (float[1, 400] x) => (float[1, 400] y) { y = MatMul (x, w) }")
    model = onnx.load(path)
    weight = np.ones((400, 400), np.float32)
    weight[3, 4] = np.nan
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    (tmp_path / "models" / folder).mkdir(exist_ok=True)
    onnx.save(model, path, save_as_external_data=True, location=f"{folder}net.data", size_threshold=0)
    return path


def nan_only(archlint, *arguments: str):
    return archlint("check", "models/net.onnx", "--select", "NUM001,IO", "-o", "concise", *arguments)


@pytest.mark.parametrize("folder", ["", "weights/"])
def test_weights_beside_the_model_are_of_the_same_revision(
    archlint, write, tmp_path, history, folder
) -> None:
    outside(write, tmp_path, folder)
    history()
    assert codes(nan_only(archlint)) == ["NUM001"]
    result = nan_only(archlint, "--base", "HEAD")
    assert (result.exit_code, codes(result), result.stderr) == (0, [], "")


def pointer_to(data: bytes) -> bytes:
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n".encode()


@pytest.mark.parametrize("fetched", [True, False])
def test_a_pointer_in_the_old_revision(archlint, write, tmp_path, history, fetched) -> None:
    path = write("models/dead.onnx", GOOD.replace("y = Conv", "z = Relu (x) y = Conv"))
    data = (tmp_path / "models/dead.onnx").read_bytes()
    pointer = pointer_to(data)
    (tmp_path / "models/dead.onnx").write_bytes(pointer)
    history()
    if fetched:
        oid = hashlib.sha256(data).hexdigest()
        store = tmp_path / ".git/lfs/objects" / oid[:2] / oid[2:4]
        store.mkdir(parents=True)
        (store / oid).write_bytes(data)
    (tmp_path / "models/dead.onnx").write_bytes(data)
    result = check(archlint, path, "--base", "HEAD")
    if fetched:
        assert (result.exit_code, codes(result), result.stderr) == (0, [], "")
    else:
        assert (result.exit_code, codes(result)) == (1, ["GRF007"])
        assert "nothing to compare with, the earlier version: this is a Git LFS pointer" in result.stderr
        assert "Traceback" not in result.output


def test_a_pointer_then_and_now_is_told(archlint, tmp_path, history) -> None:
    (tmp_path / "big.onnx").write_bytes(pointer_to(b"x"))
    history()
    result = archlint("check", "big.onnx", "--base", "HEAD", "-o", "concise")
    assert (result.exit_code, codes(result)) == (1, ["IO001"])


def test_what_was_broken_before_is_not_new(archlint, tmp_path, history) -> None:
    (tmp_path / "big.onnx").write_bytes(b"\xff\xff")
    history()
    result = archlint("check", "big.onnx", "--base", "HEAD", "-o", "concise")
    assert (result.exit_code, codes(result)) == (0, [])
    assert "nothing to compare with" in result.stderr


def test_base_from_below_and_with_odd_names(archlint, write, tmp_path, history, monkeypatch) -> None:
    text = GOOD.replace("y = Conv", "z = Relu (x) y = Conv")
    names = ["a b/ä.onnx", "a b/-x.onnx", "a b/[x]*.onnx", "a b/it's:1.onnx"]
    for name in names:
        write(name, text)
    history()
    monkeypatch.chdir(tmp_path / "a b")
    assert codes(check(archlint, ".")) == ["GRF007"] * 4
    result = check(archlint, ".", "--base", "HEAD")
    assert (result.exit_code, codes(result)) == (0, []), result.output


WIDE = GOOD.replace("[4, 3, 1, 1]", "[6, 3, 1, 1]").replace("[1, 4, 8", "[1, 6, 8")


def weighted(path: str) -> None:
    """Make a weight of what is an input in the text."""
    model = onnx.load(path)
    sizes = [d.dim_value for d in model.graph.input[1].type.tensor_type.shape.dim]
    del model.graph.input[1:]
    model.graph.initializer.append(numpy_helper.from_array(np.ones(sizes, np.float32), "w"))
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("key", "before", "now"),
    [
        ("macs", "768", "1,152"),
        ("mult", "768", "1,152"),
        ("mults", "768", "1,152"),
        ("adds", "512", "768"),
        ("params", "12", "18"),
        ("file-size", None, None),
        ("peak-activation", "1,792", "2,304"),
    ],
)
@pytest.mark.parametrize("base", ["HEAD~1", "old.onnx", "old"])
def test_growth(archlint, write, tmp_path, history, key, before, now, base) -> None:
    weighted(write("model.onnx", GOOD))
    weighted(write("old.onnx", GOOD))
    weighted(write("old/model.onnx", GOOD))
    history()
    weighted(write("model.onnx", WIDE))
    history()

    def run(limit: str):
        setting = f"budget.{key}-increase={limit}"
        return archlint(
            "check", "model.onnx", "--base", base, "--config", setting, "-o", "concise", "--select", "BUD"
        )

    grown = run('"2%"')
    assert (grown.exit_code, codes(grown)) == (1, ["BUD050"]), grown.output
    if before is not None:
        assert f"BUD050 error {key} grew from {before} to {now}" in grown.stdout
    assert run('"60%"').exit_code == 0
    assert run('"100 KB"').exit_code == 0
    assert run("1").exit_code == 1


def test_growth_that_cannot_be_judged_is_told(archlint, write, tmp_path) -> None:
    write("old.onnx", GOOD)
    write("new.onnx", "g (x) => (y) { y = NonZero (x) z = Relu (y) }")
    result = archlint(
        "check",
        "new.onnx",
        "--base",
        "old.onnx",
        "--config",
        'budget.peak-activation-increase="2%"',
        "--select",
        "BUD",
    )
    assert "peak-activation-increase was not judged, peak-activation now is unknown" in result.stderr


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("budget.macs=767", "BUD001"),
        ("budget.macs=768", None),
        ("budget.layer-macs='0.7K'", "BUD001"),
        ("budget.mult=767", "BUD0"),
        ("budget.mults=768", None),
        ("budget.params=11", "BUD0"),
        ("budget.params=12", None),
        ("budget.file-size='100 B'", "BUD0"),
        ("budget.file-size='1 MB'", None),
        ("budget.peak-activation='1 KiB'", "BUD003"),
        ("budget.peak-activation='64 MB'", None),
        ("policy.opset='>=13,<=16'", "PRT015"),
        ("policy.opset='17'", None),
        ("policy.ir-version='<=9'", "PRT015"),
        ("policy.ir-version='<=10'", None),
        ("policy.banned-ops=['Conv']", "PRT016"),
        ("policy.banned-ops=['Co*','com.microsoft::*']", "PRT016"),
        ("policy.banned-ops=['Loop']", None),
        ("policy.allowed-domains=['ai.onnx.ml']", "PRT017"),
        ("policy.allowed-domains=['', 'ai.onnx.ml']", None),
        ("policy.required-metadata=['license']", "PRT018"),
        ("policy.required-metadata=['author']", None),
        ("policy.node-name='^[a-z]+$'", "PRT019"),
        ("policy.node-name='^[A-Za-z_0-9]*$'", None),
    ],
)
def test_budget_and_policy(archlint, write, setting, code) -> None:
    path = write("model.onnx", GOOD.replace("y = Conv", "[Conv_1] y = Conv"))
    weighted(path)
    model = onnx.load(path)
    model.metadata_props.add(key="author", value="me")
    onnx.save(model, path)
    result = archlint("check", "model.onnx", "--config", setting, "-o", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()][:-1]
    found = [row["code"] for row in rows if row["code"][:3] in {"BUD", "PRT"}]
    assert result.exit_code == (1 if code else 0), result.output
    assert [c[: len(code or "")] for c in found] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('opset = "newest"', "archlint.toml:2: [policy] 'opset' must be conditions such as"),
        ('ir-version = ">=1,,"', "archlint.toml:2: [policy] 'ir-version' must be conditions"),
        ('node-name = "["', "archlint.toml:2: [policy] 'node-name' is no regular expression: "),
        ("banned-ops = 3", "[policy] banned-ops: option 'banned' of PRT016 must be"),
        ('oppset = "17"', "[policy] unknown key 'oppset' (did you mean 'opset'?)"),
    ],
)
def test_policy_that_cannot_be_read(archlint, write, tmp_path, text, message) -> None:
    write("model.onnx", GOOD)
    (tmp_path / "archlint.toml").write_text(f"[policy]\n{text}\n")
    result = archlint("check", "model.onnx")
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
