"""A declarative writer of tables about organisations: who is in a table, which column says what.

``OrganisationTable`` declares; ``write_organisation_table`` generates the source table and its
truth. A column is an SQL expression over the columns of ``known_organisation`` and over the
*writings* below: whoever uses ``written_phone`` gets telephones missing and out of date, and the
truth says so row by row. A table that does not use a writing has none of its defects. Add a writing
here when many tables damage a column in the same way. Keep out: the damage itself
(``defects_organisation.py``) and the declarations (``organisation_tables.py``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from sources.simulator.records import record_truth


@dataclass(frozen=True)
class OrganisationTable:
    """One table about organisations.

    * ``organisations`` is a condition on ``known_organisation`` (and on ``extra``), ``lag`` how
      many days late a change may be heard of;
    * ``joins`` adds relations to it, ``extra`` expressions that columns can name;
    * ``columns`` maps the registry's columns to expressions; the first one is the key;
    * a contact up to ``touched_days`` before the base day put the row on file: ``begun_date``, from
      which dates of the matter itself follow; ``updated_date`` is that day or that of a change;
    * ``old_per_million`` of the rows of those older than the credit code still bear an old code
      alone, ``missing_per_million`` bear none, ``typo_per_million`` a wrong character;
    * ``known`` is a relation of what several systems know alike, instead of its own knowledge;
      ``row`` is what the rows' chance is drawn by when an organisation has many rows;
      ``valid_code`` says when a row holds a valid code, where columns are no writings.
    """

    system: str
    table: str
    organisations: str
    columns: Mapping[str, str]
    lag: int = 90
    joins: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    touched_days: int = 1500
    old_per_million: int = 30_000
    missing_per_million: int = 3_000
    typo_per_million: int = 3_000
    more_defects: tuple[str, ...] = ()
    is_landable: str = "true"
    known: str | None = None
    row: str = "organisation_id"
    valid_code: str | None = None

    @property
    def relation(self) -> str:
        """The organisations as the system knows them."""
        return self.known or f"known_organisation('{self.purpose}', {self.lag})"

    @property
    def purpose(self) -> str:
        """What the rows' chance is drawn under."""
        return f"{self.system}.{self.table}"

    @property
    def key(self) -> str:
        """The key column."""
        return next(iter(self.columns))

    def uses(self, writing: str) -> bool:
        """Whether a column is written that way."""
        pattern = re.compile(rf"\b{writing}\b")
        return any(pattern.search(sql) for sql in (*self.columns.values(), *self.extra.values()))

    @property
    def has_code(self) -> bool:
        """Whether any code of the organisation is written."""
        return any(
            self.uses(writing)
            for writing in (
                "written_uscc",
                "written_organisation_code",
                "written_registration_number",
                "written_code",
            )
        )

    @property
    def has_officer(self) -> bool:
        """Whether the representative is written with a number."""
        return self.uses("written_officer_number")


def write_organisation_table(
    connection: duckdb.DuckDBPyConnection, table: OrganisationTable, *, is_added: bool = False
) -> None:
    """Create the table, or add to the one there is, and record the truth about its rows."""
    relation = f"source.{table.system}__{table.table}"
    verb = (
        f"insert into {relation} by name" if is_added else f"create or replace table {relation} as"
    )
    connection.execute(f"{verb} {table_sql(table)}")
    if table.has_code:
        record_truth(
            connection,
            system=table.system,
            table=table.table,
            key=table.key,
            kind="organisation",
        )
    if table.has_officer:
        record_truth(
            connection,
            system=table.system,
            table=table.table,
            key=table.key,
            role="representative",
            prefix="officer_",
        )


def table_sql(table: OrganisationTable) -> str:
    """The query of a table: its columns and the truth about its rows."""
    columns = ",\n    ".join(f'{sql} as "{name}"' for name, sql in table.columns.items())
    return f"""
{draft_sql(table)}
select
    {columns},
    organisation_id as _organisation_id,
    {truth_sql(table)}
    {table.is_landable} as _is_landable,
    false as _tells_death,
from draft
"""


# In a step of its own: an alias of the same step would copy the whole expression it stands for.
_WRITTEN_CODE = """coalesce(
            written_uscc,
            case when _code_defect = 'old_code'
                then coalesce(written_registration_number, organisation_code) end
        )"""


def draft_sql(table: OrganisationTable) -> str:
    """The relation ``draft``: organisations, what is wrong with each row, what is written."""
    extra = "".join(f"\n        {sql} as {name}," for name, sql in table.extra.items())
    officer = ""
    if table.has_officer or table.uses("written_officer_name"):
        officer = "left join officer on representative_person_id = officer.person_id"
    return f"""
with known as (
    select
        organisation.*,{extra}
    from {table.relation} as organisation
    {table.joins}
    where {table.organisations}
),
dated as (
    select
        known.*,
        {table.row} as _row,
        greatest(
            established_date,
            getvariable('today')
            - below(_row, '{table.purpose}/touched', {table.touched_days})::integer
        ) as begun_date,
        coalesce(
            changed_date,
            greatest(begun_date, ended_date)
        ) as updated_date,
    from known
),
faulty as (
    select
        dated.*,
        {_faults(table)}
    from dated
    {officer}
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
        {_WRITTEN_CODE if table.has_code else "null"} as written_code,
    from written
)
"""


