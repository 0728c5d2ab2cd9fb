"""The hook as pre-commit runs it, in a git repository made for the occasion."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
MANIFEST = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 102530333\n".format("4d7a2146" * 8)


class Repository:
    """A git repository with the hook of the manifest, run by the interpreter that runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT", "ARCHLINT"))}
        given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = os.pathsep.join(os.path.abspath(p) for p in given if p)
        who = {f"GIT_{w}_{k}": "test@example.org" for w in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        home = {"PRE_COMMIT_HOME": str(folder.parent / "pre-commit-home"), "PYTHONPATH": path}
        self.environment = {**keep, **who, **nowhere, **home}
        self.git("init", "-q")
        (system,) = [h for h in MANIFEST if h["id"] == "archlint-system"]
        entry = system["entry"].replace("archlint", f"{sys.executable} -m archlint", 1)
        config = {"repos": [{"repo": "local", "hooks": [{**system, "entry": entry}]}]}
        (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def git(self, *arguments: str) -> None:
        done = self.run("git", *arguments)
        assert not done.returncode, done.stderr

    def hook(self) -> tuple[int, str]:
        """Status and output of the hook over everything that is staged."""
        self.git("add", "-A")
        done = self.run(sys.executable, "-m", "pre_commit", "run", "--color", "never")
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    pytest.importorskip("pre_commit")
    folder = tmp_path / "repository"
    folder.mkdir()
    return Repository(folder)


def test_manifest_is_valid():
    pytest.importorskip("pre_commit")
    for command, name in [
        ("validate-manifest", ".pre-commit-hooks.yaml"),
        ("validate-config", ".pre-commit-config.yaml"),
    ]:
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", command, str(ROOT / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_both_hooks_say_the_same_but_for_their_environment():
    python, system = MANIFEST
    assert (python["id"], python["language"]) == ("archlint", "python")
    assert (system["id"], system["language"]) == ("archlint-system", "system")
    for key in ("entry", "files", "require_serial", "stages", "minimum_pre_commit_version"):
        assert python[key] == system[key]


def test_a_good_model_passes(repository):
    for name in ("crnn.onnx", "lstm_healthy.arch.yaml"):
        shutil.copy(FIXTURES / name, repository.folder)
    status, output = repository.hook()
    assert status == 0, output
    assert "Passed" in output


@pytest.mark.parametrize("form", [".onnx", ".arch.yaml"])
def test_a_bad_model_fails_with_its_code(repository, form):
    shutil.copy(FIXTURES / f"wrong_channels{form}", repository.folder)
    shutil.copy(FIXTURES / "conv5x5.onnx", repository.folder)
    status, output = repository.hook()
    assert status == 1
    assert "SHP010" in output
    assert "256" in output
    assert "512" in output
    assert "\x1b[" not in output


def test_an_lfs_pointer_is_not_mistaken_for_a_model(repository):
    (repository.folder / "models").mkdir()
    (repository.folder / "models" / "big.onnx").write_text(POINTER)
    status, output = repository.hook()
    assert status == 1
    assert "IO001" in output
    assert "git lfs pull" in output


def test_a_commit_with_a_bad_model_is_stopped(repository):
    done = repository.run(sys.executable, "-m", "pre_commit", "install")
    assert done.returncode == 0, done.stderr
    shutil.copy(FIXTURES / "lstm_healthy.onnx", repository.folder)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "a good model")
    shutil.copy(FIXTURES / "wrong_channels.onnx", repository.folder)
    repository.git("add", "-A")
    done = repository.run("git", "commit", "-m", "a bad model")
    assert done.returncode == 1
    assert "SHP010" in done.stdout + done.stderr


def test_files_that_are_no_models_are_left_alone(repository):
    (repository.folder / "config.yaml").write_text("a: 1\n")
    (repository.folder / "weights.bin").write_bytes(b"\0" * 64)
    status, output = repository.hook()
    assert status == 0
    assert "no files to check" in output


PROJECT_RULE = '''"""The project's own rules."""
from archlint.api import Findings, Node, rule


@rule("ACM001", on="LSTM")
def bare_cell(cell: Node) -> Findings:
    """A cell that this project does not want."""
    yield "no bare LSTM here"
'''


def test_the_system_hook_runs_the_projects_own_rule(repository):
    (repository.folder / "tools").mkdir()
    (repository.folder / "tools" / "our_rules.py").write_text(PROJECT_RULE)
    (repository.folder / "archlint.toml").write_text('local-rules = ["tools/our_rules.py"]\n')
    shutil.copy(FIXTURES / "lstm_healthy.onnx", repository.folder)
    status, output = repository.hook()
    assert status == 1, output
    assert "ACM001 warning[bare-cell]: no bare LSTM here" in output
    (repository.folder / "archlint.toml").write_text("")
    status, output = repository.hook()
    assert status == 0, output


def test_the_system_hook_runs_an_installed_plugin(repository, tmp_path):
    info = tmp_path / "site" / "acme_archlint-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-archlint\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[archlint.rules]\nacme = acme_rules\n")
    (tmp_path / "site" / "acme_rules.py").write_text(PROJECT_RULE)
    path = [str(tmp_path / "site"), *filter(None, [repository.environment["PYTHONPATH"]])]
    repository.environment["PYTHONPATH"] = os.pathsep.join(path)
    shutil.copy(FIXTURES / "lstm_healthy.onnx", repository.folder)
    status, output = repository.hook()
    assert status == 1, output
    assert "ACM001" in output


def test_what_the_project_excludes_is_not_checked(repository):
    (repository.folder / "archlint.toml").write_text('exclude = ["old/"]\n')
    (repository.folder / "old").mkdir()
    shutil.copy(FIXTURES / "wrong_channels.onnx", repository.folder / "old")
    status, output = repository.hook()
    assert status == 0, output
