"""The golden record worked out a second time: in polars, from the records and the precedence seed.

Who is who is taken as found (it has its own tests); which value stands, where it is from and who
disagrees is worked out anew, with the two witnesses that no department keeps: the resident number
and the agreement of several departments on a name. Nothing of the models' own way is used: no
packed rank, no `max_by`. Keep out: reading a golden record that the models made.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

ATTRIBUTES = (
    "resident_number",
    "name",
    "sex_code",
    "birth_date",
    "ethnicity_code",
    "division_code",
    "address",
    "phone",
    "education_code",
    "marital_status_code",
    "is_dead",
    "death_date",
)
PERSON = "library.lib_population__entity_person"
PROVENANCE = "library.lib_population__entity_person_provenance"
# Value, source, the source's time, rule, whether sources disagree.
Cell = tuple[str | None, str | None, dt.datetime | None, str | None, bool]
Cells = dict[str, dict[int, Cell]]
_PERSON = "person_key"
_KEYED = ("system_code", "table_code", "source_key", "role_code")
_BEARING = ("own", "former_name", "near_name")
_AGREEING_SYSTEMS = 3
_NO_SEQUENCE_FROM = 996


@dataclass(frozen=True)
class _Record:
    """One record with its person, as far as the witnesses ask."""

    person_key: int
    system: str
    table: str
    role: str
    number: str | None
    anchor: str | None
    verdict: str
    name: str | None
    former_name: str | None
    reading: str | None
    sex: str | None
    birth: str | None
    at: dt.datetime | None


def stem(attribute: str) -> str:
    """What the provenance columns of an attribute begin with."""
    return attribute.removesuffix("_code").removesuffix("_date")


def found_cells(connection: duckdb.DuckDBPyConnection) -> Cells:
    """Per attribute and person the cell of the library."""
    cells: Cells = {}
    for attribute in ATTRIBUTES:
        column = "is_deceased" if attribute == "is_dead" else attribute
        rows = connection.execute(
            f"""
            select
                person_key, cast(person.{column} as varchar), {stem(attribute)}_source_code,
                {stem(attribute)}_source_at, {stem(attribute)}_rule_code,
                {stem(attribute)}_is_conflicted
            from {PERSON} as person
            inner join {PROVENANCE} as provenance using (person_key)
            """
        ).fetchall()
        cells[attribute] = {key: tuple(cell) for key, *cell in rows}
    return cells


def predicted_cells(connection: duckdb.DuckDBPyConnection, seeds: Path) -> Cells:
    """Per attribute and person the cell that ought to be there, going by the code tables in
    ``seeds``.
    """
    keys = [key for (key,) in connection.execute(f"select person_key from {PERSON}").fetchall()]
    cells: Cells = {}
    for attribute, said in _predict(connection, seeds).items():
        # Whom nobody calls dead is alive.
        unsaid = "false" if attribute == "is_dead" else None
        cells[attribute] = dict.fromkeys(keys, (unsaid, None, None, None, False))
        for row in said.iter_rows(named=True):
            moment = dt.datetime.fromtimestamp(row["second"], dt.UTC).replace(tzinfo=None)
            cells[attribute][row[_PERSON]] = (
                row["value"],
                f"{row['system_code']}.{row['table_code']}",
                moment if row["second"] else None,
                f"population.{attribute}.{row['priority']}",
                row["is_conflicted"],
            )
    return cells


def _predict(connection: duckdb.DuckDBPyConnection, seeds: Path) -> dict[str, pl.DataFrame]:
    """Per attribute one row per person: the value, its system, table, time, priority, and whether
    sources with a say disagree. ``seeds`` is the folder of the code tables to go by.
    """
    precedence = pl.read_csv(seeds / "attribute_precedence.csv").filter(
        pl.col("library_code") == "population"
    )
    number = pl.read_csv(seeds / "library_source.csv").filter(
        pl.col("library_code") == "population"
    )
    said = _said(connection)
    found = {}
    for attribute in ATTRIBUTES:
        heard = (
            said.filter(pl.col("attribute") == attribute, pl.col("value").is_not_null())
            .join(
                precedence.filter(pl.col("attribute_code") == attribute),
                on=["system_code", "table_code"],
            )
            .join(number, on=["system_code", "table_code"])
        )
        found[attribute] = (
            heard.sort(
                [_PERSON, "priority", "second", "source_no", "mixer"],
                descending=[False, False, True, True, True],
            )
            .group_by(_PERSON, maintain_order=True)
            .agg(
                pl.first("value"),
                pl.first("system_code"),
                pl.first("table_code"),
                pl.first("second"),
                pl.first("priority"),
                (pl.col("value").n_unique() > 1).alias("is_conflicted"),
            )
        )
    return found


def _said(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What every record says of a person, one row per attribute; the witnesses speak as well."""
    ((as_of,),) = connection.execute("select as_of_date from meta.cut").fetchall()
    # A number that is somebody else's says nothing of the person whose record bears it.
    verdicts = (*_BEARING, "second")
    borne = f"case when matched.verdict_code in {verdicts} then record.resident_number end"
    said = {name: f"record.{name}" for name in ATTRIBUTES} | {"resident_number": borne}
    columns = ", ".join(f"cast({value} as varchar) as {name}" for name, value in said.items())
    table = connection.execute(
        f"""
        select
            link.person_key, record.system_code, record.table_code, record.source_key,
            record.role_code, record.source_at, {columns}
        from intermediate.int_population__person_record as record
        inner join library.lib_population__link_person_source as link
            using (system_code, table_code, source_key, role_code)
        inner join intermediate.int_population__person_matched as matched
            using (system_code, table_code, source_key, role_code)
        """
    ).pl()
    records = _records(connection)
    said = pl.concat(
        [
            _long(table, as_of),
            _long(_numbers(records), as_of),
            _long(_agreed_names(records), as_of),
        ]
    )
    # Of records of one person that agree in source, second and mixer the first by key has a say.
    heard = (
        said.select(_PERSON, *_KEYED, "second", "mixer")
        .unique()
        .sort("source_key", "role_code")
        .unique([_PERSON, "system_code", "table_code", "second", "mixer"], keep="first")
        .select(_PERSON, *_KEYED)
    )
    return said.join(heard, on=[_PERSON, *_KEYED])


