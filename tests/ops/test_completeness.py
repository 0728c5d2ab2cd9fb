"""Every operator that the onnx package knows, at every opset, has a definition and a cost or a reason."""

import inspect

import onnx

from archlint.ops import Operator, registry

REGISTRY = registry(plugins=False)
HISTORY = sorted({(s.domain, s.name, s.since_version) for s in onnx.defs.get_all_schemas_with_history()})
UNCOUNTED = {
    ("", "ImageDecoder"): "the work depends on the encoded image",
    ("", "MaxRoiPool"): "how many elements a cell compares depends on the regions",
    ("", "NonMaxSuppression"): "how many boxes are compared depends on the data",
    ("ai.onnx.ml", "SVMClassifier"): "kernels are not counted",
    ("ai.onnx.ml", "SVMRegressor"): "kernels are not counted",
    ("ai.onnx.ml", "TreeEnsemble"): "the path through a tree depends on the data",
    ("ai.onnx.ml", "TreeEnsembleClassifier"): "the path through a tree depends on the data",
    ("ai.onnx.ml", "TreeEnsembleRegressor"): "the path through a tree depends on the data",
    ("ai.onnx.preview.training", "Gradient"): "the work is that of the graph, differentiated",
    ("com.microsoft", "BeamSearch"): "decoding stops where the data says so",
    ("com.microsoft", "GreedySearch"): "decoding stops where the data says so",
    ("com.microsoft", "PackedAttention"): "what attends to what depends on the lengths of the sequences",
    (
        "com.microsoft",
        "PackedMultiHeadAttention",
    ): "what attends to what depends on the lengths of the sequences",
    ("com.microsoft", "Sampling"): "decoding stops where the data says so",
    ("com.microsoft", "Unique"): "the work depends on the data",
    ("com.microsoft", "WhisperBeamSearch"): "decoding stops where the data says so",
}


def test_every_version_of_every_schema_has_a_definition():
    found = {key: REGISTRY.find(*key) for key in HISTORY}
    assert [key for key, cls in found.items() if cls is None or cls.outputs is Operator.outputs] == []


def never_counts(cls):
    """True when ``cost`` is missing or does nothing but return None."""
    if cls.cost is Operator.cost:
        return True
    body = [line.strip() for line in inspect.getsource(cls.cost).splitlines()]
    return body[-1] == "return None" and not any(line.startswith(("if ", "for ")) for line in body)


def test_what_is_never_counted_stands_in_the_table_with_its_reason():
    found = set()
    for domain, name in REGISTRY.names():
        cls = REGISTRY.find(domain, name, 10_000)
        if never_counts(cls):
            found.add((domain, name))
    assert found == set(UNCOUNTED)


def is_free(cls):
    return inspect.getsource(cls.cost).strip().endswith(("return FREE", "return Cost()"))


MOVERS = """
BitCast Cast CastLike CenterCropPad Compress Concat ConcatFromSequence Constant ConstantOfShape
DepthToSpace Dropout Expand EyeLike Flatten Gather GatherElements GatherND Identity MaxUnpool
NonZero OneHot Optional OptionalGetElement OptionalHasElement Pad Range Reshape ReverseSequence
SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Size
Slice SpaceToDepth Split SplitToSequence Squeeze TensorScatter Tile Transpose Trilu Unsqueeze
"""

FREE_OF_WORK = {
    *(("", n) for n in MOVERS.split()),
    *(
        ("ai.onnx.ml", n)
        for n in ["ArrayFeatureExtractor", "CastMap", "CategoryMapper", "DictVectorizer", "FeatureVectorizer"]
    ),
    *(("ai.onnx.ml", n) for n in ["LabelEncoder", "OneHotEncoder", "ZipMap"]),
    *(("com.microsoft", n) for n in ["ExpandDims", "GatherND", "Pad", "Trilu"]),
}


def test_what_is_free_moves_data_and_nothing_else():
    found = set()
    for domain, name in REGISTRY.names():
        cls = REGISTRY.find(domain, name, 10_000)
        if is_free(cls):
            found.add((domain, name))
    assert found == FREE_OF_WORK


def test_inputs_are_as_many_as_the_schema_takes():
    """The definition in force takes every number of inputs that the schema allows."""
    wrong = []
    for s in onnx.defs.get_all_schemas_with_history():
        found = REGISTRY.find(s.domain, s.name, s.since_version)
        few = found.required > s.min_input
        if few or (found.accepted is not None and found.accepted < min(s.max_input, 99)):
            wrong.append((s.domain, s.name, s.since_version, found.required, found.accepted))
    assert wrong == []
