"""Execution: an ONNX file run by onnxruntime up to tensors inside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from archlint.errors import UsageError
from archlint.loaders.taps import SEPARATOR, tapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def read_arrays(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file by name; raises `UsageError` for anything else."""
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise UsageError(f"{os.fspath(path)}: not an .npz file of named arrays")
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{os.fspath(path)}: cannot be read as .npz: {error}") from error


def execute(path: str, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The tensors ``names`` when the inputs of the main graph are ``arrays``; inner ones as `taps` name them.

    An array with one axis more than its input holds several samples; they are run one by one and
    their results joined along the batch axis 1 (axis 0 for tensors of fewer than three). Raises
    `UsageError` without onnxruntime, for missing inputs, or when the run fails.
    """
    import onnx

    try:
        import onnxruntime
    except ImportError:
        message = "calibration by graph inputs runs the model"
        raise UsageError(message, help="pip install 'archlint[ort]', or give the cell's own input") from None
    import numpy as np

    model = onnx.load(path)
    made = {name for node in model.graph.node for name in node.output}
    stored = {t.name for t in model.graph.initializer}
    inputs = {i.name: i for i in model.graph.input if i.name not in stored}
    missing = [name for name in inputs if name not in arrays]
    if missing:
        message = f"calibration gives no array for input '{missing[0]}'"
        raise UsageError(message, help=f"the inputs are {', '.join(inputs)}")
    inner = {name: tapped(model.graph, name) for name in dict.fromkeys(names) if SEPARATOR in name}
    wanted = [name for name in dict.fromkeys(names) if name in made] + list(inner)
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=inner.get(name, name)) for name in wanted)
    found = {name: np.asarray(arrays[name]) for name in names if name in inputs}
    if not wanted:
        return found
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        asked = [inner.get(name, name) for name in wanted]
        runs = [session.run(asked, feed) for feed in _feeds(session, inputs, arrays)]
    except Exception as error:
        message = f"onnxruntime cannot run the model on the calibration data: {error}"
        raise UsageError(message) from error
    for k, name in enumerate(wanted):
        # a branch that a run did not take leaves nothing
        parts = [run[k] for run in runs if name not in inner or run[k].size] or [runs[0][k]]
        axis = {3: 1, 4: 2}.get(parts[0].ndim, 0)
        found[name] = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=axis)
    return found


def _feeds(
    session: Any, inputs: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> list[dict[str, Any]]:
    import numpy as np
    from onnx import helper

    samples = 1
    feeds: dict[str, tuple[NDArray[Any], bool]] = {}
    for name, info in inputs.items():
        tensor = info.type.tensor_type
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        array: np.ndarray[Any, Any] = np.asarray(arrays[name]).astype(dtype, copy=False)
        many = tensor.HasField("shape") and array.ndim == len(tensor.shape.dim) + 1
        samples = max(samples, len(array) if many else 1)
        feeds[name] = (array, many)
    read = {i.name for i in session.get_inputs()}
    return [
        {n: a[k % len(a)] if many else a for n, (a, many) in feeds.items() if n in read}
        for k in range(samples)
    ]
