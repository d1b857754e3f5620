"""A declarative writer of tables about people: who is in a table, and which column says what.

``PersonTable`` declares; ``write_person_table`` generates the source table and its truth. A column
is an SQL expression over the columns of ``known_person`` and over the *writings* below: whoever
uses ``written_phone`` gets phones missing and out of date, and the truth says so row by row. A
table that does not use a writing has none of its defects. Add a writing here when many tables
damage a column in the same way. Keep out: the damage itself (``defects.py``) and the declarations
(``people_tables.py``, ``records_grid.py``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from sources.simulator.records import record_truth


@dataclass(frozen=True)
class Companion:
    """A second person of a row, such as a student's guardian: the column ``person_id`` says who.

    His columns and writings begin with the role: ``guardian_sex_code``, ``guardian_written_name``,
    ``guardian_written_number``, ``guardian_written_phone``. A row without ``person_id`` has none.
    """

    role: str
    person_id: str
    lag: int = 60


@dataclass(frozen=True)
class PersonTable:
    """One table about people.

    * ``people`` is a condition on ``known_person`` (and on ``extra``), ``lag`` how many days late a
      change may be heard of; nobody is in it twice unless ``again`` holds for him (``copy`` 1);
    * ``joins`` adds relations to it, ``extra`` expressions that columns and ``people`` can name;
    * ``columns`` maps the registry's columns to expressions; the first one is the key;
    * a contact up to ``touched_days`` before the base day put the row on file: ``begun_date``, from
      which dates of the matter itself follow; ``updated_date`` is that day or that of a change;
    * ``is_stale`` says when the address before the move stands, ``is_date_text`` which rows take
      any text for a date, ``updated`` corrects ``updated_date``, ``more_defects`` adds names;
    * the file of a table that ``has_damaged_lines`` holds a line cut short and a line with bytes of
      no character: ``_line_damage`` says which rows, which cannot be read;
    * a table that ``is_shared`` holds the rows of many systems: its column ``_system_code`` says
      whose they are, and the caller shares them out;
    * ``no_number_per_million`` rows lack the number; where a row ``is_workbook``, its 18 digits may
      be taken for a number (``_excel_damage``: such a row cannot be read).
    """

    system: str
    table: str
    people: str
    columns: Mapping[str, str]
    lag: int = 45
    joins: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    companion: Companion | None = None
    again: str | None = None
    touched_days: int = 2900
    no_number_per_million: int = 0
    is_workbook: str = "false"
    is_stale: str = "updated_date < moved_date"
    updated: str = "updated_date"
    is_date_text: str = "true"
    more_defects: tuple[str, ...] = ()
    has_damaged_lines: bool = False
    is_shared: bool = False

    @property
    def purpose(self) -> str:
        """What the rows' chance is drawn under."""
        return f"{self.system}.{self.table}"

    @property
    def relation(self) -> str:
        """Where the rows are put."""
        return f"source.{self.system}__{self.table}"

    @property
    def key(self) -> str:
        """The key column."""
        return next(iter(self.columns))

    def uses(self, writing: str) -> bool:
        """Whether a column is written that way."""
        pattern = re.compile(rf"\b{writing}\b")
        return any(pattern.search(sql) for sql in (*self.columns.values(), *self.extra.values()))


def key(prefix: str, factor: int, shift: int) -> str:
    """A row key of ten digits that tells nothing about the person."""
    return f"'{prefix}' || row_number_text(_row, {factor}, {shift})"


def date_text(expression: str) -> str:
    """A date as text, in one row of two thousand a text that is no date (``_date_defect``)."""
    return f"damaged_date_text({expression}, _date_defect)"


# What a row knows about its second person.
_COMPANION = (
    "person_id", "number", "number_kind", "number_state", "other_number", "birth_date", "name",
    "name_state", "sex_code", "phone", "phone_state",
)  # fmt: skip

# How a word or code of the city is written by many: sex and people as words, places as codes.
SEX_WORD = "case sex_code when '1' then '男' else '女' end"
PEOPLE_WORD = "getvariable('ethnicity')[ethnicity_code::integer] || '族'"
DIVISION_CODE = "getvariable('county_code')[written_county + 1]"
DIVISION_NAME = "getvariable('county_name')[written_county + 1]"


def day_time_text(expression: str, purpose: str) -> str:
    """A point in time on that day, as files and SQLite hold it."""
    return f"day_time({expression}, _row, '{purpose}')::varchar"


def write_person_table(connection: duckdb.DuckDBPyConnection, table: PersonTable) -> None:
    """Create the table and record the truth about its people."""
    connection.execute(table_sql(table))
    roles = {"self": ""} | ({c.role: f"{c.role}_"} if (c := table.companion) else {})
    for role, prefix in roles.items():
        record_truth(
            connection,
            system=table.system,
            table=table.table,
            key=table.key,
            role=role,
            prefix=prefix,
            is_shared=table.is_shared,
        )


