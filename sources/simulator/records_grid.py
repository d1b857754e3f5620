"""What the 12 county grid systems wrote: residents, subsidies, merchants, each in its dialect.

The rows of all counties are made at once in ``source.grid__<table>`` and then shared out. A county
knows who lives there, wherever he is registered; it goes on knowing some who moved to another
county. Add tables of the shape ``county_grid`` here. Keep out: the dialects
(``grid_dialects.py``).
"""

import duckdb

from sources.registry import Registry
from sources.simulator.grid_dialects import GRID_SYSTEMS, install_dialects, place_of
from sources.simulator.mixer import set_list
from sources.simulator.places import COUNTIES
from sources.simulator.records import record_truth, share_out
from sources.simulator.records_person import (
    PersonTable,
    date_text,
    day_time_text,
    key,
    number_faults,
    validity,
    write_person_table,
    written_number_sql,
)

# The county that changed its name: 苍山县 until 2014.
_OLD_NAMES = {"371324": "苍山县"}
_IS_WORKBOOK = "getvariable('grid_is_workbook')[written_county + 1] = 1"
_HAS_TYPES = "getvariable('grid_has_types')[written_county + 1]"


def write_grids(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Create ``source.grid_<county>__resident``, ``__subsidy`` and ``__merchant``. Needs people and
    organisations.
    """
    install_dialects(connection)
    _install_writings(connection, registry)
    write_person_table(connection, RESIDENT)
    write_person_table(connection, SUBSIDY)
    connection.execute(_MERCHANT)
    for role, kind in (("self", "organisation"), ("operator", "person")):
        record_truth(
            connection,
            system="grid",
            table="merchant",
            key="merchant_no",
            role=role,
            prefix="operator_" if kind == "person" else "",
            kind=kind,
            is_shared=True,
        )
    for table in ("resident", "subsidy", "merchant"):
        for system in GRID_SYSTEMS:
            share_out(connection, shared=f"grid__{table}", system=system)


def _install_writings(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Lists and macros of how a county writes places; databases with types hold no damaged date."""
    for name, technology in (("grid_has_types", "postgresql"), ("grid_is_workbook", "xlsx")):
        kept = {s.system for s in registry.systems if s.connection.technology == technology}
        set_list(connection, name, [int(system in kept) for system in GRID_SYSTEMS])
    set_list(connection, "county_old_name", [_OLD_NAMES.get(c.code, c.name) for c in COUNTIES])
    for macro in (
        # half of the rows are older than the last clean-up of the place names
        "is_old_form(i) as chance(i, 'grid/old form', 500000)",
        """
        grid_division(county_no, i) as case getvariable('grid_division')[county_no + 1]
            when 'former' then case when is_old_form(i)
                then getvariable('county_former_code')[county_no + 1]
                else getvariable('county_code')[county_no + 1] end
            when 'name' then getvariable('county_name')[county_no + 1]
            when 'old_name' then case when is_old_form(i)
                then getvariable('county_old_name')[county_no + 1]
                else getvariable('county_name')[county_no + 1] end
            when 'twelve' then getvariable('county_code')[county_no + 1] || '000000'
            else getvariable('county_code')[county_no + 1]
        end
        """,
        """
        grid_division_defect(county_no, i) as case
            when getvariable('grid_division')[county_no + 1] in ('former', 'old_name')
                and is_old_form(i) then 'division_former'
        end
        """,
        """
        grid_address(county_no, i, address) as case getvariable('grid_address')[county_no + 1]
            when 'short' then replace(address, '山东省临沂市', '')
            when 'old' then case when is_old_form(i) then replace(
                address,
                getvariable('county_name')[county_no + 1],
                getvariable('county_old_name')[county_no + 1]
            ) else address end
            else address
        end
        """,
        """
        grid_address_defect(county_no, i) as case
            when getvariable('grid_address')[county_no + 1] = 'old' and is_old_form(i)
                then 'place_renamed'
        end
        """,
    ):
        connection.execute(f"create or replace temp macro {macro}")


_SYSTEM = "getvariable('grid_system')[written_county + 1]"

RESIDENT = PersonTable(
    system="grid",
    table="resident",
    is_shared=True,
    people="chance(person_id, 'grid', 900000) and left_date is null"
    " and (death_date is null or chance(person_id, 'grid keeps the dead', 100000)"
    " and death_date > getvariable('today') - 730)",
    # some who moved to another county are still known where they left
    again="county_before <> county_now and birth_date < moved_date"
    " and chance(person_id, 'left behind', 200000)",
    updated="case when copy = 1 then least(updated_date, moved_date - 1) else updated_date end",
    is_stale="copy = 1 or updated_date < moved_date",
    is_date_text=f"{_HAS_TYPES} = 0",
    is_workbook=_IS_WORKBOOK,
    no_number_per_million=20_000,
    columns={
        "record_no": key("W", 8263547191, 60613),
        "id_number": "written_number",
        "name": "written_name",
        "sex": "grid_sex(written_county, sex_code::integer)",
        "birth_date": date_text("written_birth"),
        "ethnicity": "grid_ethnicity(written_county, ethnicity_code::integer)",
        "education": "grid_education(written_county, "
        + place_of("education", "substr(education_code, 1, 1)")
        + ")",
        "marital_status": "grid_marital_status(written_county, "
        + place_of("marital_status", "marital_status_code")
        + ")",
        "household_relation": "grid_household_relation(written_county, "
        + place_of("household_relation", "relation_code")
        + ")",
        "household_no": "'H' || row_number_text(household_id, 7263547193, 817)",
        "phone": "written_phone",
        "division_code": "grid_division(written_county, _row)",
        "address": "grid_address(written_county, _row, written_address)",
        # registered here; living here for half a year or more; here for less
        "residence_kind": "grid_residence_kind(written_county, case"
        " when is_migrant then case when chance(person_id, 'settled', 400000) then 2 else 3 end"
        " when is_away and not _is_stale"
        " then case when updated_date - moved_date > 180 then 2 else 3 end"
        " when not is_registered then case when chance(person_id, 'settled', 400000) then 2"
        " else 3 end"
        " when registered_county = written_county then 1 else 2 end)",
        "updated_at": day_time_text("updated_date", "grid"),
        "_system_code": _SYSTEM,
    },
    more_defects=(
        "grid_division_defect(written_county, _row)",
        "grid_address_defect(written_county, _row)",
    ),
)

SUBSIDY = PersonTable(
    system="grid",
    table="subsidy",
    is_shared=True,
    people="age_days > 3000 and death_date is null and left_date is null"
    " and chance(person_id, 'grid subsidy', 150000)",
    again="chance(person_id, 'grid subsidy again', 250000)",
    touched_days=700,
    # a county pays who lives there
    is_stale="false",
    is_date_text=f"{_HAS_TYPES} = 0",
    is_workbook=_IS_WORKBOOK,
    no_number_per_million=20_000,
    columns={
        "payment_no": key("B", 5263547197, 40009),
        "id_number": "written_number",
        "name": "written_name",
        "subsidy_item": "grid_subsidy_item(written_county, 1 + below(_row, 'grid item', 6))",
        "amount_cny": "(50 + below(_row, 'grid amount', 300000) / 100.0)::decimal(18, 2)",
        "paid_date": date_text("begun_date"),
        "phone": "written_phone",
        "updated_at": day_time_text("updated_date", "grid subsidy"),
        "_system_code": _SYSTEM,
    },
)

_OPERATOR = "grid.merchant/operator"
_MERCHANT = f"""
create or replace table source.grid__merchant as
with shops as (
    select
        organisation_id as _row,
        organisation.*,
        index_of_county(organisation.division_code) as county_no,
    from known_organisation('grid.merchant', 120) as organisation
    where (
            organisation.pair in ('92', '93')
            or (organisation.pair = '91' and substr(industry_code, 1, 2) in ('51', '52', '62'))
        )
        and substr(organisation.division_code, 1, 4) = '3713'
        and chance(organisation_id, 'grid merchant', 850000)
),
operated as (
    select
        shops.*,
        operator.person_id as operator_person_id,
        operator.name as operator_name,
        operator.name_state as operator_name_state,
        operator.number as operator_number,
        operator.number_state as operator_number_state,
        operator.other_number as operator_other_number,
        operator.number_kind as operator_number_kind,
        operator.birth_date as operator_birth_date,
        operator.phone as operator_phone,
        operator.phone_state as operator_phone_state,
        greatest(
            shops.established_date,
            shops.changed_date,
            getvariable('today') - below(_row, 'grid.merchant/touched', 1800)::integer
        ) as updated_date,
    from shops
    left join known_person('{_OPERATOR}', 60) as operator
        on shops.representative_person_id = operator.person_id
),
faulty as (
    select
        *,
        {", ".join(number_faults(_OPERATOR, "operator_", missing=20_000))},
        variant_name(_row, '{_OPERATOR}', operator_name) as operator_written_name,
        phone_defect(_row, '{_OPERATOR}', operator_phone) as _phone_defect,
        -- a shop that was never brought up to date is known by its registration number
        registration_number is not null
            and (uscc is null or chance(_row, 'grid old code', 150000)) as is_old_code,
        case
            when is_old_code then 'old_code'
            -- one code cannot disagree with itself
            when uscc is not null then nullif(
                code_defect(_row, 'grid.merchant', uscc, established_date, 0, 3000, 3000),
                'codes_disagree'
            )
        end as _code_defect,
        case when coalesce(registration_number, uscc) is not null
            then code_text_defect(_row, 'grid.merchant') end as _code_text_defect,
        organisation_name_variant(_row, 'grid.merchant', name) as written_name,
    from operated
)
select
    'S' || row_number_text(_row, 3263547199, 20011) as merchant_no,
    written_name as name,
    damaged_code_text(
        case when is_old_code then registration_number
            else written_credit_code(_row, 'grid.merchant', uscc, _code_defect) end,
        _code_text_defect
    ) as credit_code,
    operator_written_name as operator_name,
    {written_number_sql(_OPERATOR, "operator_", name="operator_number")},
    grid_merchant_kind(county_no, {place_of("merchant_kind", "pair")}) as merchant_kind,
    grid_merchant_status(county_no, {place_of("merchant_status", "status_code")}) as status,
    damaged_phone(operator_person_id, operator_phone, _phone_defect) as phone,
    grid_division(county_no, _row) as division_code,
    grid_address(county_no, _row, address) as address,
    {day_time_text("updated_date", "grid merchant")} as updated_at,
    getvariable('grid_system')[county_no + 1] as _system_code,
    organisation_id as _organisation_id,
    concat_ws(
        ',',
        _code_defect,
        _code_text_defect,
        name_state,
        case when written_name <> faulty.name then 'name_variant' end,
        address_state,
        status_state,
        grid_division_defect(county_no, _row),
        grid_address_defect(county_no, _row)
    ) as _defects,
    coalesce(_code_defect, 'old_code') = 'old_code'
        and coalesce(uscc, registration_number) is not null as _has_valid_number,
    operator_person_id as _operator_person_id,
    concat_ws(
        ',',
        officer_state,
        _operator_number_defect,
        _operator_text_defect,
        operator_number_state,
        case when operator_written_name <> faulty.operator_name then 'name_variant' end,
        operator_name_state,
        coalesce(_phone_defect, operator_phone_state)
    ) as _operator_defects,
    {validity("operator_")} as _operator_has_valid_number,
    true as _is_landable,
    false as _tells_death,
from faulty
"""
