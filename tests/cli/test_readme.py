"""What the README and the pages show is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = [
    pytest.param(command, output, id=f"{page}: {command}")
    for page in ("README.md", "docs/checking.md", "docs/yaml.md")
    for command, output in re.findall(
        r"```text\n\$ archlint (.*?)\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL
    )
]


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_shown(command: str, output: str, archlint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    arguments = shlex.split(command)
    caches = ["--no-cache"] if arguments[0] == "check" else []
    result = archlint(*arguments, *caches)
    printed = [line.rstrip() for line in (result.stdout + result.stderr).splitlines()]
    assert printed == [line.rstrip() for line in output.splitlines()]


def test_there_is_something_to_compare() -> None:
    assert len(SHOWN) >= 4
