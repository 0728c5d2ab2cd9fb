"""The models in the documentation of the format load without a remark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archlint.analyses.incremental import Incremental
from archlint.api import analyse
from archlint.loaders.yaml import load_yaml

TEXT = (Path(__file__).parents[2] / "docs" / "yaml.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(
    ("block", "output"), list(zip(BLOCKS, ["[N, 10]", "[T, 1, N, 8]", "[N, 16, H, W//2]"], strict=True))
)
def test_block(block, output):
    model = load_yaml("docs.arch.yaml", block.encode(), Incremental)
    assert not model.problems
    shapes = analyse(model).shapes
    assert str(shapes.main.fact(next(iter(model.graph.outputs)))) == output
    assert not shapes.defects


@pytest.mark.parametrize(
    "layer", re.findall(r"`(\{op: [^`]*\})`", TEXT), ids=lambda layer: layer.partition(",")[0][5:]
)
def test_layer_in_the_prose(layer):
    text = f"archlint: 1\ninputs: {{x: [4, 4, 4]}}\nlayers:\n  - {layer}\n"
    assert len(load_yaml("docs.arch.yaml", text.encode(), Incremental).graph.nodes) == 1
