"""An installation with a dbt project of its own: three sources, the product's macros, and builds of
any part of it, in this process.

Keep out: what must hold afterwards (the test modules say it).
"""

import contextlib
import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from citybase.duck import connect
from citybase.settings import Settings, project_root
from sources.compaction import compact
from sources.contract import System
from sources.extract import extract_system
from sources.raw import bind
from sources.registry import Registry
from tests.integration.capture.stream_house import SYSTEM, TABLE, Stream
from tests.integration.extraction.extraction_house import SQLITE, make_system

GRIDS = ("grid_full", "grid_hashed")
_MODES = {"grid_full": "full", "grid_hashed": "hash_diff"}
MODELS = ("stg_household_register__t", "stg_county_grid__resident", "int_t", "lib_t")
_FIRST_DAY = date(2026, 11, 1)
# Any model fails when its name stands in `main.broken`, after its rows are written.
_FAILS = """{{ config(post_hook="select case when name = '{{ this.name }}' then error('broken') end
from main.broken") }}
"""
_FILES = {
    "macros/shape.sql": "{% macro shape_members(shape) %}{{ return({'county_grid': "
    "[('grid_full', 'county_a'), ('grid_hashed', 'county_b')]}[shape]) }}{% endmacro %}",
    "models/sources.yml": """
version: 2
sources:
  - {name: meta, schema: meta, tables: [{name: cut}]}
  - {name: household_register, schema: raw, tables: [{name: t, identifier: household_register__t}]}
  - {name: grid_full, schema: raw, tables: [{name: resident, identifier: grid_full__resident}]}
  - {name: grid_hashed, schema: raw, tables: [{name: resident, identifier: grid_hashed__resident}]}
""",
    # A row of the source is two rows here, or one: what was there before has to go.
    "models/staging/stg_household_register__t.sql": """
with source as (
    select * from {{ source('household_register', 't') }}
),

party as (
    select id, name, 'self' as role_code from source
    union all
    select id, name, 'other' as role_code from source where name = '甲'
),

final as (
    select
        'household_register' as system_code,
        'household_register' as department_code,
        party.id as source_key,
        party.role_code,
        party.name,
        known.code
    from party
    left join {{ ref('known') }} as known on party.name = known.name
)

select * from final
""",
    "models/staging/stg_county_grid__resident.sql": """
with source as (
    {{ from_shape('county_grid', 'resident') }}
),

final as (
    select
        source.system_code,
        source.department_code,
        source.id as source_key,
        'self' as role_code,
        source.name,
        cast(cut.as_of_date as varchar) as code
    from source
    cross join {{ source('meta', 'cut') }} as cut
)

select * from final
""",
    "models/intermediate/int_t.sql": """
with stacked as (
    select * from {{ ref('stg_household_register__t') }}
    union all
    select * from {{ ref('stg_county_grid__resident') }}
)

select
    source_key as t_key,
    stacked.*,
    cast(hash(stacked) % 1000000007 as bigint) as _row_hash
from stacked
""",
    "models/library/lib_t.sql": """
select
    t_key,
    count(*) as row_count,
    string_agg(system_code || name || coalesce(code, ''), ',' order by system_code, role_code, name)
        as said
from {{ library_input('int_t', key='t_key') }}
group by t_key
""",
}


@dataclass(frozen=True)
class Build:
    """One `dbt build`: of which models (all), and at which of them something breaks, if at any."""

    models: tuple[str, ...] = ()
    broken: str | None = None
    full_refresh: bool = False


