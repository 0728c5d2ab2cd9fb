"""What every default rule says about healthy models, judged by hand."""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path

import onnx
import pytest

from archlint.api import Settings, analyse, collect, run

RULES = [r for r in collect(plugins=False) if r.default]
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

BLOB = "gpu_0/imagenet1k_blobs_queue_"
JUDGED = {
    # the queue that fed training images is stored as a 1x1 tensor and listed as an input; no node reads it
    "light_resnet50": [("unused-initializer", BLOB)],
    "light_zfnet512": [("unused-initializer", BLOB)],
}
"""Findings at warning or above by model: the rule and a word of the message; each one is true."""

SHIPPED: dict[str, tuple[int, set[str]]] = {
    # mel spectrograms and resamplers as graphs: shapes are computed, filters are constants
    "onnx_asr": (
        29,
        {
            "foldable-constant",  # the resamplers compute their filters when they are loaded
            "identity-operator",  # wespeaker casts float32 to float32
            "zero-filter",  # the sine of frequency 0 in a Fourier basis
        },
    ),
    # the loudness and the window are computed from constants; three additions of a stored 0
    "swift_f0": (1, {"foldable-constant", "neutral-arithmetic"}),
}
"""Packages of the test extra that ship real models: how many, and the remarks they earn.

Nothing at warning or above is found in them: onnxruntime loads and runs each one.
"""
AT_MOST = 5
"""Findings of any severity for one of these models."""

NODE_CASES = {
    "dead-node": "expanded Attention functions keep the branches that a case does not need",
    "unused-input": "the second input of CastLike only lends its type; expanded, nothing reads it",
    "checkerboard": "ConvTranspose with kernel 3 and stride 2",
    "batchnorm-in-training-mode": "cases of the training mode",
}
"""Warnings on ONNX's own operator cases, and why each is true."""
EVERY = int(os.environ.get("ARCHLINT_EVERY", "4"))
"""Which part of the operator cases is run: 1 for all of them."""


def worse_than_remarks(path):
    outcome = run(analyse(path), RULES, Settings())
    assert not outcome.crashed
    return [f for f in outcome.findings if f.severity != "info"]


@pytest.mark.parametrize("path", sorted(LIGHT.glob("*.onnx")), ids=lambda p: p.stem)
def test_light_networks(path):
    found = worse_than_remarks(path)
    judged = JUDGED.get(path.stem, [])
    assert [f.name for f in found] == [name for name, _ in judged]
    assert all(word in f.message for f, (_, word) in zip(found, judged, strict=True))


def shipped(package: str) -> list[Path]:
    """The models inside an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed: pip install archlint[test]")
    return sorted(Path(spec.submodule_search_locations[0]).rglob("*.onnx"))


@pytest.mark.parametrize("package", SHIPPED)
def test_models_that_packages_ship(package):
    count, remarks = SHIPPED[package]
    paths = shipped(package)
    assert len(paths) == count
    told: set[str] = set()
    for path in paths:
        outcome = run(analyse(path), RULES, Settings())
        assert not outcome.crashed
        assert [(f.name, f.message) for f in outcome.findings if f.severity != "info"] == []
        assert len(outcome.findings) <= AT_MOST, path
        told |= {f.name for f in outcome.findings}
    assert told == remarks


def test_operator_cases_of_onnx(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = [case for case in collect_testcases(None) if case.model is not None]
    assert len(cases) > 1000
    told = set()
    errors = []
    path = tmp_path / "model.onnx"
    for case in cases[::EVERY]:
        path.write_bytes(case.model.SerializeToString())
        for finding in worse_than_remarks(path):
            told.add(finding.name)
            if finding.severity == "error":
                errors.append((case.name, finding.code, finding.message))
    assert errors == []
    assert told <= set(NODE_CASES)
