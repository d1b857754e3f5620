"""What the e-licence library makes of every kind of damage in the directories and logs.

Needs the temporary tables of ``licence.py``. Add a kind when the city injects one. What each means,
and why it is hard, is told in docs/score.md.
"""

import duckdb

from citybase.score.defect import DefectFigure, DefectKind, measure_defects

WRITING_GOAL = 0.999
WRONG_NUMBER_GOAL = 0.99
CHAIN_GOAL = 1.0
# These lists are read off what is written: next to nothing on them may be untrue.
ALARM_GOAL = 0.99

_RIGHT = "is_found and not has_stranger"
_NOBODY_AND_LISTED = "not has_stranger and is_listed"


def _alarms(doubt: str, defect: str) -> str:
    """Records with that doubt; an alarm is false where nothing of the kind was injected."""
    return f"""
        select
            not regexp_matches(coalesce(record.defects, ''), '{defect}') as is_false,
            record.example || ': shown as {doubt}, is not' as example,
        from licence_alarm as alarm
        inner join licence_record as record using (system_code, source_key)
        where alarm.doubt_code = '{doubt}'
    """


def _doubt(defect: str, doubt: str, goal: float = CHAIN_GOAL) -> DefectKind:
    """A kind that is caught by being laid before a steward under its own name."""
    return DefectKind(
        defect,
        f"list_contains(doubts, '{doubt}')",
        goal,
        _alarms(doubt, defect),
        ALARM_GOAL,
    )


def _operation_alarms(condition: str) -> str:
    """Operations shown for that reason; false are those of licences nothing impossible was done to.

    What follows an impossible operation may be impossible in turn.
    """
    return f"""
        select
            (truth.system_code, truth.licence_source_key) not in (
                select (system_code, licence_source_key)
                from city_truth.licence_operation
                where defects is not null
            ) as is_false,
            truth.system_code || ' ' || left(truth.source_key, 4) || '…'
            || right(truth.source_key, 2) || ': called impossible, is not' as example,
        from quality.licence__impossible_transition as alarm
        inner join city_truth.licence_operation as truth using (system_code, source_key)
        where alarm.{condition}
    """


_LICENCE_KINDS = (
    _doubt("version_gap", "gap"),
    _doubt("version_fork", "fork"),
    DefectKind(
        "resent",
        "shares_its_licence",
        CHAIN_GOAL,
        """
        select
            count(distinct (record.system_code, record.licence_id, record.version)) > 1 as is_false,
            min(record.example) || ': one with another licence' as example,
        from licence.link_licence_source as source
        inner join licence_record as record using (system_code, source_key)
        group by source.licence_key
        having count(*) > 1
        """,
        ALARM_GOAL,
    ),
    _doubt("holder_count_mismatch", "holders_unpaired"),
    _doubt("identifier_wrong_check", "identifier_checksum"),
    _doubt("identifier_missing", "identifier_missing"),
    _doubt("identifier_cut", "identifier_structure"),
    _doubt("issuer_by_division", "identifier_issuer_is_division", 0.99),
    _doubt("issuer_abolished", "issued_by_abolished", 0.99),
    _doubt("operation_missing", "log_missing"),
)

_HOLDER_KINDS = (
    *(
        DefectKind(defect, _RIGHT, WRITING_GOAL)
        for defect in (
            "number_15_digits",
            "padded",
            "full_width",
            "lower_x",
            "lower_case",
            "cyrillic_x",
        )
    ),
    DefectKind("number_former", _RIGHT, 0.97),
    # no goal: from a licence alone nobody can tell it from the number of another
    DefectKind("name_former_unreported", _RIGHT),
    DefectKind("number_shared", _RIGHT, 0.95),
    *(
        DefectKind(defect, _NOBODY_AND_LISTED, WRONG_NUMBER_GOAL)
        for defect in (
            "number_digit_typo",
            "number_transposed",
            "number_of_another",
            "number_missing",
            "holder_code_unknown",
            "code_digit_typo",
        )
    ),
)