class BuildHouse:
    """The installation; ``day`` is that of the next bind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "var")
        self.day = 0
        self._seeds = 0
        self._systems = tuple(self._system(grid, SQLITE) for grid in GRIDS)
        self.registry = Registry(systems=(SYSTEM, *self._systems))

    def _system(self, grid: str, connection: dict[str, str]) -> System:
        system = make_system(connection, {"resident": ["id bigint key", "name varchar"]}, code=grid)
        tables = [t.model_copy(update={"mode": _MODES[grid]}) for t in system.tables]
        return system.model_copy(update={"tables": tables})

    @contextmanager
    def opened(self) -> Iterator["BuildHouse"]:
        """Everything landed, bound, and nothing built yet."""
        self.stream = Stream(self.folder)
        for grid in GRIDS:
            self.rewrite(grid, {1: "甲", 2: "乙"})
        self._write_project()
        self.bind()
        with connect(self.settings.warehouse) as duck:
            duck.execute("create table main.broken as select null::varchar as name")
        try:
            yield self
        finally:
            self.stream.close()

    def rewrite(self, grid: str, rows: dict[int, str]) -> None:
        """The source has these rows now, and they have been extracted."""
        file = self.folder / f"{grid}.sqlite"
        with contextlib.closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("drop table if exists resident")
            connection.execute("create table resident (id integer primary key, name text)")
            connection.executemany("insert into resident values (?, ?)", rows.items())
        variable = f"SOURCE_{grid.upper()}"
        result = self._extract(grid, {variable: str(file)})
        assert not result.failures, result.failures

    def _extract(self, grid: str, environment: dict[str, str]) -> Any:
        with _environment(environment):
            return extract_system(self.settings, grid, registry=self.registry)

    def compact(self) -> None:
        compact(self.settings, self.stream.engine, TABLE, at_once=True)

    def bind(self) -> None:
        bind(self.settings, registry=self.registry, as_of=_FIRST_DAY + timedelta(days=self.day))

    def write_seed(self) -> None:
        """Another code for one name."""
        self._seeds += 1
        (self.folder / "seeds").mkdir(exist_ok=True)
        (self.folder / "seeds" / "known.csv").write_text(
            f"name,code\n甲,{self._seeds}\n乙,b\n", encoding="utf-8"
        )

    def build(self, build: Build) -> None:
        """A part may fail: what it reads may not have been built yet."""
        with connect(self.settings.warehouse) as duck:
            duck.execute("update main.broken set name = ?", [build.broken])
        command = ["build"]
        if build.models:
            command += ["--select", "known", *build.models]
        if build.full_refresh:
            command.append("--full-refresh")
        outcome = self._dbt(*command)
        if not build.models and build.broken is None:
            failed = [one.message for one in outcome.result.results if one.status == "error"]
            assert outcome.success, (outcome.exception, failed)

    def _dbt(self, *command: str) -> Any:
        arguments = ["--quiet", "--no-send-anonymous-usage-stats", "--no-version-check", *command]
        for option, folder in (
            ("--project-dir", self.folder),
            ("--profiles-dir", self.folder),
            ("--log-path", self.folder / "logs"),
            ("--target-path", self.folder / "target"),
        ):
            arguments += [option, str(folder)]
        with contextlib.redirect_stdout(io.StringIO()):
            outcome = dbtRunner().invoke(arguments)
        # A run that failed keeps its connection, and with it the file.
        DuckDBConnectionManager.close_all_connections()
        return outcome

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table that the models made."""
        with connect(self.settings.warehouse, read_only=True) as duck:
            return {
                model: duck.execute(
                    f"select columns(lambda c: c <> '_input_hash') from main.{model} order by all"
                ).fetchall()
                for model in MODELS
            }

    def staged(self) -> set[tuple[str, int, str | None]]:
        """Which rows of the sources the staging tables hold."""
        with connect(self.settings.warehouse, read_only=True) as duck:
            return set(
                duck.execute(
                    "select system_code, source_key, name from main.stg_household_register__t"
                    " union all"
                    " select system_code, source_key, name from main.stg_county_grid__resident"
                ).fetchall()
            )

    def expected(self) -> set[tuple[str, int, str | None]]:
        """The rows of the sources themselves."""
        rows: set[tuple[str, int, str | None]] = {
            (SYSTEM.system, key, name) for key, name in self.stream.rows.items()
        }
        for grid in GRIDS:
            with contextlib.closing(sqlite3.connect(self.folder / f"{grid}.sqlite")) as connection:
                rows |= {
                    (grid, *row) for row in connection.execute("select id, name from resident")
                }
        return rows

    def _write_project(self) -> None:
        home = project_root() / "dbt_project"
        rooms = ("identifiers", "staging", "project", "library")
        paths = [*(str(home / "macros" / room) for room in rooms), "macros"]
        files = _FILES | {
            "dbt_project.yml": f"name: citybase\nversion: '1.0'\nprofile: scratch\n"
            f"macro-paths: {paths}\n"
            "vars: {city_division_prefix: '3713', city_address_prefix: [山东省, 临沂市],"
            " library_bucket_rows: 5}\n"
            "on-run-start: ['{{ create_library_definition() }}', '{{ forget_removed_models() }}']\n"
            "models:\n  citybase:\n"
            "    staging: {+materialized: apply_changes}\n"
            "    intermediate: {+materialized: table}\n"
            "    library: {+materialized: library}\n",
            "profiles.yml": "scratch:\n  target: dev\n  outputs:\n"
            f"    dev: {{type: duckdb, path: '{self.settings.warehouse}', threads: 2}}\n",
        }
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            begin = _FAILS if name.startswith("models/") and name.endswith(".sql") else ""
            (self.folder / name).write_text(begin + text, encoding="utf-8")
        self.write_seed()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
