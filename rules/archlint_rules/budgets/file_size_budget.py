from archlint.api import Findings, Model, rule

PROTOBUF = 2**31


@rule("BUD005", on=Model, severity="error")
def file_size_budget(model: Model, *, limit: int | None = None) -> Findings:
    """A model file that is larger than the project, or the format, allows.

    ``limit`` is a number of bytes. Without it only files near 2 GiB are told, which protobuf cannot
    hold: their weights belong in side files (external data).

    Source: https://onnx.ai/onnx/repo-docs/ExternalData.html (models over 2 GB)

    Example: built in the tests
    """
    size = model.nbytes
    if size is None:
        return
    if limit is not None and size > limit:
        yield model.graph.at().says(f"file has {size:,} bytes, the budget is {limit:,}", bytes=size)
    elif model.format == "onnx" and size >= PROTOBUF:
        yield model.graph.at().says(
            f"file has {size:,} bytes, protobuf ends at {PROTOBUF:,}",
            hint="store the weights as external data",
            bytes=size,
        )
