"""Writes what dbt knows of the registry: source files, one per department and one per shape, and
the macro that lists the members of each shape; refuses models of sources that are gone.

Only tables that models read are declared, because every declared source costs each dbt start. Keep
out: anything a person would want to edit in the result; the registry is the place for it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from citybase.errors import RegistryError
from citybase.settings import project_root
from sources.contract import System, Table
from sources.registry import Registry

HEADER = (
    "# Written by `citybase source generate` from sources/registry/. Do not edit:\n"
    "# change the registry file and generate again.\n"
)
MACRO_HEADER = (
    "{# Written by `citybase source generate` from sources/registry/. Do not edit:\n"
    "   change the registry file and generate again. #}\n"
)
_STEM = "_{folder}__sources.yml"
# What citybase says of itself (`meta.py`) is declared by hand.
_OWN_SOURCE = "meta"
_READS = re.compile(r"\b(?:source|from_shape)\(\s*'(\w+)'\s*,\s*'(\w+)'")


def model_folder() -> Path:
    """The folder of all models."""
    return project_root() / "dbt_project" / "models"


def staging_folder() -> Path:
    """The folder of the staging models, with one folder per department and per shape."""
    return model_folder() / "staging"


def shape_macro_file() -> Path:
    """The generated file of the macro that lists the members of each shape."""
    return project_root() / "dbt_project" / "macros" / "generated" / "shape.sql"


def rendered(registry: Registry) -> Mapping[Path, str]:
    """The text of every generated file, by path.

    The tables of a system stand in its department's file, those of a shape's members together in
    the file of the shape. A department without a modelled table has none.
    """
    by_folder: dict[str, list[System]] = {}
    for system in registry.systems:
        if any(table.modelled for table in system.tables):
            by_folder.setdefault(system.shape or system.department.code, []).append(system)
    files = {
        staging_folder() / folder / _STEM.format(folder=folder): _file_text(systems)
        for folder, systems in by_folder.items()
    }
    return files | {shape_macro_file(): _macro_text(registry)}


def write_generated(registry: Registry) -> list[Path]:
    """Write every generated file and remove the sources of those who left; return the paths."""
    wanted = rendered(registry)
    for stale in set(staging_folder().glob("*/" + _STEM.format(folder="*"))) - set(wanted):
        stale.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(wanted)


def refuse_models_without_source(registry: Registry, models: Path | None = None) -> None:
    """Raise RegistryError, naming file and line, when a model reads a table that the registry does
    not hold, or says no model reads.
    """
    held = [(system.system, table) for system, table in registry.tables()]
    held += [(shape.shape, table) for shape in registry.shapes for table in shape.tables]
    modelled = {(code, table.table): table.modelled for code, table in held}
    wrong = [
        (place, read)
        for place, read in _reads(models or model_folder())
        if read[0] != _OWN_SOURCE and not modelled.get(read)
    ]
    if not wrong:
        return
    place, (code, table) = wrong[0]
    more = f" ({len(wrong) - 1} more after it)" if len(wrong) > 1 else ""
    if (code, table) in modelled:
        raise RegistryError(
            f"{place} reads {code}.{table}, of which the registry says `modelled: false`{more}.",
            remedy="Write `modelled: true` there, or remove the model.",
        )
    raise RegistryError(
        f"{place} reads {code}.{table}, which the registry does not hold{more}.",
        remedy=f"Put the registry file of `{code}` or its table back, or remove the model and what"
        " is built on it.",
    )


def _reads(models: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each place in a model, as ``file:line``, with the system or shape and the table it reads."""
    for path in sorted(models.rglob("*.sql")):
        shown = path.relative_to(project_root()) if path.is_relative_to(project_root()) else path
        text = path.read_text(encoding="utf-8")
        for found in _READS.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{shown}:{line}", (found[1], found[2])


def _macro_text(registry: Registry) -> str:
    """`shape_members(shape)`: pairs of system and department code, in the order of system codes."""
    lines = []
    for shape in registry.shapes:
        lines.append(f"    {shape.shape!r}: [")
        lines += [
            f"        ({member.system!r}, {member.department.code!r}),"
            for member in registry.members(shape.shape)
        ]
        lines.append("    ],")
    listed = "{\n" + "\n".join(lines) + "\n}" if lines else "{}"
    return (
        f"{MACRO_HEADER}"
        "{% macro shape_members(shape) %}\n"
        f"{{% set members = {listed} %}}\n"
        "{{ return(members[shape]) }}\n"
        "{% endmacro %}\n"
    )


def _file_text(systems: list[System]) -> str:
    content = {"version": 2, "sources": [_source(system) for system in systems]}
    body = yaml.dump(content, Dumper=_Indented, allow_unicode=True, sort_keys=False, width=100)
    return HEADER + body


class _Indented(yaml.SafeDumper):
    """Indents lists below their key, as the hand-written files do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Never write a list at the level of its key."""
        super().increase_indent(flow=flow, indentless=False)


def _source(system: System) -> dict[str, object]:
    return {
        "name": system.system,
        "description": f"{system.department.name}{system.name}",
        "schema": "raw",
        "tables": [_table(system, table) for table in system.tables if table.modelled],
    }


def _table(system: System, table: Table) -> dict[str, object]:
    return {
        "name": table.table,
        "identifier": f"{system.system}__{table.table}",
        "description": table.name,
        "config": {
            "meta": {"dagster": {"asset_key": ["landing", system.system, table.table]}},
        },
        "columns": [
            {
                "name": column.column,
                "description": column.name,
                "data_type": column.type,
                "config": {"meta": {"class": column.sensitivity}},
            }
            for column in table.columns
        ],
    }
