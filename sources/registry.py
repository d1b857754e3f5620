"""Reads ``registry/<department>/<system>.yml`` and refuses what breaks the contract, naming file,
line and what to write.

Add here checks that need more than one file (codes unique, departments the same everywhere). Keep
out: the shape of one file (``contract.py``) and anything that connects to a source.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from citybase.errors import RegistryError
from citybase.settings import project_root
from sources.contract import CODE_PATTERN, System, Table


def registry_folder() -> Path:
    """The folder of the registry files."""
    return project_root() / "sources" / "registry"


@dataclass(frozen=True)
class Registry:
    """Every source system, in order of department and system code."""

    systems: tuple[System, ...]

    @cached_property
    def _by_code(self) -> Mapping[str, System]:
        return {system.system: system for system in self.systems}

    def system(self, code: str) -> System:
        """The system of that code.

        Raises:
            RegistryError: there is none; the remedy names the nearest codes.
        """
        try:
            return self._by_code[code]
        except KeyError:
            near = difflib.get_close_matches(code, self._by_code) or sorted(self._by_code)
            raise RegistryError(
                f"No source system is called {code!r}.", remedy=f"Write one of: {', '.join(near)}."
            ) from None

    def tables(self) -> Iterator[tuple[System, Table]]:
        """Every table with its system."""
        for system in self.systems:
            for table in system.tables:
                yield system, table


def load_registry(folder: Path | None = None) -> Registry:
    """Read and check every file of the registry.

    Raises:
        RegistryError: the first file that breaks the contract, with ``file:line`` and what to write
        instead.
    """
    folder = folder or registry_folder()
    files = sorted(folder.glob("*/*.yml"))
    if not files:
        raise RegistryError(
            f"{folder} holds no registry file.",
            remedy="Write <department>/<system>.yml: see docs/adding-a-source.md.",
        )
    systems: dict[str, Path] = {}
    departments: dict[str, tuple[object, Path]] = {}
    loaded = []
    for path in files:
        system = load_system(path)
        if system.system in systems:
            raise RegistryError(
                f"{path}:1 declares system `{system.system}`, "
                f"which {systems[system.system]} declares too.",
                remedy="Give one of the two systems another code.",
            )
        department, seen = departments.setdefault(system.department.code, (system.department, path))
        if department != system.department:
            raise RegistryError(
                f"{path}:1 describes department `{system.department.code}` "
                f"otherwise than {seen} does.",
                remedy="Write the same name and uscc in both files.",
            )
        systems[system.system] = path
        loaded.append(system)
    return Registry(systems=tuple(sorted(loaded, key=lambda s: (s.department.code, s.system))))


def load_system(path: Path) -> System:
    """Read and check one registry file.

    Raises RegistryError with ``file:line`` and what to write instead.
    """
    node = _compose(path)
    _refuse_duplicate_keys(path, node)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise RegistryError(f"{path}:1 is not a mapping.", remedy="Begin with `system: <code>`.")
    try:
        system = System.model_validate(data)
    except ValidationError as error:
        raise _explained(path, node, data, error) from None
    for what, said, should in (
        ("system", system.system, path.stem),
        ("department.code", system.department.code, path.parent.name),
    ):
        if said != should:
            raise RegistryError(
                f"{path}:1 says `{what}: {said}`, but its path says `{should}`.",
                remedy="Make them the same: a name leads to its file.",
            )
    return system


def _compose(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RegistryError(
            f"{path}:{line} is not YAML: {error.problem}.",
            remedy="Mend the indentation or the quotes there.",
        ) from None
    if node is None:
        raise RegistryError(
            f"{path}:1 is empty.", remedy="Write the system: see docs/adding-a-source.md."
        )
    return node


def _refuse_duplicate_keys(path: Path, node: yaml.Node) -> None:
    """PyYAML keeps the last of two equal keys in silence; a registry must not."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_duplicate_keys(path, child)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise RegistryError(
                    f"{path}:{key.start_mark.line + 1} writes `{key.value}` a second time.",
                    remedy="Keep one of the two.",
                )
            seen.add(key.value)
            _refuse_duplicate_keys(path, value)


