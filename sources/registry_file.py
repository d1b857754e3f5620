"""One YAML file of the registry, held against its model: every fault has a line and a remedy.

Add here wordings of what pydantic refuses. Keep out: which files there are and what they mean
together (``registry.py``), and what a file may say (``contract.py``).
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Self, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from citybase.errors import RegistryError
from sources.closed import UnfitError
from sources.contract import CODE_PATTERN
from sources.contract_connection import Connection
from sources.registry_yaml import LOADER, compose

# How a drafted file begins a value that only a person can decide; what follows says which.
PLACEHOLDER = "???"

Location = tuple[int | str, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class RegistryFile:
    """A file that was read as YAML: its content, and where in it each thing stands."""

    path: Path
    node: yaml.Node
    data: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, *, begin: str) -> Self:
        """Read a file that holds one mapping; ``begin`` is how such a file begins.

        Raises RegistryError with ``file:line`` and what to write instead.
        """
        node = compose(path)
        _refuse_placeholders(path, node, ())
        data = LOADER("").construct_document(node)
        if not isinstance(data, dict):
            raise RegistryError(f"{path}:1 is not a mapping.", remedy=f"Begin with {begin}.")
        return cls(path, node, data)

    def checked(
        self, model: type[ModelT], *, instead: Mapping[str, object] | None = None
    ) -> ModelT:
        """The file as ``model``; ``instead`` holds values the file does not write itself.

        Raises RegistryError: the first violation in file order, as place and remedy.
        """
        try:
            return model.model_validate({**self.data, **(instead or {})})
        except ValidationError as error:
            raise self._explained(model, error) from None

    def line(self, location: Location) -> int:
        """The line of the deepest node on the way to ``location``; of its key where one stands."""
        node, line = self.node, self.node.start_mark.line
        for part in location:
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line, pair[1]
            elif (
                isinstance(node, yaml.SequenceNode)
                and isinstance(part, int)
                and part < len(node.value)
            ):
                node = node.value[part]
                line = node.start_mark.line
        return int(line) + 1

    def at(self, *keys: str) -> object:
        """The value at the end of a path of keys; None where the path breaks off."""
        found: object = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def error(self, location: Location, problem: str, *, remedy: str) -> RegistryError:
        """One sentence that names file and line."""
        return RegistryError(f"{self.path}:{self.line(location)} {problem}.", remedy=remedy)

    def refuse_other_name(self, key: str, said: str, should: str) -> None:
        """Raise RegistryError unless the file says the name that its path says."""
        if said != should:
            raise RegistryError(
                f"{self.path}:1 says `{key}: {said}`, but its path says `{should}`.",
                remedy="Make them the same: a name leads to its file.",
            )

    def _explained(self, model: type[BaseModel], error: ValidationError) -> RegistryError:
        faults = [
            _Fault(
                self.line(location), location, detail, _field_keys(model, self.data, location[:-1])
            )
            for detail in error.errors()
            for location in [_without_tag(detail["loc"])]
        ]
        causes = _causes(faults)
        first = min(causes, key=lambda fault: (fault.line, fault.is_missing))
        message, remedy = _wording(model, _place(self.data, first.location), first)
        others = len(causes) - 1
        more = f" ({others} more after it)" if others else ""
        return self.error(first.location, f"{message}{more}", remedy=remedy)


@dataclass(frozen=True)
class _Fault:
    """One thing that pydantic refuses. ``allowed`` are the keys that may stand at its place;
    ``meant`` is the one that somebody who wrote an unknown key had in mind.
    """

    line: int
    location: Location
    detail: Mapping[str, Any]
    allowed: Sequence[str]
    meant: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether nothing stands there."""
        return bool(self.detail["type"] == "missing")


def _causes(faults: Sequence[_Fault]) -> list[_Fault]:
    """One mistake is said once: a key that is missing because it stands under a wrong name is not
    told, and other missing keys are told behind the unknown ones beside them.
    """
    missing = {fault.location for fault in faults if fault.is_missing}
    unknown: dict[Location, int] = {}
    explained, found = set(), []
    for fault in faults:
        if fault.detail["type"] == "extra_forbidden":
            around, key = fault.location[:-1], str(fault.location[-1])
            lacking = [name for name in fault.allowed if (*around, name) in missing]
            near = _near(key, lacking) or _near(key, fault.allowed)
            found.append(replace(fault, meant=near))
            explained.add((*around, near))
            unknown[around] = max(fault.line, unknown.get(around, 0))
    for fault in faults:
        if fault.is_missing and fault.location not in explained:
            found.append(replace(fault, line=unknown.get(fault.location[:-1], fault.line)))
        elif not fault.is_missing and fault.detail["type"] != "extra_forbidden":
            found.append(fault)
    return found


def _near(key: str, keys: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(key, keys, n=1)), None)


