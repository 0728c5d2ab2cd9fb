"""Numbers of every element type, in every place a TensorProto can keep them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from archlint.errors import LoadError, WeightsUnread
from archlint.loaders import Limits, Options, load
from archlint.loaders.tensors import BLOCK, spread
from archlint.model.dtypes import ONNX_CODES
from archlint.model.statistics import of_block

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archlint.model import Weight

NUMERIC = {
    name: code
    for code, name in ONNX_CODES.items()
    if code in helper.get_all_tensor_dtypes() and name != "string"
}
"""Element types that the installed onnx knows."""


def sample(code: int, shape: tuple[int, ...]) -> np.ndarray:
    dtype = helper.tensor_dtype_to_np_dtype(code)
    rng = np.random.default_rng(code)
    raw = rng.normal(scale=2, size=shape)
    if ONNX_CODES[code].startswith("complex"):
        return (raw + 1j * rng.normal(size=shape)).astype(dtype)
    if ONNX_CODES[code].startswith(("u", "float8e8")):
        raw = np.abs(raw)
    return raw.astype(np.float32).astype(dtype)


def equal(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def first(path: Path, **options: Any) -> Weight:
    return next(iter(load(path, options=Options(**options)).graph.weights.values()))


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (5, 3), (60, 70)], ids=str)
@pytest.mark.parametrize("place", ["raw", "typed", "external"])
@pytest.mark.parametrize("name", NUMERIC)
def test_numbers_are_what_onnx_reads(
    stored: Callable[..., Path], tmp_path: Path, name: str, place: str, shape: tuple[int, ...]
) -> None:
    array = sample(NUMERIC[name], shape)
    proto = numpy_helper.from_array(array, "w")
    if place == "typed":
        values = array.reshape(-1)
        proto = helper.make_tensor("w", NUMERIC[name], shape, values)
        assert not proto.raw_data
    elif place == "external":
        (tmp_path / "w.bin").write_bytes(b"head" + proto.raw_data)
        external_data_helper.set_external_data(proto, "w.bin", 4, len(proto.raw_data))
        proto.ClearField("raw_data")
    weight = first(stored(initializers=[proto]))
    assert (weight.dtype, weight.shape) == (name, shape)
    assert equal(weight.array(), numpy_helper.to_array(proto, str(tmp_path)))
    assert not weight.array().flags.writeable


def test_strings(stored: Callable[..., Path]) -> None:
    proto = helper.make_tensor("w", TensorProto.STRING, [3], [b"a", "\u00e9".encode(), b"\xff"])
    assert first(stored(initializers=[proto])).array().tolist() == ["a", "\u00e9", "\\xff"]


def test_a_sparse_tensor_is_as_large_as_it_says(stored: Callable[..., Path]) -> None:
    values = numpy_helper.from_array(np.array([1.5, 2.5], np.float32), "w")
    flat = helper.make_sparse_tensor(values, numpy_helper.from_array(np.array([1, 5]), "i"), [2, 3])
    rows = helper.make_sparse_tensor(values, numpy_helper.from_array(np.array([[0, 1], [1, 2]]), "i"), [2, 3])
    for sparse in (flat, rows):
        weight = first(stored(sparse=[sparse]))
        assert weight.shape == (2, 3)
        assert weight.array().tolist() == [[0, 1.5, 0], [0, 0, 2.5]]
    huge = helper.make_sparse_tensor(
        values, numpy_helper.from_array(np.array([1, 5]), "i"), [1 << 30, 1 << 30]
    )
    with pytest.raises(LoadError, match="sparse and would fill"):
        first(stored(sparse=[huge])).array()
    wrong = helper.make_sparse_tensor(values, numpy_helper.from_array(np.array([1, 6]), "i"), [2, 3])
    with pytest.raises(LoadError, match="do not fit"):
        first(stored(sparse=[wrong])).array()


def wrong(**fields: Any) -> TensorProto:
    return TensorProto(**{"name": "w", "data_type": 1, "dims": [2, 2], **fields})


@pytest.mark.parametrize(
    ("proto", "words"),
    [
        (wrong(raw_data=bytes(15)), "needs 16 bytes (float32 [2, 2]), has 15"),
        (wrong(raw_data=bytes(17)), "has 17"),
        (wrong(), "has 0"),
        (wrong(raw_data=bytes(8000)), "has 8,000"),
        (wrong(dims=[1 << 62, 1 << 62], raw_data=bytes(16)), "has 16"),
        (wrong(float_data=[1, 2, 3]), "holds 3 values in float_data, its shape [2, 2] needs 4"),
        (wrong(int32_data=[1, 2, 3, 4]), "has 0"),
        (wrong(dims=[-1, -4], raw_data=bytes(16)), "negative size"),
        (wrong(data_type=99, raw_data=bytes(16)), "no known element type"),
        (wrong(data_type=8, raw_data=bytes(16)), "string tensor with raw bytes"),
        (wrong(data_type=8), "holds 0 values in string_data"),
    ],
    ids=[
        "short", "long", "none", "skimmed", "huge", "typed", "other field", "negative", "type", "string",
        "no strings",
    ],
)  # fmt: skip
def test_wrong_contents_cost_the_numbers_alone(
    stored: Callable[..., Path], proto: TensorProto, words: str
) -> None:
    model = load(stored(initializers=[proto]))
    weight = model.graph.weights["w"]
    for ask in (weight.array, weight.statistics, weight.array):
        with pytest.raises(LoadError) as caught:
            ask()
        assert caught.value.code == "IO011"
        assert words in caught.value.message
    assert weight.small_values() is None
    assert [p.code for p in model.problems] == ["IO011"]


@pytest.mark.parametrize("place", ["small", "inline", "mapped", "external"])
def test_statistics_are_those_of_the_whole(tmp_path: Path, stored: Callable[..., Path], place: str) -> None:
    count = {"small": 100, "inline": 1 << 20}.get(place, 5 << 20)
    array = np.random.default_rng(1).normal(size=count).astype(np.float32)
    array[[7, count - 3]] = np.nan, np.inf
    array[50] = 0
    proto = numpy_helper.from_array(array, "w")
    if place == "external":
        (tmp_path / "w.bin").write_bytes(proto.raw_data)
        external_data_helper.set_external_data(proto, "w.bin")
        proto.ClearField("raw_data")
    seen = first(stored(initializers=[proto])).statistics()
    assert seen == of_block(array)
    assert (seen.nan, seen.inf, seen.first_nan, seen.first_inf, seen.zeros) == (1, 1, 7, count - 3, 1)


def test_reading_a_large_weight_keeps_memory_flat(tmp_path: Path, stored: Callable[..., Path]) -> None:
    proto = TensorProto(name="w", data_type=1, dims=[1 << 24])
    with (tmp_path / "w.bin").open("wb") as file:
        os.truncate(file.fileno(), 1 << 26)
    proto.data_location = TensorProto.EXTERNAL
    proto.external_data.add(key="location", value="w.bin")
    weight = first(stored(initializers=[proto]))
    assert max(block.nbytes for _, block in weight.blocks()) <= BLOCK
    assert sum(block.size for _, block in weight.blocks()) == 1 << 24


def test_no_weight_is_read_when_none_may_be(stored: Callable[..., Path]) -> None:
    path = stored(initializers=[numpy_helper.from_array(np.ones(2000, np.float32), "w")])
    model = load(path, options=Options(weights="none"))
    for ask in (model.graph.weights["w"].array, model.graph.weights["w"].statistics):
        with pytest.raises(WeightsUnread):
            ask()
    assert not model.problems


def test_a_large_model_is_sampled(stored: Callable[..., Path]) -> None:
    small = numpy_helper.from_array(np.ones(100, np.float32), "small")
    large = numpy_helper.from_array(np.ones(8 * BLOCK // 4, np.float32), "large")
    path = stored(initializers=[small, large])
    weights = load(path, options=Options(limits=Limits(weight_bytes=3 * BLOCK))).graph.weights
    assert not weights["small"].statistics().sampled
    seen = weights["large"].statistics()
    assert seen.sampled
    assert seen.count == 2 * BLOCK // 4  # what the small one leaves of three blocks
    with pytest.raises(WeightsUnread):
        weights["large"].array()
    all_of_it = load(path, options=Options("all", Limits(weight_bytes=3 * BLOCK))).graph.weights
    assert all_of_it["large"].statistics().count == 8 * BLOCK // 4


@given(st.integers(0, 50 * BLOCK), st.integers(1, 50 * BLOCK))
@settings(max_examples=300)
def test_blocks_are_spread_and_whole_when_allowed(total: int, limit: int) -> None:
    starts = list(spread(total, limit))
    assert starts == sorted(set(starts))
    assert all(0 <= s < max(total, 1) and s % BLOCK == 0 for s in starts)
    if limit >= total:
        assert len(starts) == -(-total // BLOCK)
    elif limit >= BLOCK:
        assert len(starts) * BLOCK <= limit


def test_constants_are_weights(stored: Callable[..., Path]) -> None:
    make = helper.make_node
    tensor = numpy_helper.from_array(np.array([1.0, 2.0], np.float32))
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(1, np.float32), "v"), numpy_helper.from_array(np.array([1]), "i"), [3]
    )
    nodes = [
        make("Constant", [], ["a"], value=tensor, name="named"),
        make("Constant", [], ["b"], value_float=2.5),
        make("Constant", [], ["c"], value_ints=[1, 2, 3]),
        make("Constant", [], ["d"], value_string="hi"),
        make("Constant", [], ["e"], sparse_value=sparse),
        make("Constant", [], ["f"]),
        make("Constant", [], ["g"]),
        make("Constant", [], ["h"], domain="other", value_int=1),
    ]
    nodes[5].attribute.add(name="value_floats", type=onnx.AttributeProto.FLOATS)
    graph = load(stored(nodes)).graph
    assert [n.op_type for n in graph.nodes] == ["Constant", "Constant"]  # g says nothing, h is another's
    shown = {n: (w.dtype, w.shape, w.array().tolist(), w.node) for n, w in graph.weights.items()}
    assert shown == {
        "a": ("float32", (2,), [1.0, 2.0], "named"),
        "b": ("float32", (), 2.5, "#1"),
        "c": ("int64", (3,), [1, 2, 3], "#2"),
        "d": ("string", (), "hi", "#3"),
        "e": ("float32", (3,), [0.0, 1.0, 0.0], "#4"),
        "f": ("float32", (0,), [], "#5"),
    }


def test_a_constant_whose_value_comes_from_the_call_stays_a_node(stored: Callable[..., Path]) -> None:
    node = helper.make_node("Constant", [], ["k"])
    node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR, ref_attr_name="k")
    function = helper.make_function("d", "F", [], ["k"], [node], [helper.make_opsetid("", 18)], ["k"])
    model = load(stored(functions=[function]))
    (found,) = model.functions["d", "F", ""].graph.nodes
    assert found.attrs["value"].name == "k"