def table_sql(table: PersonTable) -> str:
    """The statement that creates a table: people, what is wrong with each row, what is written."""
    extra = "".join(f"\n        {sql} as {name}," for name, sql in table.extra.items())
    columns = ",\n    ".join(f"{sql} as {name}" for name, sql in table.columns.items())
    copies = (
        f"unnest(case when {table.again} then [0, 1] else [0] end)" if table.again else "0::integer"
    )
    return f"""
create or replace table {table.relation} as
with known as (
    select
        person.*,{extra}
        {copies} as copy,
    from known_person('{table.purpose}', {table.lag}) as person
    {table.joins}
    where {table.people}
),{_accompanied(table)}
numbered as (
    select
        *,
        {"person_id * 2 + copy" if table.again else "person_id"} as _row,
        {_begun(table)} as begun_date,
        greatest(begun_date, changed_date) as updated_date,
    from {"accompanied" if table.companion else "known"}
),
dated as (
    select * replace ({table.updated} as updated_date) from numbered
),
faulty as (
    select
        *,
        {_faults(table)}
    from dated
),
written as (
    select
        *,
        {_writings(table)}
    from faulty
),
draft as (
    select
        *,
        {_cell_damage(table)} as _excel_damage,
        {_line_damage(table)} as _line_damage,
    from written
)
select
    {columns},
    person_id as _person_id,
    concat_ws(',', {", ".join(_defects(table))}) as _defects,
    {_own_validity(table)} as _has_valid_number,{_companion_truth(table)}
    {_damage_columns(table)}{_is_landable(table)} as _is_landable,
    false as _tells_death,
from draft
"""


def _begun(table: PersonTable) -> str:
    """The day a contact put the row on file: never before birth nor after death, the same for ever
    whatever happens to the person later.
    """
    return f"""greatest(
            birth_date,
            least(
                getvariable('today')
                - below(_row, '{table.purpose}/touched', {table.touched_days})::integer,
                death_date
            )
        )"""


def _faults(table: PersonTable) -> str:
    """What is wrong with each row, one column per kind."""
    purpose = table.purpose
    faults = []
    if table.uses("written_number"):
        faults += number_faults(purpose, "", missing=table.no_number_per_million)
    if table.companion:
        role = f"{table.companion.role}_"
        faults += number_faults(f"{purpose}/{role}", role)
        faults += [
            f"variant_name(_row, '{purpose}/{role}', {role}name) as {role}written_name",
            f"phone_defect(_row, '{purpose}/{role}', {role}phone) as _{role}phone_defect",
        ]
    if table.uses("written_name"):
        faults.append(f"variant_name(_row, '{purpose}', name) as written_name")
    if table.uses("written_birth"):
        faults.append(f"birth_date_defect(_row, '{purpose}', birth_date, 0) as _birth_defect")
    if table.uses("written_phone"):
        faults.append(f"phone_defect(_row, '{purpose}', phone) as _phone_defect")
    if table.uses("written_address"):
        faults.append(f"coalesce({table.is_stale}, false) as _is_stale")
    elif table.uses("written_county"):
        faults.append(
            f"coalesce({table.is_stale} and county_before <> county_now, false) as _is_stale"
        )
    if table.uses("written_county"):
        faults.append(
            "case when _is_stale then county_before else county_now end as written_county"
        )
    if table.uses("_date_defect"):
        faults.append(
            f"case when {table.is_date_text} then date_text_defect(_row, '{purpose}') end"
            " as _date_defect"
        )
    return ",\n        ".join([*faults, "null as _no_fault"])


def number_faults(purpose: str, prefix: str, *, missing: int = 0) -> list[str]:
    """Columns ``_<prefix>number_defect`` and ``_<prefix>text_defect`` of a person in the row."""
    return [
        f"number_defect(_row, '{purpose}', {prefix}number, {prefix}other_number,"
        f" {prefix}number_kind, {prefix}birth_date, {missing}) as _{prefix}number_defect",
        f"number_text_defect(_row, '{purpose}', {prefix}number) as _{prefix}text_defect",
    ]


