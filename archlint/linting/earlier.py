"""Earlier versions of models, to report only what is new: from a git revision, a folder or a file."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import subprocess
import tempfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archlint.errors import ConfigError
from archlint.linting.finding import Finding, fingerprint
from archlint.linting.notice import notice
from archlint.symbolic import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import BinaryIO, Self

    from archlint.analyses import Analysis
    from archlint.symbolic import Dim

_POINTER = b"version https://git-lfs.github.com/spec/v1"
_STORED_BESIDE = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
"""Key and length of the name of a file with external data, as protobuf writes them."""
_NAMED_BESIDE = re.compile(rb"""[^\s"'\[\]{},:]+\.(?:npz|safetensors)\b""")
MAX_BESIDE = 64
_MAPPED = 16 << 20


class Earlier:
    """The versions of models at ``base``: a folder, a file, or a git revision; a context manager.

    Raises `ConfigError` when ``base`` is none of them.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.folder: str | None = None
        self.kind = "folder" if os.path.isdir(base) else "file" if os.path.isfile(base) else "revision"
        if self.kind == "revision":
            self._verify(os.curdir)

    def __enter__(self) -> Self:
        self.folder = tempfile.mkdtemp(prefix="archlint-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def of(self, path: str) -> str | None:
        """A file with the earlier version of the model ``path``; None when there was none."""
        if self.kind == "file":
            return self.base
        if self.kind == "folder":
            candidates = [
                os.path.join(self.base, os.path.relpath(path)),
                os.path.join(self.base, os.path.basename(path)),
            ]
            return next((c for c in candidates if os.path.isfile(c)), None)
        folder, name = os.path.split(os.path.abspath(path))
        if not os.path.isdir(folder) or self.folder is None:
            return None
        shutil.rmtree(self.folder, ignore_errors=True)
        copy = os.path.join(self.folder, name)
        if not self._extract(folder, name, copy):
            return None
        for beside in _beside(copy):
            self._extract(folder, beside, os.path.join(self.folder, beside))
        return copy

    def _verify(self, folder: str) -> None:
        name = f"{self.base}^{{commit}}"
        if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name) is None:
            text = f"--base {self.base}: no such folder or file, and no revision of a git repository here"
            raise ConfigError(text, help="in a shallow clone fetch the revision first (fetch-depth: 0)")

    def _extract(self, folder: str, name: str, target: str) -> bool:
        """Write the earlier version of a file to ``target``; what an LFS pointer stands for, if it is here."""
        blob = f"{self.base}:./{name}"
        if _git(folder, "cat-file", "-e", blob) is None:
            return False
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            if _git(folder, "cat-file", "blob", blob, into=file) is None:
                return False
        with open(target, "rb") as file:
            head = file.read(1025)
        stored = _lfs_object(folder, head) if len(head) <= 1024 and head.startswith(_POINTER) else None
        if stored is not None:
            shutil.copyfile(stored, target)
        return True


def _git(folder: str, *arguments: str, into: BinaryIO | None = None) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - arguments are a list, the revision is verified
            ["git", "-C", folder, *arguments],  # noqa: S607
            stdout=subprocess.PIPE if into is None else into,
            stderr=subprocess.DEVNULL,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return None
    return (done.stdout or b"") if done.returncode == 0 else None


def _beside(path: str) -> list[str]:
    """Names of the files that hold weights of the model ``path``, as far as they stay in its folder."""
    with open(path, "rb") as file:
        data: bytes | mmap.mmap = file.read() if os.path.getsize(path) < _MAPPED else _map(file)
    if path.endswith((".yaml", ".yml")):
        raw = {found[0] for found in _NAMED_BESIDE.finditer(data)}
    else:
        raw = {data[m.end() : m.end() + m[1][0]] for m in _STORED_BESIDE.finditer(data)}
    names = {os.path.normpath(os.fsdecode(name)) for name in raw if b"\0" not in name}
    inside = (
        n for n in names if not os.path.isabs(n) and n.partition(os.sep)[0] not in {os.pardir, os.curdir}
    )
    return sorted(inside)[:MAX_BESIDE]


def _map(file: BinaryIO) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _lfs_object(folder: str, pointer: bytes) -> str | None:
    """The file with what a Git LFS pointer stands for, when it was fetched."""
    found = re.search(rb"^oid sha256:([0-9a-f]{64})$", pointer, re.MULTILINE)
    where = _git(folder, "rev-parse", "--git-common-dir")
    if found is None or where is None:
        return None
    oid = found[1].decode()
    store = os.path.join(folder, os.fsdecode(where.rstrip(b"\n")), "lfs", "objects", oid[:2], oid[2:4], oid)
    return store if os.path.isfile(store) else None


def increases(
    limits: Mapping[str, Any], before: Analysis, now: Analysis, path: str
) -> Iterator[Finding | str]:
    """A finding for each quantity that grew by more than ``limits`` allow; raises `ConfigError`.

    A text says that a quantity is unknown, so that its limit was not judged.

    A limit is a percentage (``"2%"``) or a number. A quantity with symbols counts as grown too much
    only if it is so for every value of them.
    """
    for key, limit in limits.items():
        what = key.removesuffix("-increase")
        old, new = _amount(what, before), _amount(what, now)
        if old is None or new is None:
            when = "before" if old is None else "now"
            yield f"{path}: {key} was not judged, {what} {when} is unknown"
            continue
        share, extra = _limit(key, limit)
        excess = new * share.denominator - old * share.numerator - extra * share.denominator
        least = bounds(excess)[0]
        if least is None or least <= 0:
            continue
        known = notice("BUD050")
        allowed = limit if isinstance(limit, str) and "%" in limit else f"{extra:,}"
        text = f"{what} grew from {_number(old)} to {_number(new)}{_percent(old, new)}, {allowed} is allowed"
        mark = fingerprint(known.code, what)
        data = {"quantity": what, "before": str(old), "now": str(new), "allowed": str(limit)}
        yield Finding(known.code, known.name, known.severity, text, path, fingerprint=mark, data=data)


def _amount(what: str, analysis: Analysis) -> Dim | None:
    if what == "file-size":
        return analysis.model.nbytes
    if what == "peak-activation":
        return analysis.memory.peak
    costs = analysis.costs
    if what == "params":
        return costs.parameters.learned
    return {"macs": costs.total.macs, "adds": costs.total.adds}.get(what, costs.total.mults)


def _limit(key: str, limit: object) -> tuple[Fraction, int]:
    """The factor and the constant that a limit allows: ``"2%"`` is 1.02 and 0."""
    from archlint.linting.options import quantity

    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", limit) if isinstance(limit, str) else None
    if found:
        return 1 + Fraction(found[1]) / 100, 0
    number = quantity(limit) if isinstance(limit, str) else limit
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ConfigError(f"[budget] {key}: {limit!r} is neither a percentage nor a number")
    return Fraction(1), number


def _number(value: Dim) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _percent(old: Dim, new: Dim) -> str:
    if not isinstance(old, int) or not isinstance(new, int) or not old:
        return ""
    return f" (+{100 * (new - old) / old:.1f} %)"