def _faults(table: OrganisationTable) -> str:
    """What is wrong with each row, one column per kind."""
    purpose = table.purpose
    faults = [f"organisation_name_variant(_row, '{purpose}', dated.name) as written_name"]
    if table.has_code:
        faults += [
            f"code_defect(_row, '{purpose}', uscc, established_date,"
            f" {table.old_per_million}, {table.missing_per_million}, {table.typo_per_million})"
            " as _code_defect",
            f"code_text_defect(_row, '{purpose}') as _code_text_defect",
        ]
    if table.uses("written_phone"):
        faults.append(f"phone_defect(_row, '{purpose}', phone) as _phone_defect")
    if table.uses("written_officer_name"):
        faults.append(
            f"variant_name(_row, '{purpose}/officer', officer.name) as written_officer_name"
        )
        faults.append("officer.name as officer_name")
    if table.has_officer:
        faults += [
            "officer.person_id as _officer_person_id",
            "officer.number as officer_number",
            "officer.other_number as officer_other_number",
            "officer.number_kind as officer_number_kind",
            f"number_defect(_row, '{purpose}/officer', officer.number,"
            " officer.other_number, officer.number_kind, officer.birth_date, 0)"
            " as _officer_number_defect",
            f"number_text_defect(_row, '{purpose}/officer', officer.number)"
            " as _officer_text_defect",
        ]
    if table.uses("written_industry"):
        faults.append(
            f"case when chance(_row, '{purpose}/industry', 80000)"
            f" then pick_industry(_row, '{purpose}/industry code')"
            " else industry_code end as written_industry"
        )
    if table.uses("_date_defect"):
        faults.append(f"date_text_defect(_row, '{purpose}') as _date_defect")
    return ",\n        ".join(faults)


def _writings(table: OrganisationTable) -> str:
    """The damaged values themselves."""
    purpose = table.purpose
    writings = ["null as _no_writing"]
    if table.has_code:
        writings += [
            f"damaged_code_text(written_credit_code(_row, '{purpose}', uscc,"
            " _code_defect), _code_text_defect) as written_uscc",
            # old papers name the registration number, the organisation code, or both
            """case
            when _code_defect is distinct from 'old_code' then null
            when chance(_row, 'thirteen digits', 150000)
                then coalesce(former_registration_number, registration_number)
            else coalesce(registration_number, former_registration_number)
        end as written_registration_number""",
            f"""case
            when _code_defect = 'code_missing' then null
            when _code_defect = 'codes_disagree' then organisation_code_of_another(_row)
            when _code_defect = 'old_code' then case
                when registration_number is null
                    or chance(_row, '{purpose}/both codes', 600000)
                    then organisation_code
            end
            when chance(_row, '{purpose}/both codes', 600000) then organisation_code
        end as written_organisation_code""",
        ]
    if table.uses("written_phone"):
        writings.append("damaged_telephone(_row, phone, _phone_defect) as written_phone")
    if table.has_officer:
        writings.append(
            f"""damaged_text(
            damaged_number(
                _row, '{purpose}/officer', officer_number, officer_other_number,
                _officer_number_defect
            ),
            _officer_text_defect
        ) as written_officer_number"""
        )
    return ",\n        ".join(writings)


def truth_sql(table: OrganisationTable) -> str:
    """The columns that begin with an underscore: defects of the row, and whether its codes hold."""
    defects = ["name_state"]
    if table.uses("written_name"):
        defects.append("case when written_name <> name then 'name_variant' end")
    if table.has_code:
        # one code cannot disagree with itself
        defects.append(
            "_code_defect"
            if table.uses("written_organisation_code")
            else "nullif(_code_defect, 'codes_disagree')"
        )
        defects.append("_code_text_defect")
    for writing, defect in (
        ("written_phone", "_phone_defect"),
        ("address", "address_state"),
        ("status_code", "status_state"),
        ("written_officer_name", "officer_state"),
        ("written_industry", "case when written_industry <> industry_code"
         " then 'industry_other' end"),
        ("_date_defect", "_date_defect"),
    ):  # fmt: skip
        if table.uses(writing):
            defects.append(defect)
    truth = [f"concat_ws(',', {', '.join([*defects, *table.more_defects])}) as _defects"]
    truth.append(f"coalesce({_valid_code(table)}, false) as _has_valid_number")
    if table.has_officer:
        truth += [
            "_officer_person_id",
            "concat_ws(',', _officer_number_defect, _officer_text_defect, case when"
            " written_officer_name <> officer_name then 'name_variant' end, officer_state)"
            " as _officer_defects"
            if table.uses("written_officer_name")
            else "concat_ws(',', _officer_number_defect, _officer_text_defect) as _officer_defects",
            "coalesce(_officer_number_defect = 'number_15_digits', true)"
            " and written_officer_number is not null as _officer_has_valid_number",
        ]
    return ",\n    ".join(truth) + ","


def _valid_code(table: OrganisationTable) -> str:
    """Whether some column of the row holds a valid code of its organisation."""
    if table.valid_code:
        return table.valid_code
    valid = ["(false)"]
    if table.uses("written_uscc") or table.uses("written_code"):
        valid.append("coalesce(_code_defect is null or _code_defect = 'codes_disagree', true)")
    if table.uses("written_organisation_code"):
        valid.append(
            "(written_organisation_code is not null"
            " and _code_defect is distinct from 'codes_disagree')"
        )
    if table.uses("written_registration_number"):
        valid.append("(length(written_registration_number) = 15)")
    if table.uses("written_code"):
        valid.append("(_code_defect = 'old_code' and length(written_code) <> 13)")
    return " or ".join(valid)
