"""What organisations are called: their names at first and after each change.

``FIRST_NAME`` and ``later_name`` are expressions over an organisation's words (``city_in_name``,
``county_in_name``, ``township``, ``village``, ``other_name``) and its kind's ``pattern`` and
``suffixes``. Add ways of naming here. Keep out: the patterns (``organisation_kinds.py``), when
names change (``organisation_history.py``).
"""

import duckdb


def install_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``kind_name`` and the macro ``trade_of``. Needs ``organisation_kind``."""
    connection.execute(
        "create or replace temp table kind_name as"
        " select kind_no, pattern, suffixes from organisation_kind"
    )
    connection.execute(
        "create or replace temp macro trade_of(i, one, two, three) as pick_trade_word(i, one)"
        " || pick_trade_word(i, two) || case when chance(i, three, 300000)"
        " then pick_trade_word(i, three || '/word') else '' end"
    )


def _suffix(tag: str) -> str:
    return f"suffixes[1 + below(organisation_id, 'suffix{tag}', len(suffixes))]"


def _trade(tag: str) -> str:
    return f"trade_of(organisation_id, 'trade 1{tag}', 'trade 2{tag}', 'trade 3{tag}')"


def _name(tag: str) -> str:
    """The kind's pattern with its words filled in."""
    filled = "pattern"
    for word, sql in {
        "city": "city_in_name",
        "county": "county_in_name",
        "township": "township",
        "village": "village",
        "trade": _trade(tag),
        "suffix": _suffix(tag),
        "elsewhere": "pick_elsewhere(organisation_id, 'elsewhere')",
        "other": "coalesce(other_name, '')",
    }.items():
        filled = f"replace({filled}, '{{{{{word}}}}}', {sql})"
    return filled


def later_name(generation: str) -> str:
    """SQL of the name an organisation bore in its 2nd or 3rd time (``b``, ``c``)."""
    return _name(f" {generation}")


# Works of the old law, and companies that write their city in brackets.
FIRST_NAME = f"""
    case
        when kind = 'enterprise' and successor_id = organisation_id + 1 and place % 100 = 30
            then '临沂市' || {_trade("")}
                || ['机械厂', '木器厂', '化肥厂', '纺织厂'][1 + below(organisation_id, 'works', 4)]
        when kind = 'enterprise' and chance(organisation_id, 'brackets', 50000)
            then {_trade("")} || '（临沂）' || {_suffix("")}
        else {_name("")}
    end
"""

# Branches and unions bear the first name of the organisation they belong to.
OTHER_NAME = f"""
create or replace temp table other_name as
with wanted as (
    select head_organisation_id as organisation_id from organisation_drawn
    where head_organisation_id is not null
    union
    select host_organisation_id from organisation_drawn where host_organisation_id is not null
),
placed as (
    select
        dated.*,
        pattern,
        suffixes,
        '临沂' || case when chance(organisation_id, 'city in name', 400000) then '市' else '' end
            as city_in_name,
        coalesce(getvariable('county_name')[county_no + 1], '') as county_in_name,
        getvariable('township')[township_no + 1] as township,
        '' as village,
        null::varchar as other_name,
    from organisation_dated as dated
    inner join wanted using (organisation_id)
    inner join kind_name using (kind_no)
)
select organisation_id, established_date, {FIRST_NAME} as other_name
from placed
"""
