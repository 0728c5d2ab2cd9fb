"""`Rule`: a marked function that yields statements about a model, and what its signature says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from archlint.errors import RuleError
from archlint.model import SEVERITIES, Draft, Model

Findings: TypeAlias = Iterator[str | Draft]
if TYPE_CHECKING:
    from types import ModuleType

F = TypeVar("F", bound=Callable[..., Findings])

CODE = re.compile(r"^[A-Z]{2,4}[0-9]{3}$")


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword-only parameter of a rule: a setting that a user can change."""

    name: str
    type: Any
    default: Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with a permanent code, named after the defect it finds.

    ``on`` holds operator kinds (``Conv``, ``com.microsoft::FusedConv``, ``*`` for every node), or
    is empty for a rule on the whole model. ``needs`` names what it reads beyond the structure:
    ``shapes``, ``weights``, ``ranges``, ``recurrent``, ``costs``. ``default`` False means off
    unless selected. A ``local`` rule looks at nothing but a node's operator, attributes and the types
    and shapes of what it reads and makes: where it is silent on one node, it is on all that are alike.
    """

    code: str
    name: str
    check: Callable[..., Findings]
    on: tuple[str, ...]
    severity: str
    needs: frozenset[str]
    default: bool
    fixable: bool
    origin: str = "builtin"
    takes_analysis: bool = False
    local: bool = False
    options: dict[str, Option] = field(default_factory=dict)

    @property
    def doc(self) -> str:
        """The documentation: the function's docstring."""
        return inspect.getdoc(self.check) or ""

    @property
    def summary(self) -> str:
        """First line of the documentation: the defect in a sentence."""
        return self.doc.partition("\n")[0]


def rule(
    code: str,
    *,
    on: str | tuple[str, ...] | type[Model],
    severity: str = "warning",
    needs: tuple[str, ...] = (),
    default: bool = True,
    fixable: bool = False,
    local: bool = False,
) -> Callable[[F], F]:
    """Mark a function as a rule; the name, the options and the documentation come from it.

    The first parameter is the `Node` (or `Model` with ``on=Model``), a second positional one the
    `Analysis`, every keyword-only one an option. ``local`` promises that nothing but the node's
    attributes and the types and shapes around it decides whether the rule speaks (not names, weights
    or neighbours). Raises `RuleError` for a malformed rule.
    """

    def mark(check: F) -> F:
        if not CODE.match(code):
            message = f"rule code {code!r} is not two to four capitals and three digits"
            raise RuleError(message)
        if severity not in SEVERITIES:
            message = f"rule {code}: severity {severity!r} is none of {', '.join(SEVERITIES)}"
            raise RuleError(message)
        kinds = () if on is Model else (on,) if isinstance(on, str) else tuple(on)  # type: ignore[arg-type]
        parameters = list(inspect.signature(check).parameters.values())
        positional = [p for p in parameters if p.kind in {p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY}]
        _check_parameters(code, parameters, len(positional))
        check.archlint_rule = Rule(  # type: ignore[attr-defined]
            code,
            check.__name__.replace("_", "-"),
            check,
            kinds,
            severity,
            frozenset(needs),
            default,
            fixable,
            takes_analysis=len(positional) > 1,
            local=local and "shapes" in needs,
            options=_options(parameters),
        )
        return check

    return mark


def _check_parameters(code: str, parameters: list[inspect.Parameter], positional: int) -> None:
    """Raise `RuleError` for a function that cannot be called as a rule."""
    if not positional:
        raise RuleError(f"rule {code}: the first parameter is the node or the model; there is none")
    if positional > 2:
        raise RuleError(f"rule {code}: more than two parameters before the options; options stand behind '*'")
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty:
            raise RuleError(f"rule {code}: option '{p.name}' has no default")


def _options(parameters: list[inspect.Parameter]) -> dict[str, Option]:
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    found = {}
    for p in named:
        annotation = p.annotation
        if isinstance(annotation, str):
            annotation = _BASIC.get(annotation, annotation)
        found[p.name] = Option(p.name, annotation, p.default)
    return found


_BASIC: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "int | None": int | None,
    "float | None": float | None,
    "str | None": str | None,
    "tuple[str, ...]": tuple[str, ...],
}


def marked(module: ModuleType) -> list[Rule]:
    """The rules that ``module`` itself defines."""
    found = []
    for value in vars(module).values():
        mark = getattr(value, "archlint_rule", None)
        if isinstance(mark, Rule) and getattr(value, "__module__", "") == module.__name__:
            found.append(mark)
    return found
