"""External data: only a regular file in the model's folder is ever opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto

from archlint.errors import LoadError
from archlint.loaders import Options, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUES = np.arange(4, dtype=np.float32)


def outside(location: str | bytes, name: str = "w", **entries: object) -> TensorProto:
    proto = TensorProto(name=name, data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        proto.external_data.add(key=key, value=str(value))
    return proto


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder of a model with good and bad neighbours, and a secret outside."""
    (tmp_path / "secret.bin").write_bytes(VALUES.tobytes())
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "w.bin").write_bytes(VALUES.tobytes())
    (folder / "sub" / "w.bin").write_bytes(VALUES.tobytes())
    (folder / "inside.bin").symlink_to("sub/w.bin")
    (folder / "link.bin").symlink_to("../secret.bin")
    (folder / "way").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    (folder / "twin.bin").write_bytes(VALUES.tobytes())
    os.link(folder / "twin.bin", folder / "twin2.bin")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 5000000\n"
    (folder / "pointer.bin").write_text(pointer)
    return folder


def read(stored: Callable[..., Path], house: Path, proto: TensorProto, **options: object) -> list[float]:
    path = stored(initializers=[proto], path="model/m.onnx")
    model = load(path, options=Options(**options))
    found: list[float] = model.graph.weights["w"].array().tolist()
    return found


@pytest.mark.parametrize("location", ["w.bin", "sub/w.bin", "./sub/w.bin", "inside.bin"])
def test_what_is_inside_is_read(stored: Callable[..., Path], house: Path, location: str) -> None:
    assert read(stored, house, outside(location)) == VALUES.tolist()


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("gone.bin", "IO007"),
        ("w.bin/x", "IO009"),
        ("../secret.bin", "IO008"),
        ("sub/../../secret.bin", "IO008"),
        ("/etc/passwd", "IO008"),
        ("C:\\secret.bin", "IO008"),
        ("c:secret.bin", "IO008"),
        ("..\\secret.bin", "IO008"),
        ("w.bin\0.png", "IO008"),
        ("", "IO008"),
        ("x" * 5000, "IO008"),
        ("x" * 300, "IO009"),
        ("link.bin", "IO008"),
        ("way/secret.bin", "IO008"),
        ("loop", "IO009"),
        ("pipe", "IO009"),
        ("sub", "IO009"),
        (".", "IO008"),
        ("twin.bin", "IO008"),
        ("pointer.bin", "IO001"),
    ],
)
def test_the_rest_is_refused(stored: Callable[..., Path], house: Path, location: str, code: str) -> None:
    with pytest.raises(LoadError) as caught:
        read(stored, house, outside(location))
    assert caught.value.code == code
    assert "initializer 'w'" in caught.value.message


def test_a_hard_link_can_be_allowed(stored: Callable[..., Path], house: Path) -> None:
    assert read(stored, house, outside("twin.bin"), hard_links=True) == VALUES.tolist()


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"offset": 4}, "needs bytes 4..20 of 'w.bin', file has 16"),
        ({"offset": 2**63 - 1}, "file has 16"),
        ({"length": 2**63 - 1, "offset": 8}, "file has 16"),
        ({"offset": 2**64 + 1}, "offset '18446744073709551617' of its data is not a number"),
        ({"offset": -4}, "offset '-4' of its data is not a number"),
        ({"offset": "\u0661"}, "is not a number"),
        ({"length": 12}, "needs 16 bytes (float32 [4]), has 12"),
    ],
)
def test_the_stretch_must_fit(
    stored: Callable[..., Path], house: Path, entries: dict[str, object], words: str
) -> None:
    with pytest.raises(LoadError) as caught:
        read(stored, house, outside("w.bin", **entries))
    assert caught.value.code == "IO011"
    assert words in caught.value.message


def test_a_cache_of_models_keeps_links_beside_each_other(stored: Callable[..., Path], tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots"
    blobs.mkdir()
    snapshot.mkdir()
    stored(initializers=[outside("w.bin")], path="blobs/aaaa")
    (blobs / "bbbb").write_bytes(VALUES.tobytes())
    (snapshot / "m.onnx").symlink_to("../blobs/aaaa")
    (snapshot / "w.bin").symlink_to("../blobs/bbbb")
    weights = load(snapshot / "m.onnx").graph.weights
    assert weights["w"].array().tolist() == VALUES.tolist()


def test_one_missing_file_is_one_problem(stored: Callable[..., Path]) -> None:
    model = load(stored(initializers=[outside("gone.bin", f"w{i}") for i in range(12)]))
    assert not model.problems  # nobody has asked for a number yet
    for weight in model.graph.weights.values():
        with pytest.raises(LoadError):
            weight.statistics()
        assert weight.small_values() is None
    (problem,) = model.problems
    assert problem.code == "IO007"
    assert problem.notes == ("shape and cost checks go on; weight rules skipped for 12 tensors",)


def test_nothing_is_opened_for_structure(stored: Callable[..., Path], monkeypatch) -> None:
    path = stored(initializers=[outside("gone.bin")])
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda p, *a, **k: opened.append(os.fspath(p)) or real(p, *a, **k))
    load(path)
    assert opened == [str(path)]
