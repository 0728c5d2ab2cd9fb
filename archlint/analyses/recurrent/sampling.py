"""Which tensors of a calibrated run each cell reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent.calibration import Sample, sample_of
from archlint.errors import ArchlintError

SEPARATOR = "\n"
"""Between the parts of an inner tensor's name, as the loaders' taps read them."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from archlint.analyses.analysis import Analysis
    from archlint.analyses.dataflow import Origin
    from archlint.analyses.recurrent.decomposed import Found
    from archlint.analyses.recurrent.operators import Site

    Array: TypeAlias = np.ndarray[Any, Any]


class Samples:
    """Calibration inputs by cell; ``problem`` says why a run could not be made."""

    def __init__(self, analysis: Analysis, sites: Sequence[Site], found: Sequence[Found]) -> None:
        self.analysis = analysis
        self.problem: str | None = None
        self.arrays: Mapping[str, Array] = {}
        calibration = analysis.calibration
        if calibration is None:
            return
        self.arrays = dict(calibration.arrays)
        names = [n for site in sites for n in (self._name(site, i) for i in (0, 4, 5, 6)) if n]
        names += [n for f in found for n in (self._feeding(s) for s in f.sources) if n]
        graph = analysis.model.graph
        inputs = graph.inputs.keys() - graph.weights.keys()
        given = inputs & self.arrays.keys()
        direct = self.arrays.keys() & {*names, *(s.step.node.label for s in sites)}
        if calibration.execute is not None and given and not inputs - self.arrays.keys():
            try:
                self.arrays = {**calibration.execute(analysis.model.path, names, self.arrays), **self.arrays}
            except ArchlintError as error:
                self.problem = error.message
        elif not direct:
            missing = ", ".join(sorted(inputs - self.arrays.keys())) or "none"
            self.problem = (
                f"the calibration arrays ({', '.join(sorted(self.arrays)) or 'none'}) are neither all inputs of "
                f"the model (missing: {missing}) nor the input of a cell"
            )

    def _name(self, site: Site, index: int) -> str:
        name = site.name(index)
        return behind(self.analysis, self.analysis.dataflow.origin(name, site.scope)) if name else ""

    def operator(self, site: Site, index: int) -> Sample | None:
        """What direction ``index`` of a recurrent operator was fed."""
        first = bool(attributes(site.scope, site.step.node).get("layout", 0))
        names = [site.step.node.label, *(self._name(site, i) for i in (0, 5, 6, 4))]
        x = names[0] if names[0] in self.arrays else names[1]
        sample = sample_of(self.arrays, x, *names[2:], batch_first=first)
        if sample is None:
            return None
        states = [
            None if s is None or s.ndim != 3 else s[:, index] if first else s[index]
            for s in (sample.h, sample.c)
        ]
        fitting = [s if s is not None and len(s) == sample.x.shape[1] else None for s in states]
        lengths = sample.lengths
        if lengths is not None and lengths.shape != (sample.x.shape[1],):
            lengths = None
        return Sample(sample.x, fitting[0], fitting[1], lengths)

    def decomposed(self, found: Found) -> Sample | None:
        """What a decomposed cell was fed, when its x is one tensor of the main graph."""
        import numpy as np

        label = found.update.step.node.label
        parts = [label] if label in self.arrays else [self._feeding(s) for s in found.sources]
        arrays = [self.arrays.get(p) for p in parts]
        if not arrays or any(a is None or a.ndim not in (2, 3) for a in arrays):
            return None
        x = np.concatenate([a for a in arrays if a is not None], axis=-1)
        if x.ndim == 3 and found.count > 1 and x.shape[0] != found.count == x.shape[1]:
            x = x.swapaxes(0, 1)
        if x.ndim == 3 and any(s.op == "ReverseSequence" for s in found.sources):
            x = x[::-1]  # the run gives it turned round already, and a reverse cell turns it once more
        return sample_of({"x": x}, "x")

    def _feeding(self, source: Origin) -> str:
        """The main graph's tensor that becomes ``source``: itself, or what a Scan or Loop is given."""
        if not source.scope.path or source.step is not None:
            return behind(self.analysis, source)
        above = self.analysis.dataflow.caller(source.scope)
        names = list(source.scope.graph.inputs)
        if above is None or source.name not in names or above[1].node.op_type not in {"Scan", "Loop"}:
            return behind(self.analysis, source)
        at = names.index(source.name)
        inputs = above[1].node.inputs
        outer = self.analysis.dataflow.origin(inputs[at], above[0]) if at < len(inputs) else None
        return "" if outer is None else behind(self.analysis, outer)


def behind(analysis: Analysis, origin: Origin) -> str:
    """The name under which a run can give a tensor; inner tensors are named by the bodies they lie in.

    Empty for tensors of a function, which a run does not show.
    """
    parts, scope = [origin.name], origin.scope
    while scope.path:
        above = analysis.dataflow.caller(scope)
        if above is None or scope.outer is None or not above[1].node.outputs:
            return ""
        body = next((k for k, g in above[1].node.bodies.items() if g is scope.graph), None)
        if body is None:
            return ""
        parts[:0] = [above[1].node.outputs[0], body]
        scope = above[0]
    return SEPARATOR.join(parts)
