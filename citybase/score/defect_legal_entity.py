"""What the legal-entity library makes of every kind of damage in the records about organisations.

Needs the temporary table ``key_organisation`` (``legal_entity.py``). Add a kind when the city
injects one. What each means, and why it is hard, is told in docs/score.md.
"""

import duckdb

from citybase.score.defect import DefectFigure, DefectKind, measure_defects

WRITING_GOAL = 0.999
WRONG_CODE_GOAL = 0.99
VALUE_GOAL = 0.97
# A slip of the very register that is asked for the name stands: nobody may outvote it.
NAME_GOAL = 0.9

_RIGHT = "outcome = 'right'"
_RIGHT_OR_LISTED = "outcome = 'right' or (outcome = 'none' and is_listed)"


def _false(reasons: str, defects: str) -> str:
    """Rows of the stewards' list with these reasons that suffer none of these defects."""
    return f"""
        select count(*)
        from quality.legal_entity__doubtful_identity as doubtful
        inner join city_truth.record as record using (system_code, table_code, source_key)
        where doubtful.reason_code in ({reasons})
            and record.role_code = 'self'
            and not regexp_matches(coalesce(record.defects, ''), '{defects}')
    """


_KINDS = (
    DefectKind("old_code", f"{_RIGHT} or not has_valid_number", WRITING_GOAL),
    DefectKind("padded", _RIGHT, WRITING_GOAL),
    DefectKind("full_width", _RIGHT, WRITING_GOAL),
    DefectKind("lower_case", _RIGHT, WRITING_GOAL),
    DefectKind(
        "code_missing", _RIGHT_OR_LISTED, WRONG_CODE_GOAL, _false("'missing'", "code_missing")
    ),
    DefectKind(
        "code_digit_typo",
        _RIGHT_OR_LISTED,
        WRONG_CODE_GOAL,
        _false("'damaged', 'uscc_damaged'", "code_digit_typo"),
    ),
    DefectKind(
        "code_division_wrong",
        _RIGHT,
        WRONG_CODE_GOAL,
        _false("'division_wrong'", "code_division_wrong"),
    ),
    DefectKind(
        "codes_disagree",
        f"({_RIGHT_OR_LISTED}) and is_listed",
        WRONG_CODE_GOAL,
        _false("'codes_disagree'", "codes_disagree"),
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
    another, ``none`` without a key others share; ``is_listed`` says that stewards are shown it.
    """
    connection.execute(_RECORD)
    return measure_defects(
        connection, library="legal_entity", rows="legal_entity_defect", kinds=_KINDS
    )


_RECORD = """
create or replace temp table legal_entity_defect as
with damaged as (
    select record.*, unnest(string_split(record.defects, ',')) as defect
    from city_truth.record as record
    where record.organisation_id is not null
        and record.role_code = 'self'
        and record.is_landable
        and coalesce(record.defects, '') <> ''
        and (record.system_code, record.table_code) in (
            select distinct (system_code, table_code) from legal_entity.link_entity_source
        )
),
linked as (
    select
        damaged.*,
        link.entity_key,
        key_organisation.organisation_id as key_organisation_id,
        doubtful.source_key is not null as is_listed,
    from damaged
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
