"""The table of findings that no rule makes: code, name, severity, documentation.

Documentation has the form of a rule's docstring, so that ``archlint rule CODE`` shows both alike.
"""

from __future__ import annotations

TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "IO001",
        "git-lfs-pointer",
        "error",
        """A Git LFS pointer stands where the model should be.

The repository was cloned without its large files: the file holds a few lines of text with the
digest and the size of the model. Most readers say "wire format was corrupt".

What to do: ``git lfs pull --include=PATH``; in GitHub Actions use actions/checkout with
``lfs: true``.

Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md""",
    ),
    (
        "IO002",
        "conflicted-lfs-pointer",
        "error",
        """A Git LFS pointer with merge conflict markers in it.

Two branches changed the model and the merge was committed half done.

What to do: choose a side (``git checkout --ours PATH`` or ``--theirs``), then ``git add PATH``.

Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md""",
    ),
    (
        "IO003",
        "empty-file",
        "error",
        """A model file with no bytes in it.

ONNX's own reader takes an empty file for a model without nodes, so nothing else complains.

What to do: export or download the file again.

Source: https://protobuf.dev/programming-guides/encoding/""",
    ),
    (
        "IO004",
        "web-page",
        "error",
        """A web page was saved under the name of a model.

A download that needs a login, or the page that shows the file in place of the file.

What to do: use the link to the raw file, and log in first.

Source: https://html.spec.whatwg.org/multipage/syntax.html#the-doctype""",
    ),
    (
        "IO005",
        "another-file-format",
        "error",
        """A file of another kind: PyTorch, TensorFlow Lite, HDF5, safetensors, GGUF, an archive...

It is recognised by its first bytes and never unpickled or unpacked.

What to do: convert it to ONNX; the message names the usual tool.

Source: https://onnx.ai/supported-tools.html""",
    ),
    (
        "IO006",
        "damaged-onnx",
        "error",
        """An ONNX file that breaks off or whose bytes are no protobuf message.

The message says where the structure ends; a download or a copy was usually cut short.

What to do: compare the size with the original and fetch the file again.

Source: https://protobuf.dev/programming-guides/encoding/""",
    ),
    (
        "IO007",
        "external-data-missing",
        "error",
        """A weight is stored in a side file that is not there.

Models above 2 GiB, and exports of some tools, keep their weights in a file beside the model.
Shapes and costs are still analysed; rules that read weights are skipped for these tensors.

What to do: copy the side file into the model's folder, under the name in the message.

Source: https://onnx.ai/onnx/repo-docs/ExternalData.html""",
    ),
    (
        "IO008",
        "external-data-escapes",
        "error",
        """A weight points to a file outside the model's folder, through ``..``, a link or an absolute path.

A model that somebody else made could so read any file of the machine that loads it. archlint
does not follow such a path.

What to do: store the side file beside the model.

Source: https://nvd.nist.gov/vuln/detail/CVE-2024-27318""",
    ),
    (
        "IO009",
        "unreadable-file",
        "error",
        """A file that cannot be opened, or that is no regular file.

A missing permission, a folder, a socket, a named pipe.

What to do: look at the path and its permissions.

Source: https://docs.python.org/3/library/os.html#os.open""",
    ),
    (
        "IO010",
        "over-limit",
        "error",
        """A file larger or more deeply nested than archlint's limits, or than protobuf's 2 GiB.

The limits keep an analysis of a hostile file finite; each has an option.

What to do: store large weights as external data, or raise the limit that the message names.

Source: https://protobuf.dev/programming-guides/proto-limits/""",
    ),
    (
        "IO011",
        "external-data-too-short",
        "error",
        """A weight's side file is shorter than the bytes it is said to hold.

The side file belongs to another version of the model, or its copy was cut short.

What to do: fetch model and side file together.

Source: https://onnx.ai/onnx/repo-docs/ExternalData.html""",
    ),
    (
        "INT001",
        "rule-crashed",
        "error",
        """A rule raised an exception: a fault in the rule, not in the model.

The other rules were run and their findings stand, but the check is incomplete and archlint ends
with status 2.

What to do: report it to the rule's author with the message; ``--ignore CODE`` leaves the rule out.

Source: archlint's own engine.""",
    ),
    (
        "INT002",
        "analysis-failed",
        "error",
        """archlint itself failed while it analysed a model.

A fault in archlint, not in the model; the other files were analysed and archlint ends with
status 2. ``--debug`` shows where.

What to do: report it with the model, or with the part of it that can be shown.

Source: archlint's own engine.""",
    ),
    (
        "BUD050",
        "cost-increase",
        "error",
        """A model that grew by more than the project allows since an earlier version.

``--base REV|FILE|DIR`` names the earlier version, ``[budget]`` of the configuration how much is
allowed: ``mult-increase = "2%"``, or a number. A cost with symbols counts as grown too much only
if it is so for every value of them.

What to do: find the layer with ``archlint report``, or allow the growth in the configuration.

Source: archlint's cost conventions.""",
    ),
    (
        "CFG010",
        "unused-suppression",
        "warning",
        """A suppression that suppresses nothing.

The defect was repaired or the code is misspelt; left in place it would hide the next one.

What to do: remove the comment, or the code from it.

Source: archlint's own suppressions.""",
    ),
    (
        "CFG011",
        "bare-suppression",
        "warning",
        """A suppression that names no code, or one that does not exist.

It has no effect: a suppression always says what it hides, ``# archlint: ignore[RNN001] reason``.

What to do: name the codes.

Source: archlint's own suppressions.""",
    ),
)
