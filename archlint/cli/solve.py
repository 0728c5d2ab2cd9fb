"""``archlint solve``: which input sizes give a wanted output size."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import click

from archlint.cli.help import Helpful
from archlint.cli.options import parse_dims
from archlint.errors import UsageError

if TYPE_CHECKING:
    from archlint.analyses.inverse import Answer, Question, Window

_KEYS = {"k": "kernel", "s": "stride", "p": "pad", "d": "dilation"}
_PLACE = re.compile(r"^(?P<name>.+)\[(?P<axis>-?\d+)\]$")


@click.command(
    "solve",
    cls=Helpful,
    short_help="Which input sizes give an output size.",
    examples=(("archlint solve --conv k=7,s=3,p=0 --output 16", "input 52, 53, 54"),),
)
@click.argument("path", required=False)
@click.option(
    "--conv", "layer", metavar="k=7,s=3,p=0", help="One convolution or pool: kernel, stride, pad, dilation."
)
@click.option(
    "--output", "wanted", required=True, metavar="SIZE|NAME[AXIS]=SIZE", help="The output size wanted."
)
@click.option(
    "--input", "asked", metavar="NAME[AXIS]", help="The input dim to vary (default: the only open one)."
)
@click.option(
    "--range", "span", default="1..8192", show_default=True, metavar="LOW..HIGH", help="Sizes to look at."
)
@click.option("--dim", "dims", multiple=True, metavar="N=8", help="Fix another symbol of the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def command(
    path: str | None,
    *,
    layer: str | None,
    wanted: str,
    asked: str | None,
    span: str,
    dims: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find the input sizes that give an output size, for one layer or through a whole model.

    archlint solve --conv k=9,s=3,p=1 --output 16

    archlint solve model.onnx --output y[2]=16 --input x[2]
    """
    try:
        if layer is not None and path is None:
            _layer(_window(layer), wanted, as_json=as_json)
        elif path is not None and layer is None:
            _model(path, wanted, asked, span, dims, as_json=as_json)
        else:
            click.echo("archlint solve: name either a model or --conv", err=True)
            sys.exit(2)
    except UsageError as error:
        click.echo(f"archlint solve: {error.message}", err=True)
        if error.help:
            click.echo(f"  help: {error.help}", err=True)
        sys.exit(2)


def _window(text: str) -> Window:
    from archlint.analyses.inverse import Window

    values = {"kernel": 1, "stride": 1, "pad": 0, "dilation": 1}
    for item in filter(None, text.split(",")):
        key, equals, value = (part.strip() for part in item.partition("="))
        key = _KEYS.get(key, key)
        if not equals or key not in values or not value.isdecimal():
            raise UsageError(f"--conv {item}: not of the form k=7,s=3,p=0,d=1")
        values[key] = int(value)
    if "k" not in text:
        raise UsageError(f"--conv {text}: the kernel is missing (k=7)")
    return Window(values["kernel"], values["stride"], 2 * values["pad"], values["dilation"])


def _layer(window: Window, wanted: str, *, as_json: bool) -> None:
    if not wanted.isdecimal():
        raise UsageError(f"--output {wanted}: a size is wanted, such as 16")
    target = int(wanted)
    sizes = list(window.inputs(target))
    formula = f"floor((n + 2*{window.pads // 2} - {window.extent})/{window.stride}) + 1"
    exact = [n for n in sizes if not window.unread(n)]
    if as_json:
        click.echo(json.dumps({"sizes": sizes, "exact": exact, "expression": formula}))
        return
    if not sizes:
        smallest = max(1, window.extent - window.pads)
        low = window.output(smallest)
        click.echo(f"no input gives {target}: {formula} is at least {low} (n = {smallest})")
        return
    why = f"because {formula} = {target}  <=>  {sizes[0]} <= n <= {sizes[-1]}"
    click.echo(f"input {', '.join(map(str, sizes))}   {why}")
    if exact:
        click.echo(f"  every row is read at {', '.join(map(str, exact))}")


def _model(
    path: str, wanted: str, asked: str | None, span: str, dims: tuple[str, ...], *, as_json: bool
) -> None:
    from archlint.analyses.inverse import solve
    from archlint.api import LoadError, load
    from archlint.cli.console import told

    place, equals, size = wanted.rpartition("=")
    if not equals or not size.isdecimal():
        raise UsageError(f"--output {wanted}: not of the form NAME[AXIS]=SIZE")
    low, dots, high = span.partition("..")
    if not (dots and low.isdecimal() and high.isdecimal() and 1 <= int(low) <= int(high)):
        raise UsageError(f"--range {span}: not of the form 1..8192")
    pinned, _ = parse_dims(dims)
    try:
        model = load(path)
    except LoadError as error:
        told(path, error)
        sys.exit(2)
    question = _question(model, place, int(size), asked, (int(low), int(high)))
    _say(solve(model, question, pinned), question, as_json=as_json)


def _question(model: object, place: str, target: int, asked: str | None, span: tuple[int, int]) -> Question:
    from archlint.analyses.inverse import Question
    from archlint.api import Model

    assert isinstance(model, Model)
    if asked is None:
        open_dims = [
            (name, axis)
            for name, fact in model.graph.inputs.items()
            if name not in model.graph.weights
            for axis, d in enumerate(fact.shape or ())
            if not isinstance(d, int)
        ]
        if len(open_dims) != 1:
            raise UsageError("name the input dim to vary: --input NAME[AXIS]")
        start = open_dims[0]
    else:
        start = _place(asked, "--input")
    goal = _place(place, "--output")
    return Question(*goal, target, *start, *span)


def _place(text: str, option: str) -> tuple[str, int]:
    match = _PLACE.match(text)
    if match is None:
        raise UsageError(f"{option} {text}: not of the form NAME[AXIS]")
    return match["name"], int(match["axis"])


def _say(answer: Answer, question: Question, *, as_json: bool) -> None:
    from archlint.reporting.safe import printable

    if as_json:
        row = {
            "sizes": answer.sizes,
            "exact": answer.exact,
            "complete": answer.complete,
            "expression": answer.expression,
            "why": answer.why,
        }
        click.echo(json.dumps(row))
        return
    place = f"{question.input}[{question.input_axis}]"
    goal = f"{question.output}[{question.output_axis}]"
    if not answer.sizes:
        click.echo(printable(f"no size of {place} gives {goal} = {question.target}"))
        click.echo(printable(f"  because {answer.why}"))
        return
    more = "" if answer.complete else ", ..."
    click.echo(printable(f"{place} = {', '.join(map(str, answer.sizes))}{more}"))
    if answer.expression:
        click.echo(printable(f"  because {goal} is {answer.expression}"))
    if answer.exact:
        click.echo(f"  every row and column is read at {', '.join(map(str, answer.exact))}")
    else:
        click.echo("  at each of them some layer leaves rows or columns unread")
