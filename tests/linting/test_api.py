"""The interface that plugins are written against: a change of it is a change of this file."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from archlint import api

SNAPSHOT = Path(__file__).parents[1] / "data" / "api.json"


def signatures() -> dict[str, object]:
    """Names and signatures of archlint.api, and of the methods of what it gives to rules."""
    found: dict[str, object] = {}
    for name in sorted(api.__all__):
        value = getattr(api, name)
        if inspect.isclass(value) and value.__module__.startswith("archlint"):
            members = {
                n: str(inspect.signature(m)) if inspect.isfunction(m) else "attribute"
                for n, m in inspect.getmembers(value)
                if not n.startswith("_") and not hasattr(BaseException, n)
            }
            found[name] = members
        elif inspect.isfunction(value):
            found[name] = str(inspect.signature(value))
        else:
            found[name] = "value"
    return found


def test_nothing_is_taken_away() -> None:
    known = json.loads(SNAPSHOT.read_text())
    now = signatures()
    gone = known.keys() - now.keys()
    assert not gone, f"removed from archlint.api: {sorted(gone)}"
    changed = [
        f"{name}.{member}: {before} -> {now[name].get(member)}"
        for name, members in known.items()
        if isinstance(members, dict)
        for member, before in members.items()
        if now[name].get(member) != before
    ]
    changed += [f"{n}: {k} -> {now[n]}" for n, k in known.items() if not isinstance(k, dict) and now[n] != k]
    assert not changed, "plugins rely on these; if the change is meant, write tests/data/api.json anew"


def test_every_name_exists_and_is_documented() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    bare = [
        n for n in api.__all__ if inspect.isfunction(getattr(api, n)) and not inspect.getdoc(getattr(api, n))
    ]
    assert bare == []


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(signatures(), indent=1) + "\n")


def test_check_tells_what_loading_noticed(tmp_path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    value = helper.make_tensor_value_info
    weight = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    weight.raw_data = weight.raw_data[:-6]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [value("x", TensorProto.FLOAT, [1, 4])],
        [value("y", TensorProto.FLOAT, [1, 4])],
        [weight],
    )
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    found = api.check(tmp_path / "m.onnx")
    assert [f.code for f in found] == ["IO011"]
