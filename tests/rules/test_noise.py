"""What every default rule says about healthy models, judged by hand."""

from __future__ import annotations

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
