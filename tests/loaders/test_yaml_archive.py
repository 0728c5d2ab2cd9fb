"""Weights from ``.npz`` files: shapes from headers, numbers when asked, broken files told by name."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.analyses.incremental import Incremental
from archlint.errors import LoadError
from archlint.loaders.yaml import load_yaml
from archlint.loaders.yaml_archive import Archive

HEAD = "archlint: 1\ninputs: {x: [N, 3]}\n"


def load(folder, text):
    return load_yaml(str(folder / "m.arch.yaml"), (HEAD + text).encode(), Incremental)


@pytest.fixture
def stored(tmp_path):
    arrays = {
        "l.W": np.arange(6, dtype=np.float64).reshape(2, 3),
        "l.B": np.ones(2, np.float16),
        "fc": np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3)),
        "text": np.array(["a", "b"]),
        "object": np.array([{}], dtype=object),
        "scalar": np.array(7),
    }
    np.savez_compressed(tmp_path / "w.npz", **arrays)
    return tmp_path, arrays


def test_a_model_takes_its_weights_by_name(stored):
    folder, arrays = stored
    weights = load(folder, "layers: [{name: l, op: Linear, out_features: 2}]\nweights: w.npz\n").graph.weights
    for name in ("l.W", "l.B"):
        assert weights[name].dtype == arrays[name].dtype
        assert (weights[name].array() == arrays[name]).all()


def test_a_layer_takes_them_by_key_and_shape_from_the_file(stored):
    folder, arrays = stored
    text = "layers: [{name: l, op: Gemm, transB: 1, weights: {file: w.npz, keys: {B: fc, C: l.B}}}]\n"
    weights = load(folder, text).graph.weights
    assert {n: w.shape for n, w in weights.items()} == {"l.B": (2, 3), "l.C": (2,)}
    assert (weights["l.B"].array() == arrays["fc"]).all()


@pytest.mark.parametrize(
    "init", ["{W: {file: w.npz, key: fc}}", "{W: w.npz}", "{W: {file: w.npz}}"], ids=["key", "word", "no-key"]
)
def test_init_takes_them_too(stored, init):
    folder, arrays = stored
    model = load(folder, f"layers: [{{name: l, op: Linear, out_features: 2, init: {init}}}]\n")
    assert (model.graph.weights["l.W"].array() == arrays["fc"]).all()


def test_what_the_file_has_completes_a_layer(stored):
    folder, _ = stored
    np.savez(folder / "c.npz", **{"c.W": np.zeros((4, 3, 2, 2), np.float32)})
    text = "archlint: 1\ninputs: {x: [1, 3, 8, 8]}\nlayers: [{name: c, op: Conv}]\nweights: c.npz\n"
    model = load_yaml(str(folder / "m.yaml"), text.encode())
    assert model.graph.nodes[0].inputs == ("x", "c.W")
    assert model.graph.weights["c.W"].shape == (4, 3, 2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: [{name: l, op: Linear, out_features: 5}]\nweights: w.npz\n", r"\[5, 3\], the weights file has \[2, 3\]"),
        ("layers: [{name: l, op: Linear, weights: {file: w.npz, keys: {W: nothing}}}]\n", "'w.npz' has no tensor 'nothing'"),
        ("layers: [{name: l, op: Linear, weights: {file: w.npz, keys: {W: text}}}]\n", "'<U1' is no plain number"),
        ("layers: [{name: l, op: Linear, weights: {file: w.npz, keys: {W: object}}}]\n", "is no plain number"),
    ],
    ids=["shape", "key", "text", "pickle"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(stored, text, message):
    with pytest.raises(LoadError, match=message) as caught:
        load(stored[0], text)
    assert caught.value.code == "YML008"
    assert caught.value.line is not None


def test_a_missing_file_is_told_once_and_the_shapes_remain(tmp_path):
    text = "layers: [{name: l, op: Linear, out_features: 2}, {name: m, op: Linear, out_features: 2}]\nweights: w.npz\n"
    model = load(tmp_path, text)
    assert [(p.code, p.line, p.column) for p in model.problems] == [("IO007", 4, 10)]
    assert model.graph.weights["m.W"].shape == (2, 2)
    assert not model.graph.weights["m.W"].described


def test_numbers_that_end_early_are_told_when_they_are_read(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(100))
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("l.W.npy", (tmp_path / "a.npy").read_bytes()[:300].replace(b"(100,)", b"(2,3) "))
        archive.writestr("l.B.npy", (tmp_path / "a.npy").read_bytes()[:140].replace(b"(100,)", b"(2,)  "))
    model = load(tmp_path, "layers: [{name: l, op: Linear, out_features: 2}]\nweights: w.npz\n")
    assert model.graph.weights["l.W"].array().shape == (2, 3)
    with pytest.raises(LoadError, match=r"needs 16 bytes .* has 12") as caught:
        model.graph.weights["l.B"].array()
    assert caught.value.code == "IO011"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_is_an_error_of_ours(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    np.savez(folder / "w.npz", a=np.arange(6.0), b=np.zeros((2, 2), np.int8))
    raw = bytearray((folder / "w.npz").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (folder / "w.npz").write_bytes(
        raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    )
    try:
        archive = Archive(str(folder), "w.npz")
        for key in archive.keys:
            member = archive.get(key)
            if member is not None:
                assert member.load(key).shape == member.shape
    except LoadError:
        pass
