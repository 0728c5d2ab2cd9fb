"""Findings about YAML models that no rule makes; the rows have the form of `notices.TABLE`."""

from __future__ import annotations

YAML: tuple[tuple[str, str, str, str], ...] = (
    (
        "YML001",
        "yaml-syntax",
        "error",
        """A file that is not YAML.

The parser stopped at the place shown: text that is not UTF-8, a tab as indentation, a bracket or a
quote that is not closed, a value that needs quotes.

What to do: repair the line shown; quote text that holds ``: `` or starts with ``@``, ``%``, ``*`` or ``&``.

Source: https://yaml.org/spec/1.2.2/""",
    ),
    (
        "YML002",
        "yaml-value",
        "error",
        """A value of the wrong kind or out of range.

A word stands where a number should, a list where a name should, a negative size, an element type
that ONNX does not have. Scalars follow YAML 1.2: ``no`` and ``on`` are words, ``1e-3`` is a number.

What to do: write the kind of value that the message names.

Source: https://yaml.org/spec/1.2.2/#103-core-schema""",
    ),
    (
        "YML003",
        "yaml-unknown-key",
        "error",
        """A key that means nothing where it stands.

Usually a misspelt attribute. Keys that start with ``x-`` are ignored everywhere and can hold notes
and anchors.

What to do: use the key suggested, or one of those listed.

Source: https://onnx.ai/onnx/operators/""",
    ),
    (
        "YML004",
        "yaml-duplicate-key",
        "error",
        """A key given twice in one mapping.

Most YAML readers silently keep the last one.

What to do: keep one of the two.

Source: https://yaml.org/spec/1.2.2/#3213-node-comparison""",
    ),
    (
        "YML005",
        "yaml-no-model",
        "error",
        """A YAML file that is not a model.

A model starts with ``archlint: 1``, the version of the format, and is the only document of its file.

What to do: add the header, or leave the file out of the run.

Source: https://yaml.org/spec/1.2.2/#92-streams""",
    ),
    (
        "YML006",
        "yaml-reference",
        "error",
        """A layer that reads something which is not there.

``in`` names a layer above or an input of the model, or counts back (``-1`` is the layer before). An
output other than the first is ``name:1`` or ``name.Y_h``.

What to do: name a layer that comes before; the message says where a later one stands.

Source: https://onnx.ai/onnx/repo-docs/IR.html""",
    ),
    (
        "YML007",
        "yaml-feature",
        "error",
        """A part of YAML that models do not use.

Tags (``!!python/object``), keys that are lists or mappings, and ``<<`` with a list of mappings.

What to do: write the value plainly.

Source: https://yaml.org/spec/1.2.2/#691-node-tags""",
    ),
    (
        "YML008",
        "yaml-weights",
        "error",
        """Weights or initialisers that do not fit the layer.

A weights file that cannot be read or has no such tensor, a shape that is not the layer's, a list of
another length than the weight.

What to do: correct the shape or the key; the message has both.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html""",
    ),
    (
        "YML009",
        "yaml-expression",
        "error",
        """An expression that cannot be computed.

``$name`` is a parameter of the model or an argument of the block; numbers are combined with
``+ - * / // %``, ``min``, ``max``, ``ceil`` and ``floor``. In a shape a word without ``$`` is a symbol.

What to do: correct the name, or declare it under ``params``.

Source: https://docs.python.org/3/library/ast.html#ast.parse (how expressions are read; none is executed)""",
    ),
    (
        "YML010",
        "yaml-too-large",
        "error",
        """A YAML file over the limits.

8 MiB of text, 64 levels, 200,000 nodes with every alias expanded, 64 KiB in one scalar, 200,000
layers with every block and repetition written out. They keep a hostile file from filling the memory;
blocks that use each other would never end.

What to do: split the model, or store numbers in a .npz file.

Source: https://yaml.org/spec/1.2.2/#71-alias-nodes""",
    ),
    (
        "YML011",
        "yaml-unknown-operator",
        "error",
        """An operator that ONNX does not have, or not at this opset.

``op`` takes the names of ONNX operators and a closed table of familiar ones (Conv2d, Linear,
BatchNorm2d...).

What to do: use the name suggested; an operator outside ONNX is written ``domain::Name``.

Source: https://onnx.ai/onnx/operators/""",
    ),
    (
        "YML012",
        "yaml-said-twice",
        "error",
        """Two spellings of one thing in one layer.

A short key such as ``kernel`` beside ONNX's ``kernel_shape``, or ``weights`` beside
``out_channels``: if they differed, nobody could tell which one is meant.

What to do: keep one of them.

Source: https://onnx.ai/onnx/operators/""",
    ),
    (
        "YML013",
        "yaml-open-shape",
        "info",
        """A weight whose shape the layer leaves to an input of unknown size.

The weight stays open: shapes that depend on it are unknown and its parameters are not counted.

What to do: give ``in_channels``, ``in_features`` or ``input_size``, or a size to the axis.

Source: https://onnx.ai/onnx/operators/""",
    ),
    (
        "YML014",
        "yaml-duplicate-name",
        "error",
        """Two layers, or a layer and an input, with one name.

A tensor is made once (ONNX graphs are single-assignment), and layers name the tensors they make.

What to do: rename one of them.

Source: https://onnx.ai/onnx/repo-docs/IR.html""",
    ),
    (
        "YML016",
        "yaml-not-supported",
        "error",
        """A part of ONNX or of PyTorch that the YAML format does not write.

Bodies of If, Loop and Scan have no spelling yet, and familiar names stand for what one ONNX operator
does: ``AdaptiveAvgPool2d`` can only average everything.

What to do: write the operator in the form that the format has, or use an ONNX file.

Source: https://onnx.ai/onnx/operators/""",
    ),
    (
        "YML015",
        "yaml-incomplete",
        "error",
        """A model or a layer without something it needs.

No ``layers``, no ``op``, or an input of the operator that nothing gives.

What to do: add what the message names.

Source: https://onnx.ai/onnx/operators/""",
    ),
)