_OPERATION_KINDS = tuple(
    DefectKind(defect, "is_listed", CHAIN_GOAL, _operation_alarms(condition), ALARM_GOAL)
    for defect, condition in (
        ("operation_after_cancellation", "transition_reason_code = 'after_the_end'"),
        ("renewal_of_cancelled", "transition_reason_code = 'after_the_end'"),
        ("release_without_suspension", "transition_reason_code = 'not_suspended'"),
        ("issued_twice", "transition_reason_code = 'issued_before'"),
        ("operation_before_issue", "transition_reason_code = 'never_issued'"),
    )
)


def score_licence_defects(connection: duckdb.DuckDBPyConnection) -> tuple[DefectFigure, ...]:
    """Every kind of damage of records, holders and operations of licences.

    Damage of a licence is caught when stewards are shown it by its own name, one of a holder's
    number when the right holder is found, or nobody and stewards are shown that. A record with a
    damage of a holder counts once per holder.
    """
    for statement in (_ALARM, _LICENCE, _HOLDER, _OPERATION):
        connection.execute(statement)
    figures: list[DefectFigure] = []
    for rows, kinds in (
        ("licence_defect", _LICENCE_KINDS),
        ("licence_holder_defect", _HOLDER_KINDS),
        ("licence_operation_defect", _OPERATION_KINDS),
    ):
        figures += measure_defects(connection, library="licence", rows=rows, kinds=kinds)
    return tuple(figures)


# The first of a fork's two branches is no damaged record of its own.
_ALARM = """
create or replace temp table licence_alarm as
select system_code, source_key, doubt_code
from quality.licence__doubtful_licence
union all
select broken.system_code, broken.source_key, broken.break_code
from quality.licence__broken_chain as broken
where broken.break_code <> 'fork' or broken.stated_previous_identifier is not null
    and (broken.related_key, broken.version_no) in (
        select (related_key, max(version_no))
        from quality.licence__broken_chain
        where break_code = 'fork'
        group by related_key
    )
"""

# A licence that was sent twice is shown once, under the record that leads.
_LICENCE = """
create or replace temp table licence_defect as
with damaged as (
    select *, unnest(string_split(defects, ',')) as defect
    from licence_record
    where coalesce(defects, '') <> ''
),
alarmed as (
    select source.licence_key, list(alarm.doubt_code) as doubts
    from licence_alarm as alarm
    inner join licence.link_licence_source as source using (system_code, source_key)
    group by source.licence_key
),
counted as (
    select licence_key, count(*) as records
    from licence.link_licence_source
    group by licence_key
)
select
    damaged.defect,
    coalesce(alarmed.doubts, []) as doubts,
    coalesce(counted.records > 1, false) as shares_its_licence,
    false as is_set_aside,
    damaged.example || ': not shown' as example,
from damaged
left join alarmed using (licence_key)
left join counted using (licence_key)
"""

_HOLDER = """
create or replace temp table licence_holder_defect as
with damaged as (
    select *, unnest(string_split(defects, ',')) as defect
    from licence_holder
    where coalesce(defects, '') <> '' and not is_half_known
    union all
    select *, 'name_former_unreported' as defect
    from licence_holder
    where is_name_unreported and has_valid_code
)
select
    damaged.defect,
    damaged.is_found,
    damaged.has_stranger,
    damaged.is_found or doubtful.licence_key is not null as is_listed,
    not damaged.is_found
        and not damaged.has_stranger
        and doubtful.licence_key is not null as is_set_aside,
    damaged.system_code || ' ' || left(damaged.source_key, 4) || '…' || right(damaged.source_key, 2)
    || case when damaged.has_stranger then ': a stranger' else ': nobody found' end as example,
from damaged
left join licence.link_licence_source as source using (system_code, source_key)
left join (
    select distinct licence_key from quality.licence__doubtful_holder
) as doubtful
    on source.licence_key = doubtful.licence_key
where damaged.is_expected
    or damaged.defect in (
        'name_former_unreported',
        'number_digit_typo', 'number_transposed', 'number_of_another', 'number_missing',
        'holder_code_unknown', 'code_digit_typo'
    )
"""

_OPERATION = """
create or replace temp table licence_operation_defect as
select
    truth.defects as defect,
    alarm.source_key is not null as is_listed,
    false as is_set_aside,
    truth.system_code || ' ' || left(truth.source_key, 4) || '…' || right(truth.source_key, 2)
        as example,
from city_truth.licence_operation as truth
left join quality.licence__impossible_transition as alarm using (system_code, source_key)
where truth.defects is not null
"""
