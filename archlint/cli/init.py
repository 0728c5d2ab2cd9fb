"""``archlint init``: starter files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.help import Helpful
from archlint.cli.shared import given_globally, shared
from archlint.errors import ArchlintError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archlint.linting import Linted

MARGIN = 36
NAME = ".archlint-baseline.json"

CONFIG = """\
# archlint's settings for the models below this folder. 'archlint config show' prints what holds.
fail-on = "warning"

# exclude = ["third_party/"]
# ignore = ["PRF"]

[dims]
# N = 1

[severity]
# RNN001 = "error"

[budget]
# mult = "4.2G"
# params = "26M"
# mult-increase = "2%"      # against 'archlint check --base REV'

[policy]
# opset = ">=13,<=21"
# banned-ops = ["Loop", "com.microsoft::*"]
"""
ACCEPTED = 'baseline = ".archlint-baseline.json"\n'
HOOK = """\
  - repo: local
    hooks:
      - id: archlint
        name: archlint
        entry: archlint check --force-exclude
        language: system
        files: '(\\.onnx|\\.onnxtxt|\\.arch\\.ya?ml)$'
        require_serial: true
"""
GITHUB = """\
name: archlint
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  archlint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          lfs: true
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install archlint
      - run: archlint check --output github
"""
GITLAB = """\
archlint:
  image: python:3.12
  variables:
    GIT_LFS_SKIP_SMUDGE: "0"
  script:
    - pip install archlint
    - archlint check --output full --output gitlab=gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""
MODEL = """\
archlint: 1
name: example
inputs:
  image: [N, 3, 32, 32]
layers:
  - {name: conv, op: Conv, out_channels: 16, kernel: 3, pad: 1}
  - Relu
  - GlobalAveragePool
  - Flatten
  - {name: head, op: Linear, out_features: 10}
"""
RULE = '''\
from archlint.api import Findings, Node, rule


@rule("{code}", on="Conv")
def {name}(conv: Node, *, largest: int = 7) -> Findings:
    """A convolution with a kernel that is larger than this project wants.

    Say here why it matters. ``largest`` is the size that is still allowed.

    Source: name the page or the paper that says so

    Bad: {{op: Conv, kernel_shape: [9, 9]}}
    Good: {{op: Conv, kernel_shape: [3, 3]}}
    """
    if max(conv.attrs.get("kernel_shape", (1,))) > largest:
        yield conv.at("attribute kernel_shape").warning(f"kernel larger than {{largest}}")
'''
PLUGIN = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{package}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["archlint"]

[project.entry-points."archlint.rules"]
{name} = "{module}"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""
RULE_TEST = """\
import {module}
import pytest
from archlint.testing import check_rule, rules_of


@pytest.mark.parametrize("rule", rules_of({module}), ids=lambda rule: rule.code)
def test_rule(rule):
    check_rule(rule)
"""


