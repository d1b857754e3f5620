"""The golden record worked out a second time: in polars, from staging and the precedence seed.

Nothing of the models' own way is used: no packed rank, no `max_by`. Add a library here when it gets
a golden record. Keep out: reading what the models made.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl


@dataclass(frozen=True)
class Library:
    """A library with a golden record: its key, its attributes and the staging models it reads."""

    code: str
    key: str
    attributes: tuple[str, ...]
    models: tuple[str, ...]
    anchors: str


POPULATION = Library(
    code="population",
    key="person_key",
    attributes=(
        "name",
        "sex_code",
        "birth_date",
        "ethnicity_code",
        "division_code",
        "address",
        "phone",
        "education_code",
        "marital_status_code",
        "death_date",
    ),
    models=(
        "stg_household_register__resident",
        "stg_social_security__insured_person",
        "stg_health_record__resident_record",
        "stg_civil_registry__marriage_registration",
        "stg_civil_registry__cremation",
        "stg_health_record__death_certificate",
    ),
    anchors="library.lib_population__link_person_source",
)
_DEATHS = ("death_certificate", "cremation")
_KEYED = ("system_code", "table_code", "source_key", "role_code")


def predict(
    connection: duckdb.DuckDBPyConnection, library: Library, seeds: Path
) -> dict[str, pl.DataFrame]:
    """Per attribute one row per key: the value, its system, table, time, priority, and whether
    sources with a say disagree. ``seeds`` is the folder of the code tables to go by.
    """
    precedence = pl.read_csv(seeds / "attribute_precedence.csv").filter(
        pl.col("library_code") == library.code
    )
    number = pl.read_csv(seeds / "library_source.csv").filter(
        pl.col("library_code") == library.code
    )
    records = _records(connection, library)
    found = {}
    for attribute in library.attributes:
        said = (
            records.filter(pl.col("attribute") == attribute, pl.col("value").is_not_null())
            .join(
                precedence.filter(pl.col("attribute_code") == attribute),
                on=["system_code", "table_code"],
            )
            .join(number, on=["system_code", "table_code"])
        )
        found[attribute] = (
            said.sort(
                [library.key, "priority", "second", "source_no", "mixer"],
                descending=[False, False, True, True, True],
            )
            .group_by(library.key, maintain_order=True)
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


def _records(connection: duckdb.DuckDBPyConnection, library: Library) -> pl.DataFrame:
    """What every record says, one row per attribute; the resident numbers speak as well."""
    parts = [_staged(connection, library, model) for model in library.models]
    doubted = _doubted_deaths(pl.concat(parts), library)
    parts.append(_numbers(connection, parts, library))
    said = pl.concat(parts)
    # Of records of one person that agree in source, second and mixer the first by key has a say.
    heard = (
        said.select(library.key, *_KEYED, "second", "mixer")
        .unique()
        .sort("source_key", "role_code")
        .unique([library.key, "system_code", "table_code", "second", "mixer"], keep="first")
        .select(library.key, *_KEYED)
    )
    return said.join(heard, on=[library.key, *_KEYED]).join(
        doubted, on=["system_code", "table_code", "source_key"], how="anti"
    )


def _staged(connection: duckdb.DuckDBPyConnection, library: Library, model: str) -> pl.DataFrame:
    held = {
        name
        for name, *_ in connection.execute(f"describe staging.{model}").fetchall()
        if name in library.attributes
    }
    table = connection.execute(
        f"""
        select
            link.{library.key}, staged.system_code, staged.table_code, staged.source_key,
            staged.role_code, cast(floor(epoch(staged.source_at)) as bigint) as second,
            {", ".join(f"cast(staged.{name} as varchar) as {name}" for name in sorted(held))}
        from staging.{model} as staged
        inner join {library.anchors} as link
            using (system_code, table_code, source_key, role_code)
        where link.{library.key} is not null
        """
    ).pl()
    return _long(table, library, sorted(held))


def _numbers(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[pl.DataFrame], library: Library
) -> pl.DataFrame:
    """The resident number as a source of birth and sex: where a record contradicts it, or where
    none states one of the two.
    """
    numbers = connection.execute(
        "select person_key, resident_number from library.lib_population__entity_person"
        " where resident_number is not null"
    ).pl()
    numbers = numbers.with_columns(
        birth=pl.col("resident_number").str.slice(6, 8).str.to_date("%Y%m%d").cast(pl.String),
        sex=pl.when(pl.col("resident_number").str.slice(16, 1).cast(pl.Int64) % 2 == 1)
        .then(pl.lit("1"))
        .otherwise(pl.lit("2")),
    )
    said = pl.concat(parts).filter(pl.col("value").is_not_null())
    births = said.filter(pl.col("attribute") == "birth_date")
    sexes = said.filter(pl.col("attribute") == "sex_code")
    agree = (
        numbers.join(_witness(births), on="person_key", how="left")
        .join(_witness(sexes), on="person_key", how="left", suffix="_of_sex")
        .with_columns(
            pl.col("values").fill_null([]),
            pl.col("values_of_sex").fill_null([]),
        )
    )
    speaking = agree.filter(
        ~(
            (pl.col("values") == pl.concat_list("birth"))
            & (pl.col("values_of_sex") == pl.concat_list("sex"))
        )
    )
    table = speaking.select(
        "person_key",
        system_code=pl.lit("identity_number"),
        table_code=pl.lit("resident"),
        source_key=pl.col("resident_number"),
        role_code=pl.lit("self"),
        second=pl.col("birth").str.to_datetime("%Y-%m-%d").dt.epoch("s").clip(lower_bound=0),
        birth_date=pl.col("birth"),
        sex_code=pl.col("sex"),
    )
    return _long(table, library, ["birth_date", "sex_code"])


def _doubted_deaths(said: pl.DataFrame, library: Library) -> pl.DataFrame:
    """Death records under the number of somebody else: of those who bear it in other records, none
    has nearly the same name and none the same birthday.
    """
    key = [library.key, *_KEYED]
    people = (
        said.filter(pl.col("attribute") == "name")
        .select(*key, name="value")
        .join(
            said.filter(pl.col("attribute") == "birth_date").select(*key, birth="value"),
            on=key,
            how="left",
        )
        .filter(pl.col("name").is_not_null())
    )
    bearers: dict[int, list[tuple[str, str | None]]] = {}
    for person, _, table, *_, name, birth in people.iter_rows():
        if table not in _DEATHS:
            bearers.setdefault(person, []).append((name, birth))
    doubted = [
        (system, table, source_key)
        for person, system, table, source_key, _, name, birth in people.iter_rows()
        if table in _DEATHS
        and person in bearers
        and not any(
            _is_nearly(name, other) or (birth is not None and birth == born)
            for other, born in bearers[person]
        )
    ]
    columns = ["system_code", "table_code", "source_key"]
    return pl.DataFrame(doubted, schema=dict.fromkeys(columns, pl.String), orient="row")


def _is_nearly(one: str, other: str) -> bool:
    """Whether one character inserted, left out or exchanged makes the one name the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == len(longer):
        return sum(a != b for a, b in zip(shorter, longer, strict=True)) <= 1
    return any(shorter == longer[:n] + longer[n + 1 :] for n in range(len(longer)))


def _witness(said: pl.DataFrame) -> pl.DataFrame:
    return said.group_by("person_key").agg(pl.col("value").unique().alias("values"))


def _long(table: pl.DataFrame, library: Library, attributes: list[str]) -> pl.DataFrame:
    mixed = [
        int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:4], 16) % 8192
        for text in (table["source_key"] + table["role_code"]).to_list()
    ]
    return table.with_columns(
        mixer=pl.Series(mixed, dtype=pl.Int64), second=pl.col("second").cast(pl.Int64)
    ).unpivot(
        on=attributes,
        index=[library.key, *_KEYED, "second", "mixer"],
        variable_name="attribute",
        value_name="value",
    )