def _explained(path: Path, node: yaml.Node, data: object, error: ValidationError) -> RegistryError:
    """The first violation in file order, as place and remedy."""
    found = []
    for detail in error.errors():
        location = tuple(
            part for part in detail["loc"] if not _is_union_tag(part, data, detail["loc"])
        )
        found.append((_line(node, location), location, detail))
    line, location, detail = min(found, key=lambda item: item[0])
    place = _place(data, location)
    message, remedy = _wording(place, location, detail)
    more = "" if len(found) == 1 else f" ({len(found) - 1} more after it)"
    return RegistryError(f"{path}:{line} {message}{more}.", remedy=remedy)


def _place(data: object, location: tuple[int | str, ...]) -> str:
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


def _is_union_tag(part: int | str, data: object, location: tuple[int | str, ...]) -> bool:
    """Pydantic puts the discriminator's value into the location; the file has no such key."""
    return (
        location[0] == "connection"
        and len(location) > 1
        and part == location[1]
        and isinstance(data, dict)
    )


def _line(node: yaml.Node, location: tuple[int | str, ...]) -> int:
    """The line of the deepest node on the way to ``location``, of the key where it is written."""
    line = node.start_mark.line
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1


def _wording(
    place: str, location: tuple[int | str, ...], detail: Mapping[str, Any]
) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    key = str(location[-1]) if location else ""
    allowed = _field_keys(location[:-1])
    if kind == "missing":
        return f"`{place}` is missing", f"Write `{key}: …`{_choices(location)}."
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, allowed)
        hint = f"Write `{near[0]}`" if near else "Remove it, or write one of: " + ", ".join(allowed)
        return f"`{place}` is no key of the contract", f"{hint}."
    if kind in {"literal_error", "union_tag_invalid"}:
        expected = context.get("expected") or context.get("expected_tags")
        return f"`{place}` has a value outside its list", f"Write one of: {expected}."
    if kind == "union_tag_not_found":
        return (
            f"`{place}` does not say its technology",
            "Write `technology: postgresql`, `sqlite` or `csv`.",
        )
    if kind == "string_pattern_mismatch":
        return f"`{place}` is not well formed", _pattern_remedy(context.get("pattern", ""))
    if kind == "string_type":
        return f"`{place}` is read as a number or a date", "Write it in quotes."
    if kind == "value_error":
        return f"`{place}`: {context['error']}", "Then run `citybase source check` again."
    return f"`{place}`: {detail['msg']}", "Then run `citybase source check` again."


def _pattern_remedy(pattern: str) -> str:
    if pattern == CODE_PATTERN:
        return "Write lower-case English words joined by `_`."
    if pattern.startswith("^(varchar"):
        return (
            "Write varchar, boolean, smallint, integer, bigint, double, date, timestamp "
            "or decimal(p,s)."
        )
    return f"It has to match {pattern}."


def _choices(location: tuple[int | str, ...]) -> str:
    """The closed list of a missing key, when it has one."""
    model = _model_at(location[:-1])
    field = _fields(model).get(str(location[-1])) if model else None
    values = _literals(field) if field is not None else []
    return f", one of: {', '.join(values)}" if values else ""


def _literals(annotation: object) -> list[str]:
    found = re.findall(r"'([^']+)'", str(annotation))
    return found if "Literal" in str(annotation) else []


def _field_keys(location: tuple[int | str, ...]) -> list[str]:
    model = _model_at(location)
    return list(_fields(model)) if model else []


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = System
    for part in location:
        if isinstance(part, int) or model is None:
            continue
        model = _model_of(_fields(model).get(part))
    return model


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, UnionType, list}:
        for argument in get_args(annotation):
            model = _model_of(argument)
            if model is not None:
                return model
    return None