@click.command(
    "init",
    cls=Helpful,
    short_help="Write starter files into this folder.",
    examples=(
        ("archlint init --hook --ci github", "a project that checks its models"),
        ("archlint init --rule ACM", "a package for rules of your own"),
    ),
)
@click.option("--hook", is_flag=True, help="A hook for pre-commit.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    metavar="HOST",
    help="A job for continuous integration: github or gitlab.",
)
@click.option("--baseline", is_flag=True, help="Accept what is found now, so that only new findings fail.")
@click.option("--yaml", "model", is_flag=True, help="A model written in YAML.")
@click.option("--rule", "prefix", metavar="PREFIX", help="A plugin with one rule: --rule ACM gives ACM001.")
@shared
@click.pass_context
def command(
    ctx: click.Context, /, *, hook: bool, ci: str | None, baseline: bool, model: bool, prefix: str | None
) -> None:
    """Write starter files into this folder; nothing that exists is overwritten."""
    found = _Found([], {}, 0)
    if prefix is None:
        try:
            found = _look(ctx.obj)
        except ArchlintError:
            if baseline:
                raise
    if baseline:
        _accept(found)
    for path, text, note in _files(
        hook=hook, ci=ci, baseline=baseline, model=model, prefix=prefix, found=found
    ):
        if os.path.exists(path):
            click.echo(f"kept {path} (it exists)")
            if path == "archlint.toml" and baseline:
                click.echo(f"  add to it: {ACCEPTED}", nl=False)
            if path == ".pre-commit-config.yaml":
                click.echo(f"  add to its 'repos':\n{HOOK}", nl=False)
            continue
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        click.echo(f"wrote {path}".ljust(MARGIN) + note if note else f"wrote {path}")
    if found.findings and not os.path.exists(NAME):
        noun = "finding" if found.findings == 1 else "findings"
        click.echo(
            f"{found.findings:,} existing {noun}: run 'archlint check --write-baseline' to accept them "
            "and fail only on new ones"
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The models below this folder: what is said of them, the largest counts among them."""

    files: list[Linted]
    largest: dict[str, int]
    findings: int


def _look(given: dict[str, Any]) -> _Found:
    """Check and measure every model below this folder; a count that is not a number everywhere is left out."""
    from archlint.api import analyse, load
    from archlint.cli.check import check_file
    from archlint.linting.discover import discover
    from archlint.linting.session import Session

    session = Session(given_globally(given))
    paths = [p for p in discover(os.curdir, session.include) if not session.excluded(p)]
    files = [check_file(path, session) for path in paths]
    counts: dict[str, list[Any]] = {"mult": [], "params": []}
    for path in paths:
        try:
            costs = analyse(load(path)).costs
        except ArchlintError:
            continue
        counts["mult"].append(None if costs.uncounted else costs.total.mults)
        stored = costs.parameters
        counts["params"].append(stored.learned + stored.statistics + stored.quantization + stored.scalars)
    largest = {
        key: max(sizes) for key, sizes in counts.items() if sizes and all(isinstance(s, int) for s in sizes)
    }
    return _Found(files, largest, sum(len(f.findings) for f in files))


def _accept(found: _Found) -> None:
    """Write a baseline of what is found in every model below this folder."""
    from archlint.linting.baseline import Baseline

    if os.path.exists(NAME):
        click.echo(f"kept {NAME} (it exists)")
        return
    new = Baseline(NAME).accept(found.files)
    new.write()
    count = len(new.entries)
    noun = f"{count} finding{'s'[: count != 1]} of {len(found.files)} models"
    click.echo(f"wrote {NAME}".ljust(MARGIN) + f"({noun})")


def _config(found: _Found, *, baseline: bool) -> tuple[str, str]:
    """The configuration and what is said of it: budgets are a tenth above what the models take now."""
    text = CONFIG.replace("\n\n", f"\n{ACCEPTED}\n", 1) if baseline else CONFIG
    sample = {"mult": '# mult = "4.2G"', "params": '# params = "26M"'}
    for key, largest in found.largest.items():
        text = text.replace(sample[key], f"{key} = {-(-largest * 11 // 10)}")
    count = len(found.files)
    models = f"{count:,} model{'s'[: count != 1]}"
    return text, f"(default rules{f', budgets measured from {models} + 10 %' if found.largest else ''})"


def _files(
    *, hook: bool, ci: str | None, baseline: bool, model: bool, prefix: str | None, found: _Found
) -> Iterator[tuple[str, str, str]]:
    """Path, text and a remark of each file."""
    if prefix is not None:
        if not (2 <= len(prefix) <= 4 and prefix.isascii() and prefix.isalpha()):
            raise UsageError(f"--rule {prefix}: not two to four letters")
        name = prefix.lower()
        module = f"{name}_archlint"
        folder = f"{name}-archlint"
        values = {"name": name, "module": module, "package": folder}
        yield f"{folder}/pyproject.toml", PLUGIN.format(**values), f"(next: pip install ./{folder})"
        yield f"{folder}/{module}/__init__.py", f'"""Rules of {folder}."""\n\nARCHLINT_API = 1\n', ""
        rule = RULE.format(code=f"{prefix.upper()}001", name="oversized_kernel")
        yield f"{folder}/{module}/oversized_kernel.py", rule, f"(archlint rule {prefix.upper()}001)"
        yield f"{folder}/tests/test_rules.py", RULE_TEST.format(**values), ""
        return
    yield "archlint.toml", *_config(found, baseline=baseline)
    if hook:
        yield ".pre-commit-config.yaml", f"repos:\n{HOOK}", "(1 hook)          next: pre-commit install"
    if ci == "github":
        yield ".github/workflows/archlint.yml", GITHUB, ""
    elif ci == "gitlab":
        yield ".gitlab-ci.yml", GITLAB, ""
    if model:
        yield "example.arch.yaml", MODEL, "(archlint report example.arch.yaml)"
