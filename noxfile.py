"""Sessions: the parts of the gate one by one, and the long runs that the gate leaves out."""

import pathlib
import shutil

import nox

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a2146' * 8}\nsize 102530333\n"

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "types", "lint", "wheel"]


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def lint(session: nox.Session) -> None:
    """ruff and the import contracts."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env={"PYTHONPATH": ".:rules"})


@nox.session
def wheel(session: nox.Session) -> None:
    """The built wheel, tested from another folder."""
    session.install("build")
    folder = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", folder, ".")
    session.install("--find-links", folder, "archlint[test]")
    root = session.invoked_from
    with session.chdir(folder):
        session.run("pytest", f"{root}/tests", "-c", f"{root}/pyproject.toml", "--rootdir", root)


@nox.session
def hook(session: nox.Session) -> None:
    """The hook as a stranger's repository gets it: built by pre-commit from a clone (needs an index)."""
    session.install("pre-commit")
    root, folder = session.invoked_from, session.create_tmp()
    session.run("git", "init", "-q", folder, external=True)
    with session.chdir(folder):
        pathlib.Path("pointer.onnx").write_text(POINTER)
        for name, code, said in (
            ("crnn.onnx", 0, "Passed"),
            ("wrong_channels.onnx", 1, "SHP010"),
            ("pointer.onnx", 1, "IO001"),
        ):
            if name != "pointer.onnx":
                shutil.copy(f"{root}/fixtures/{name}", ".")
            session.run("git", "add", "-A", external=True)
            command = ("pre-commit", "try-repo", root, "archlint", "--files", name)
            output = session.run(*command, success_codes=[code], silent=True)
            if said not in str(output):
                session.error(f"{name}: no {said} in {output}")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Hostile models for as many seconds as given (default 600), from a seed if one follows."""
    session.install("-e", ".")
    session.run("python", "tests/fuzz/session.py", *(session.posargs or ("600",)))


@nox.session
def coverage_fuzz(session: nox.Session) -> None:
    """Coverage-guided fuzzing of the loader and the rules, from the fixtures (libFuzzer's options follow)."""
    session.install("-e", ".", "atheris")
    corpus = session.create_tmp()
    for path in pathlib.Path("fixtures").glob("*.onnx"):
        pathlib.Path(corpus, path.name).write_bytes(b"\0" + path.read_bytes())
    for path in pathlib.Path("fixtures").glob("*.yaml"):
        pathlib.Path(corpus, path.name).write_bytes(b"\6" + path.read_bytes())
    session.run("python", "tests/fuzz/coverage.py", corpus, *(session.posargs or ("-max_total_time=600",)))


@nox.session
def soundness(session: nox.Session) -> None:
    """Random recurrent cells run against their proven boxes: 20 million comparisons, or as many as given."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.soundness", *session.posargs)
