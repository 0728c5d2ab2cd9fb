"""A long run over hostile models: ``python tests/fuzz/session.py SECONDS [SEED]``; prints what broke.

Nothing here is timed in the test suite. Each model goes through `lint`, `report` and every output
format; an exception, a crash of a rule (INT001), of archlint (INT002) or a model that takes more
than ten seconds is written to ``fuzz-found/`` with its message.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile

PATIENCE = 10.0


def check(path: str) -> list[str]:
    """What is wrong with how archlint treats a file."""
    from archlint.api import LoadError, analyse
    from archlint.linting import Context, lint
    from archlint.linting.session import Session
    from archlint.loaders import Options, load
    from archlint.reporting.report_json import report

    session = check.__dict__.setdefault("session", None) or Session()
    check.__dict__["session"] = session
    context = Context(lambda name, weights: load(name, options=Options(weights)), session.catalogue)
    found = lint(path, session.plan(path), context)
    wrong = [f"{f.code} {f.message}" for f in found.findings if f.code in {"INT001", "INT002"}]
    try:
        report(analyse(path))
    except LoadError:
        pass
    except Exception as error:  # noqa: BLE001
        where = traceback.extract_tb(error.__traceback__)[-1]
        wrong.append(
            f"report: {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
        )
    if wrong and found.tracebacks:
        wrong.append(found.tracebacks[-1])
    return wrong


def _too_long(_number: int, _frame: object) -> None:
    message = "no end in sight"
    raise TimeoutError(message)


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 2, 8])):
        if changed:
            at = rng.randrange(len(changed))
            match rng.randrange(3):
                case 0:
                    changed[at] ^= 1 << rng.randrange(8)
                case 1:
                    changed[at] = rng.choice([0, 127, 128, 255])
                case _:
                    del changed[at : at + rng.randrange(1, 5)]
    return bytes(changed)


def main(seconds: float, seed: int) -> int:
    rng = random.Random(seed)
    signal.signal(signal.SIGALRM, _too_long)
    seen: Counter[str] = Counter()
    started, count = time.monotonic(), 0
    cases = hostile.bombs()
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "m.onnx")
    while time.monotonic() - started < seconds:
        named = next(cases, None)
        name, data = named or ("random", hostile.model(rng).SerializeToString())
        if named is None and rng.random() < 0.2:
            data = mutated(data, rng)
        with open(path, "wb") as file:
            file.write(data)
        count += 1
        before = time.process_time()
        signal.alarm(30)
        try:
            wrong = check(path)
        except Exception:  # noqa: BLE001
            wrong = [traceback.format_exc()]
        signal.alarm(0)
        spent = time.process_time() - before
        if spent > PATIENCE:
            wrong.append(f"{name} took {spent:.1f} s")
        if wrong and not seen[wrong[0][:70]]:
            os.makedirs("fuzz-found", exist_ok=True)
            target = os.path.join("fuzz-found", f"{seed}-{count}.onnx")
            with open(target, "wb") as file:
                file.write(data)
            print(target, name, *wrong, sep="\n  ", flush=True)
        if wrong:
            seen[wrong[0][:70]] += 1
    print(f"{count} models, {sum(seen.values())} with something wrong, of {len(seen)} kinds")
    return bool(seen)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