def _writings(table: PersonTable) -> str:
    """The damaged values themselves."""
    purpose = table.purpose
    writings = []
    if table.uses("written_number"):
        writings.append(written_number_sql(purpose, ""))
    if table.companion:
        role = f"{table.companion.role}_"
        writings += [
            written_number_sql(f"{purpose}/{role}", role),
            f"damaged_phone({role}person_id, {role}phone, _{role}phone_defect)"
            f" as {role}written_phone",
        ]
    if table.uses("written_birth"):
        writings.append(
            f"damaged_birth(_row, '{purpose}', birth_date, _birth_defect) as written_birth"
        )
    if table.uses("written_phone"):
        writings.append("damaged_phone(person_id, phone, _phone_defect) as written_phone")
    if table.uses("written_address"):
        writings.append(
            "case when _is_stale then address_before else address_now end as written_address"
        )
    return ",\n        ".join([*writings, "null as _no_writing"])


def written_number_sql(purpose: str, prefix: str, *, name: str | None = None) -> str:
    """The damaged number of a person in the row, as ``<prefix>written_number`` or ``name``."""
    return f"""damaged_text(
            damaged_number(
                _row, '{purpose}', {prefix}number, {prefix}other_number, _{prefix}number_defect
            ),
            _{prefix}text_defect
        ) as {name or f"{prefix}written_number"}"""


def _defects(table: PersonTable) -> list[str]:
    """The names of a row's defects, as the truth lists them."""
    defects = []
    if table.uses("written_number"):
        defects += ["_number_defect", "_text_defect", "number_state"]
        if table.is_workbook != "false":
            defects.append("_excel_damage")
    if table.uses("written_birth"):
        defects.append("_birth_defect")
    if table.uses("written_phone"):
        defects.append("coalesce(_phone_defect, phone_state)")
    if table.uses("written_name"):
        defects += ["case when written_name <> name then 'name_variant' end", "name_state"]
    if table.uses("written_address"):
        defects.append("case when _is_stale then 'address_stale' else address_state end")
    elif table.uses("written_county"):
        defects.append("case when _is_stale then 'address_stale' end")
    if table.uses("_date_defect"):
        defects.append("_date_defect")
    if table.has_damaged_lines:
        defects.append("'line_' || _line_damage")
    return [*defects, *table.more_defects] or ["''"]


def validity(prefix: str) -> str:
    """A written number that is valid and this person's alone; damaged text still is that number."""
    return (
        f"coalesce(_{prefix}number_defect = 'number_15_digits', {prefix}number is not null)"
        f" and {prefix}number_state is null"
    )


def _own_validity(table: PersonTable) -> str:
    return validity("") if table.uses("written_number") else "false"


def _cell_damage(table: PersonTable) -> str:
    """In a step of its own: an alias of the same step would copy the whole expression."""
    if table.is_workbook == "false":
        return "null"
    return (
        f"case when {table.is_workbook}"
        f" then excel_damage(_row, '{table.purpose}', written_number) end"
    )


def _line_damage(table: PersonTable) -> str:
    """Of those who stay in the table for years the first and the last."""
    if not table.has_damaged_lines:
        return "null"
    stays = "filter (where birth_date between getvariable('today') - 4700"
    stays += " and getvariable('today') - 3000) over ()"
    return f"case _row when min(_row) {stays} then 'short' when max(_row) {stays} then 'bytes' end"


def _damage_columns(table: PersonTable) -> str:
    """What those who write the file or workbook have to know."""
    columns = "" if table.is_workbook == "false" else "_excel_damage,\n    "
    return columns + ("_line_damage,\n    " if table.has_damaged_lines else "")


def _is_landable(table: PersonTable) -> str:
    """Dates that are none and numbers that a workbook has rounded are refused when they land."""
    reasons = []
    if table.uses("_date_defect"):
        reasons.append("_date_defect is null")
    if table.is_workbook != "false":
        reasons.append("_excel_damage is null")
    if table.has_damaged_lines:
        reasons.append("_line_damage is null")
    return " and ".join(reasons) or "true"


def _accompanied(table: PersonTable) -> str:
    """The step that finds the second person of each row."""
    if table.companion is None:
        return ""
    role = table.companion.role
    columns = ",\n        ".join(f"{role}.{column} as {role}_{column}" for column in _COMPANION)
    return f"""
accompanied as (
    select
        known.*,
        {columns},
    from known
    left join known_person('{table.purpose}/{role}', {table.companion.lag}) as {role}
        on known.{table.companion.person_id} = {role}.person_id
),"""


def _companion_truth(table: PersonTable) -> str:
    if table.companion is None:
        return ""
    role = f"{table.companion.role}_"
    return f"""
    {role}person_id as _{role}person_id,
    concat_ws(
        ',',
        _{role}number_defect,
        _{role}text_defect,
        {role}number_state,
        case when {role}written_name <> {role}name then 'name_variant' end,
        {role}name_state,
        coalesce(_{role}phone_defect, {role}phone_state)
    ) as _{role}defects,
    {validity(role)} as _{role}has_valid_number,"""
