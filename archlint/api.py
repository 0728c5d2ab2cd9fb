"""What a rule, a notebook or a test imports; everything here is stable.

>>> from archlint.api import analyse, load
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.analyses import Analysis, Defect, Scope, Shapes, Step
from archlint.analyses.recurrent import Cell, Gate, InputRange, Recurrence, Recurrent, Tiers, listed
from archlint.analyses.recurrent.calibration import Calibration
from archlint.analyses.recurrent.jacobian import (
    Extreme,
    GradientBound,
    Point,
    extreme_state,
    gate_jacobian,
    gates_at,
    gradient_bound,
    memory_jacobian,
    sigmoid_slope,
    state_jacobian,
    step_jacobian,
)
from archlint.errors import (
    ArchlintError,
    ConfigError,
    LoadError,
    RuleError,
    ShapeError,
    Undetermined,
    UsageError,
)
from archlint.linting import Finding, Findings, Outcome, Rule, Settings, collect, rule, run
from archlint.model import Draft, Fact, Function, Graph, Model, Node, Place, Weight, shape_text
from archlint.ops import Interval
from archlint.symbolic import Dim, bounds, is_known

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from archlint.loaders.options import Limits, Policy


def load(
    path: str | os.PathLike[str],
    *,
    weights: Policy = "auto",
    limits: Limits | None = None,
    data: bytes | None = None,
) -> Model:
    """The model in a file, ONNX or YAML; raises `LoadError`.

    ``weights`` says how much of their numbers may be read: ``auto``, ``all`` or ``none``. Beyond
    ``limits`` a file is refused. ``data`` is what stands in the file when it is not to be read there.
    """
    from archlint.analyses.incremental import Incremental
    from archlint.loaders import load as load_file
    from archlint.loaders.options import Limits, Options

    options = Options(weights=weights, limits=limits or Limits())
    return load_file(path, Incremental, options=options, data=data)


def analyse(model: Model | str | os.PathLike[str], **settings: Any) -> Analysis:
    """The lazy analyses of a model or of the file it is in."""
    return Analysis(model if isinstance(model, Model) else load(model), **settings)


def read_calibration(path: str | os.PathLike[str]) -> Calibration:
    """Calibration data out of an ``.npz`` file, for ``Analysis(..., calibration=...)``.

    Its arrays are named after the graph's inputs (the model is then run up to each cell by
    onnxruntime), or after the input tensor or the name of a cell. Raises `UsageError`.
    """
    from archlint.loaders.execute import execute, read_arrays

    return Calibration(read_arrays(path), execute, str(path))


def check(
    model: Model | Analysis | str | os.PathLike[str],
    rules: Iterable[Rule] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Findings of ``rules`` (default: every installed rule that is on) in a model.

    What loading noticed comes first (a weight whose bytes are missing), then the rules' own findings,
    worst first.
    """
    from archlint.linting.lint import noticed

    analysis = model if isinstance(model, Analysis) else analyse(model)
    chosen = [r for r in collect() if r.default] if rules is None else rules
    outcome = run(analysis, chosen, Settings(options=options or {}))
    return noticed(analysis.model.path, analysis.model, outcome)


__all__ = [
    "Analysis",
    "ArchlintError",
    "Calibration",
    "Cell",
    "ConfigError",
    "Defect",
    "Dim",
    "Draft",
    "Extreme",
    "Fact",
    "Finding",
    "Findings",
    "Function",
    "Gate",
    "GradientBound",
    "Graph",
    "InputRange",
    "Interval",
    "LoadError",
    "Model",
    "Node",
    "Outcome",
    "Place",
    "Point",
    "Recurrence",
    "Recurrent",
    "Rule",
    "RuleError",
    "Scope",
    "Settings",
    "ShapeError",
    "Shapes",
    "Step",
    "Tiers",
    "Undetermined",
    "UsageError",
    "Weight",
    "analyse",
    "bounds",
    "check",
    "collect",
    "extreme_state",
    "gate_jacobian",
    "gates_at",
    "gradient_bound",
    "is_known",
    "listed",
    "load",
    "memory_jacobian",
    "read_calibration",
    "rule",
    "run",
    "shape_text",
    "sigmoid_slope",
    "state_jacobian",
    "step_jacobian",
]