def _refuse_placeholders(path: Path, node: yaml.Node, keys: tuple[str, ...]) -> None:
    """A draft is no declaration: what nobody has decided yet must not pass for text."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_placeholders(path, child, keys)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _refuse_placeholders(path, value, (*keys, str(key.value)))
    elif str(node.value).startswith(PLACEHOLDER):
        raise RegistryError(
            f"{path}:{node.start_mark.line + 1} leaves `{'.'.join(keys)}` undecided.",
            remedy=f"Write in its place: {str(node.value).removeprefix(PLACEHOLDER).strip()}.",
        )


def _place(data: object, location: Location) -> str:
    """``tables.resident.columns.id_number.class``: list items are named by their code."""
    words = []
    for part in location:
        if isinstance(part, int) and isinstance(data, list) and part < len(data):
            data = data[part]
            code = (data.get("table") or data.get("column")) if isinstance(data, dict) else None
            words.append(str(code or part))
        else:
            data = data.get(part) if isinstance(data, dict) else None
            words.append(str(part))
    return ".".join(words) or "the file"


def _without_tag(location: Location) -> Location:
    """Pydantic puts the discriminator's value into the location; the file has no such key."""
    return location[:1] + location[2:] if location[:1] == ("connection",) else location


def _wording(model: type[BaseModel], place: str, fault: _Fault) -> tuple[str, str]:
    location, detail = fault.location, fault.detail
    kind, context = detail["type"], detail.get("ctx", {})
    key = str(location[-1]) if location else ""
    if kind == "missing":
        return f"`{place}` is missing", f"Write `{key}: …`{_choices(model, location)}."
    if kind == "extra_forbidden":
        return (
            f"`{place}` is no key of the contract",
            f"Write `{fault.meant}`."
            if fault.meant
            else f"Remove it, or write one of: {', '.join(fault.allowed)}.",
        )
    if kind in {"literal_error", "union_tag_invalid"}:
        expected = context.get("expected") or context.get("expected_tags")
        return f"`{place}` has a value outside its list", f"Write one of: {expected}."
    if kind == "union_tag_not_found":
        return (
            f"`{place}` does not say its technology",
            f"Write `technology: …`, one of: {', '.join(_technologies())}.",
        )
    if kind == "string_pattern_mismatch":
        return f"`{place}` is not well formed", _pattern_remedy(context.get("pattern", ""))
    if kind == "string_type":
        return f"`{place}` is read as a number or a date", "Write it in quotes."
    if kind == "value_error" and isinstance(context["error"], UnfitError):
        said = f"`{place}`: " if location else ""
        return f"{said}{context['error'].message}", context["error"].remedy
    remedy = _REMEDIES.get(kind, "Write it as docs/adding-a-source.md shows.")
    return f"`{place}`: {detail['msg']}", remedy


_REMEDIES = {
    "bool_type": "Write true or false.",
    "bool_parsing": "Write true or false.",
    "list_type": "Write a list, such as `[first, second]`.",
    "too_short": "Write at least one.",
    "string_too_short": "Write what it is.",
}


def _pattern_remedy(pattern: str) -> str:
    if pattern == CODE_PATTERN:
        return "Write lower-case English words joined by `_`."
    if pattern.startswith("^(varchar"):
        return (
            "Write varchar, boolean, smallint, integer, bigint, double, date, timestamp "
            "or decimal(p,s)."
        )
    return f"It has to match {pattern}."


def _technologies() -> list[str]:
    """Every technology that a connection may say."""
    return [_technology(connection) for connection in _connection_models()]


def _technology(connection: type[BaseModel]) -> str:
    return str(get_args(connection.model_fields["technology"].annotation)[0])


def _connection_models() -> Sequence[type[BaseModel]]:
    return get_args(get_args(Connection)[0])


def _choices(model: type[BaseModel], location: Location) -> str:
    """The closed list of a missing key, when it has one."""
    parent = _model_at(model, location[:-1])
    field = _fields(parent).get(str(location[-1])) if parent else None
    values = _literals(field) if field is not None else []
    return f", one of: {', '.join(values)}" if values else ""


def _literals(annotation: object) -> list[str]:
    found = re.findall(r"'([^']+)'", str(annotation))
    return found if "Literal" in str(annotation) else []


def _field_keys(model: type[BaseModel], data: Mapping[str, Any], location: Location) -> list[str]:
    if location[:1] == ("connection",):
        connection = _connection_model(data["connection"].get("technology"))
        found = _model_at(connection, location[1:]) if connection is not None else None
    else:
        found = _model_at(model, location)
    return list(_fields(found)) if found else []


def _connection_model(technology: object) -> type[BaseModel] | None:
    return next((m for m in _connection_models() if _technology(m) == technology), None)


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or found is None:
            continue
        found = _model_of(_fields(found).get(part))
    return found


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, UnionType, list}:
        for argument in get_args(annotation):
            model = _model_of(argument)
            if model is not None:
                return model
    return None
