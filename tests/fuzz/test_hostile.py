"""A few hundred hostile models: findings or refusals, never a traceback (`session.py` runs for longer)."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest

from archlint.api import LoadError, analyse
from archlint.linting import Context, lint
from archlint.linting.session import Session
from archlint.loaders import Options, load
from archlint.reporting.report_json import report


def _hostile():
    spec = importlib.util.spec_from_file_location("hostile_models", Path(__file__).with_name("hostile.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hostile = _hostile()
BOMBS = dict(hostile.bombs())


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


def survives(path: Path, session: Session) -> None:
    context = Context(lambda name, weights: load(name, options=Options(weights)), session.catalogue)
    found = lint(str(path), session.plan(str(path)), context)
    assert not [f.message for f in found.findings if f.code in {"INT001", "INT002"}], found.tracebacks
    try:
        report(analyse(path))
    except LoadError as error:
        assert error.code.startswith("IO")  # noqa: PT017 - a refusal is as good as a report


@pytest.mark.parametrize("seed", range(6))
def test_what_no_exporter_would_write(tmp_path: Path, session: Session, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(25):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(hostile.model(rng).SerializeToString())
        survives(path, session)


@pytest.mark.parametrize("name", BOMBS)
def test_what_asks_for_a_great_deal(tmp_path: Path, session: Session, name: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(BOMBS[name])
    survives(path, session)
