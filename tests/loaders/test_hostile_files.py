"""Files made to hang, to exhaust the memory or to crash a reader: each is refused, quickly and by name."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import onnx
import pytest
from onnx import helper

from archlint.api import analyse
from archlint.errors import ConfigError, LoadError
from archlint.linting.baseline import read_baseline
from archlint.linting.config import find_config, read_config
from archlint.linting.discover import discover
from archlint.loaders import load
from archlint.loaders.files import contents
from archlint.loaders.outline import outline

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the file system knows no such files")


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


RELU = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu"))


def model(graph: bytes) -> bytes:
    return b"\x08\x09" + field(8, b"\x10\x12") + field(7, graph)


def deep(levels: int) -> bytes:
    """Bodies in bodies, large enough that a walker enters each: built so that nothing here recurses."""
    heads, size = [], 10_000
    for _ in range(levels):
        for head in (b"\x32", b"\x2a", b"\x0a"):
            heads.append(head + varint(size))
            size += len(heads[-1])
    return b"".join(reversed(heads)) + b"\x52\x8d\x4e" + bytes(9_997)


FILES = {
    "deep": (model(deep(100_000)), "nested more than 100 deep"),
    "groups": (b"\x08\x09" + b"\x4b" * 100_000 + b"\x4c" * 100_000, "nested more than 100 deep"),
    "nodes of nothing": (model(b"\x0a\x00" * 100_000), "none of 100,000 nodes says which operator it is"),
    "long varint": (b"\x08" + b"\xff" * 11, "no readable number"),
}


@pytest.mark.parametrize("name", FILES)
def test_refused(tmp_path: Path, name: str) -> None:
    data, words = FILES[name]
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(LoadError, match=words):
        load(tmp_path / "m.onnx")


def test_what_nothing_can_read_is_not_kept(tmp_path: Path) -> None:
    """Initializers, value infos and inputs without a name, by the hundred thousand."""
    empty = b"\x2a\x00" * 100_000 + b"\x7a\x00" * 100_000 + b"\x6a\x00" * 100_000 + b"\x5a\x00" * 100_000
    (tmp_path / "m.onnx").write_bytes(model(RELU + empty))
    graph = load(tmp_path / "m.onnx").graph
    assert len(graph.nodes) == 1
    assert not graph.weights
    assert len(graph.value_info) <= 1
    assert not graph.duplicates


def test_a_long_chain_of_constants_is_counted(tmp_path: Path) -> None:
    """What a stored tensor is for was asked of each reader in turn, one call inside the other."""
    nodes = [helper.make_node("Mul", [f"t{i}", f"t{i}"], [f"t{i + 1}"]) for i in range(3_000)]
    nodes.append(helper.make_node("Reshape", ["x", "t3000"], ["y"]))
    ends = [helper.make_tensor_value_info(n, 1, [1, 4]) for n in ("x", "y")]
    weights = [helper.make_tensor("t0", 7, [2], [3, 7])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (tmp_path / "m.onnx").write_bytes(proto.SerializeToString())
    assert analyse(tmp_path / "m.onnx").costs.parameters.learned == 0


SPECIAL = {
    "pipe": getattr(os, "mkfifo", os.mkdir),
    "device": lambda path: os.symlink("/dev/zero", path),
    "loop": lambda path: os.symlink(path, path),
    "folder": os.mkdir,
}


@posix
@pytest.mark.parametrize("kind", SPECIAL)
def test_files_that_settings_are_in(tmp_path: Path, kind: str) -> None:
    """Nothing beside a model is opened blindly either."""
    for name in ("archlint.toml", ".gitignore", "a.yaml", "base.json"):
        SPECIAL[kind](tmp_path / name)
    (tmp_path / "m.onnx").write_bytes(model(RELU))
    assert list(discover(str(tmp_path))) == [str(tmp_path / "m.onnx")]
    find_config(str(tmp_path))
    with pytest.raises(ConfigError, match=r"cannot read .*archlint\.toml"):
        read_config(str(tmp_path / "archlint.toml"))
    with pytest.raises(ConfigError, match=r"base\.json"):
        read_baseline(str(tmp_path / "base.json"))


def test_ignore_patterns_that_match_forever_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 40 + "b\n" + "[" * 5_000 + "\n" + "****\nskipped.onnx\n")
    for name in ("a" * 200 + ".onnx", "skipped.onnx"):
        (tmp_path / name).write_bytes(model(RELU))
    assert list(discover(str(tmp_path))) == [str(tmp_path / ("a" * 200 + ".onnx"))]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a sparse file")
def test_contents_stop_at_the_limit(tmp_path: Path) -> None:
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(LoadError, match=r"1\.1 TB are over the limit of 1\.0 kB"):
        contents(str(tmp_path / "huge"), 1000)


def test_names_that_are_no_text_can_be_compared() -> None:
    """Protobuf hands a name that is not UTF-8 over as bytes."""
    node = field(1, b"x") + field(2, b"\xff") + field(3, b"\xfename") + field(4, b"Relu")
    proto = onnx.ModelProto.FromString(model(field(1, node)))
    assert outline(proto) == [r"[\xfename] \xff = Relu(x)"]