def _records(connection: duckdb.DuckDBPyConnection) -> list[_Record]:
    rows = connection.execute(
        """
        select
            link.person_key, record.system_code, record.table_code, record.role_code,
            record.identity_number, record.identity_anchor, matched.verdict_code, record.name,
            record.former_name, reading.reading, record.sex_code,
            cast(record.birth_date as varchar), record.source_at
        from intermediate.int_population__person_record as record
        inner join library.lib_population__link_person_source as link
            using (system_code, table_code, source_key, role_code)
        inner join intermediate.int_population__person_matched as matched
            using (system_code, table_code, source_key, role_code)
        left join intermediate.int_population__name_reading as reading
            on record.name = reading.name
        """
    ).fetchall()
    return [_Record(*row) for row in rows]


def _numbers(records: list[_Record]) -> pl.DataFrame:
    """The resident number as a source of birth and sex: where a record contradicts it, or where
    none states one of the two. A number the police replaced says nothing.
    """
    bearing = defaultdict(list)
    for record in records:
        if record.anchor and record.anchor.startswith("resident:") and record.verdict in _BEARING:
            bearing[record.anchor.removeprefix("resident:")].append(record)
    rows = []
    for digits, borne in bearing.items():
        if int(digits[14:17]) >= _NO_SEQUENCE_FROM or any(r.role == "previous" for r in borne):
            continue
        birth = f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}"
        sex = "1" if int(digits[16]) % 2 else "2"
        births = {r.birth for r in borne if r.birth}
        sexes = {r.sex for r in borne if r.sex}
        if (births, sexes) != ({birth}, {sex}):
            at = dt.datetime.fromisoformat(birth)
            number = max(r.number or "" for r in borne)
            rows.append((borne[0].person_key, "identity_number", number, at, birth, sex))
    return _witness(rows, ("birth_date", "sex_code"))


def _agreed_names(records: list[_Record]) -> pl.DataFrame:
    """A name that three systems or more agree on, where the register alone writes another one that
    reads the same but for a syllable at most: the register's slip.
    """
    by_person = defaultdict(list)
    for record in records:
        by_person[record.person_key].append(record)
    rows = []
    for person, own in by_person.items():
        registered = {
            (r.name, r.reading)
            for r in own
            if (r.system, r.table) == ("household_register", "resident") and r.name
        }
        if len(registered) != 1:
            continue
        ((name, reading),) = registered
        former = {r.former_name for r in own}
        systems: dict[str, set[str]] = defaultdict(set)
        latest: dict[str, dt.datetime] = {}
        for r in own:
            if r.name is None or r.system == "household_register" or r.name in former:
                continue
            if r.name == name or _is_near(r.reading, reading):
                systems[r.name].add(r.system)
                if r.at is not None:
                    latest[r.name] = max(latest.get(r.name, r.at), r.at)
        if not systems or name in systems:
            continue
        chosen = min(systems, key=lambda n: (-len(systems[n]), n))
        if len(systems[chosen]) >= _AGREEING_SYSTEMS:
            rows.append((person, "name_agreement", str(person), latest.get(chosen), chosen))
    return _witness(rows, ("name",))


def _is_near(one: str | None, other: str | None) -> bool:
    """Whether two readings have as many syllables and differ in one at most."""
    if one is None or other is None:
        return False
    left, right = one.split(" "), other.split(" ")
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) <= 1


def _witness(rows: list[tuple[object, ...]], attributes: tuple[str, ...]) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        _PERSON: pl.Int64,
        "system_code": pl.String,
        "source_key": pl.String,
        "source_at": pl.Datetime("us"),
        **dict.fromkeys(attributes, pl.String),
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        table_code=pl.lit("resident"), role_code=pl.lit("self")
    )


def _long(table: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    mixed = [
        int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:4], 16) % 8192
        for text in (table["source_key"] + table["role_code"]).to_list()
    ]
    # A time after the day of the cut is no time.
    second = (
        pl.when(pl.col("source_at").is_null() | (pl.col("source_at").dt.date() > as_of))
        .then(0)
        .otherwise(pl.col("source_at").dt.epoch("s").clip(lower_bound=0))
    )
    return table.with_columns(
        mixer=pl.Series(mixed, dtype=pl.Int64), second=second.cast(pl.Int64)
    ).unpivot(
        on=[name for name in ATTRIBUTES if name in table.columns],
        index=[_PERSON, *_KEYED, "second", "mixer"],
        variable_name="attribute",
        value_name="value",
    )
