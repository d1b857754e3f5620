"""What the legal-entity library makes of every kind of damage in the records about organisations.

Needs the temporary tables of ``legal_entity.py``. Add a kind when the city
injects one. What each means, and why it is hard, is told in docs/score.md.
"""

import duckdb

from citybase.score.defect import DefectFigure, DefectKind, measure_defects

WRITING_GOAL = 0.999
DIVISION_GOAL = 0.99
# The rest says too little of itself, and stewards have to look.
SEARCH_GOAL = 0.9
# Without any code name, division and one more fact have to agree, and sources hear late of each.
MISSING_GOAL = 0.7
VALUE_GOAL = 0.97
# A slip of the very register that is asked for the name stands: nobody may outvote it.
NAME_GOAL = 0.9
# One needless look in twenty.
ALARM_GOAL = 0.95

_RIGHT = "outcome = 'right'"
# Of an organisation no other record is about there is nothing to be found.
_FOUND = "(outcome = 'right' or (not is_held and is_set_aside))"


def _alarms(reasons: str, is_false: str) -> str:
    """The stewards' list for these reasons; an alarm is false by a condition on the record."""
    return f"""
        select
            {is_false} as is_false,
            record.system_code || '.' || record.table_code || ' '
            || left(record.source_key, 4) || '…' || right(record.source_key, 2)
            || ': shown as ' || doubtful.reason_code || ', is not' as example,
        from quality.legal_entity__doubtful_identity as doubtful
        inner join city_truth.record as record using (system_code, table_code, source_key)
        where doubtful.reason_code in ({reasons}) and record.role_code = 'self'
    """


def _without(defect: str) -> str:
    """A record that does not suffer this defect."""
    return f"not regexp_matches(coalesce(record.defects, ''), '{defect}')"


_KINDS = (
    DefectKind("old_code", f"{_RIGHT} or not has_valid_number", WRITING_GOAL),
    DefectKind("padded", _RIGHT, WRITING_GOAL),
    DefectKind("full_width", _RIGHT, WRITING_GOAL),
    DefectKind("lower_case", _RIGHT, WRITING_GOAL),
    # A row with nothing but an old code of another kind bears none either: no damage, no code.
    DefectKind(
        "code_missing",
        _FOUND,
        MISSING_GOAL,
        _alarms("'missing'", "record.has_valid_number"),
        ALARM_GOAL,
    ),
    DefectKind(
        "code_digit_typo",
        _FOUND,
        SEARCH_GOAL,
        _alarms("'damaged', 'uscc_damaged'", _without("code_digit_typo")),
        ALARM_GOAL,
    ),
    DefectKind(
        "code_division_wrong",
        _RIGHT,
        DIVISION_GOAL,
        _alarms("'division_wrong'", _without("code_division_wrong")),
        ALARM_GOAL,
    ),
    DefectKind(
        "codes_disagree",
        f"{_FOUND} and is_listed",
        SEARCH_GOAL,
        _alarms("'codes_disagree'", _without("codes_disagree")),
        ALARM_GOAL,
    ),
    DefectKind("name_variant", f"{_RIGHT} and is_name_right", NAME_GOAL),
    DefectKind("name_old", f"{_RIGHT} and is_name_right", VALUE_GOAL),
    DefectKind("status_old", f"{_RIGHT} and is_status_right", VALUE_GOAL),
    DefectKind("division_former", f"{_RIGHT} and is_division_in_force", WRITING_GOAL),
    DefectKind("place_renamed", f"{_RIGHT} and is_division_in_force", WRITING_GOAL),
)


def score_legal_entity_defects(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[DefectFigure, ...]:
    """Every kind of damage of records about organisations.

    A record is ``right`` when its key stands for the organisation it is about, ``wrong`` when for
    another, ``none`` without a key others share; ``is_listed`` says that stewards are shown it, and
    such a record of nobody's is set aside.
    """
    connection.execute(_RECORD)
    return measure_defects(
        connection, library="legal_entity", rows="legal_entity_defect", kinds=_KINDS
    )


_RECORD = """
create or replace temp table legal_entity_defect as
with damaged as (
    select record.*, unnest(string_split(record.defects, ',')) as defect
    from expected_record as record
    where record.library_code = 'legal_entity'
        and record.organisation_id is not null
        and record.role_code = 'self'
        and coalesce(record.defects, '') <> ''
),
linked as (
    select
        damaged.*,
        link.entity_key,
        key_organisation.organisation_id as key_organisation_id,
        doubtful.source_key is not null as is_listed,
        held_organisation.organisation_id is not null as is_held,
    from damaged
    left join held_organisation using (organisation_id)
    left join legal_entity.link_entity_source as link
        using (system_code, table_code, source_key)
    left join key_organisation on link.entity_key = key_organisation.entity_key
    left join quality.legal_entity__doubtful_identity as doubtful
        using (system_code, table_code, source_key)
)
select
    linked.defect,
    case
        when linked.key_organisation_id = linked.organisation_id then 'right'
        when linked.key_organisation_id is null then 'none'
        else 'wrong'
    end as outcome,
    linked.is_listed,
    linked.is_held,
    linked.key_organisation_id is null and linked.is_listed as is_set_aside,
    linked.has_valid_number,
    entity.name is not distinct from truth.name as is_name_right,
    entity.status_code is not distinct from truth.status_code as is_status_right,
    entity.division_code in (
        select division_code from shared.code_division where valid_to is null
    ) as is_division_in_force,
    linked.system_code || '.' || linked.table_code || ' '
    || left(linked.source_key, 4) || '…' || right(linked.source_key, 2)
    || case
        when linked.key_organisation_id = linked.organisation_id
            then ': its own, but not listed or a golden value is not right'
        when linked.key_organisation_id is null and linked.is_listed then ': found none, listed'
        when linked.key_organisation_id is null then ': lost'
        else ': became another organisation''s'
    end as example,
from linked
inner join city_truth.organisation as truth on linked.organisation_id = truth.organisation_id
left join legal_entity.entity_organisation as entity on linked.entity_key = entity.entity_key
"""
