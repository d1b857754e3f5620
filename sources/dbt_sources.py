"""Writes the dbt source files from the registry: one machine-written file per department.

Only tables that models read are declared, because every declared source costs each dbt start. Keep
out: anything a person would want to edit in the result; the registry is the place for it.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from citybase.settings import project_root
from sources.contract import System, Table
from sources.registry import Registry

HEADER = (
    "# Written by `citybase source generate` from sources/registry/. Do not edit:\n"
    "# change the registry file and generate again.\n"
)
_STEM = "_{department}__sources.yml"


def staging_folder() -> Path:
    """The folder of the staging models, one folder per department below it."""
    return project_root() / "dbt_project" / "models" / "staging"


def rendered_sources(registry: Registry) -> Mapping[Path, str]:
    """The text of every source file, by path. Departments without a modelled table have none."""
    by_department: dict[str, list[System]] = {}
    for system in registry.systems:
        if any(table.modelled for table in system.tables):
            by_department.setdefault(system.department.code, []).append(system)
    return {
        staging_folder() / code / _STEM.format(department=code): _file_text(systems)
        for code, systems in by_department.items()
    }


def write_sources(registry: Registry) -> list[Path]:
    """Write every source file and remove those whose department left; return the paths written."""
    wanted = rendered_sources(registry)
    for stale in set(staging_folder().glob("*/" + _STEM.format(department="*"))) - set(wanted):
        stale.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(wanted)


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
