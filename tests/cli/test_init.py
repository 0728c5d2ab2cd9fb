"""``archlint init``: files that work as written."""

from __future__ import annotations

import pytest
import yaml


def test_files(archlint, tmp_path) -> None:
    result = archlint("init", "--hook", "--ci", "github", "--yaml")
    assert result.exit_code == 0, result.output
    written = {line.split()[1] for line in result.stdout.splitlines() if line.startswith("wrote")}
    assert written == {
        "archlint.toml",
        ".pre-commit-config.yaml",
        ".github/workflows/archlint.yml",
        "example.arch.yaml",
    }
    (tmp_path / "archlint.toml").write_text((tmp_path / "archlint.toml").read_text().replace("# ", ""))
    for name in (".pre-commit-config.yaml", ".github/workflows/archlint.yml"):
        assert isinstance(yaml.safe_load((tmp_path / name).read_text()), dict)
    again = archlint("init", "--ci", "gitlab")
    assert "kept archlint.toml (it exists)" in again.stdout
    assert (tmp_path / ".gitlab-ci.yml").exists()


def test_the_starter_configuration_is_valid(archlint, tmp_path) -> None:
    archlint("init", "--yaml")
    text = (tmp_path / "archlint.toml").read_text().splitlines()
    (tmp_path / "archlint.toml").write_text("\n".join(line.removeprefix("# ") for line in text[1:]))
    assert archlint("config", "validate").stdout.endswith("archlint.toml: valid\n")
    assert archlint("config", "get", "budget.mult").stdout.startswith('"4.2G"')
    result = archlint("check", "--isolated")
    assert result.exit_code == 0, result.output


def test_a_plugin(archlint, tmp_path, monkeypatch) -> None:
    result = archlint("init", "--rule", "acm")
    assert result.exit_code == 0
    tested = archlint("test-rules", "acm-archlint/acm_archlint")
    assert (tested.exit_code, tested.stdout) == (0, "1 rules, 2 examples, 0 problems\n"), tested.output


@pytest.mark.parametrize("prefix", ["a", "abcde", "A1", "../x", "äö"])
def test_a_prefix_that_is_none(archlint, prefix) -> None:
    assert archlint("init", "--rule", prefix).exit_code == 2
