"""Who stands on a licence with several holders, and how a system joins them in one column.

``JOINT_HOLDERS`` are statements from ``held`` to ``joint_holder`` (the truth, one row per holder)
and ``joint_licence`` (one row per licence, names and codes joined). Add kinds of joint holding
here. Keep out: who may hold a type at all (``licence_holders.py``).
"""

# Who stands on a joint licence: husband and wife, all of a household, its one to four owners, an
# owner and the bank that lent to him, and now and then a company that owns with people.
_JOINT_MEMBER = """
joint as (
    select held.*, holders, system_code, separator from held
    inner join system_type on held.type_no = system_type.type_no
    where holder_kind = 'joint'
),
by_couples as (
    select system_code, separator, licence_id, 0 as place, husband_id as person_id,
        null::bigint as organisation_id
    from joint
    inner join couple on joint.base_id = couple.couple_id
    where holders in ('married', 'divorced')
    union all
    select system_code, separator, licence_id, 1, wife_id, null
    from joint
    inner join couple on joint.base_id = couple.couple_id
    where holders in ('married', 'divorced')
),
by_households as (
    select
        system_code,
        separator,
        licence_id,
        getvariable('household_place')[
            1 + person.person_id % len(getvariable('household_place'))
        ] as place,
        person.person_id,
        null::bigint as organisation_id,
    from joint
    inner join person on joint.base_id = person.household_id
    where holders in ('household', 'owners', 'mortgage', 'farmers')
        and place < case holders
            when 'household' then 9
            when 'owners' then [1, 1, 1, 1, 2, 2, 2, 2, 3, 4]
                [1 + below(licence_id, 'owners', 10)]
            when 'mortgage' then 1
            when 'farmers' then case when chance(licence_id, 'all farmers', 300000) then 9 else 1
                end
        end
),
by_companies as (
    select
        system_code,
        separator,
        licence_id,
        10 as place,
        null::bigint as person_id,
        lender.organisation_id,
    from joint
    inner join lender
        on below(licence_id, 'lender', getvariable('lenders')) = lender.lender_no
    where holders = 'mortgage'
        or holders = 'owners' and chance(licence_id, 'owned with a company', 30000)
),
joint_member as (
    select * from by_couples
    union all
    select * from by_households
    union all
    select * from by_companies
)"""

_DESCRIBED = f"""
create or replace temp table joint_described as
with {_JOINT_MEMBER},
described as (
    select
        member.*,
        licence_id * 16 + place as _row,
        coalesce(person.name, lender.name) as full_name,
        coalesce(person.number, lender.uscc) as full_code,
        coalesce(person.number_kind, 'uscc') as number_kind,
        coalesce(person.death_date, death.event_date) as end_date,
        person.has_shared_number,
        person.birth_date,
        case when person.person_id is not null then number_defect(
            _row, 'joint licence', person.number, null::varchar, person.number_kind,
            person.birth_date, 0
        ) end as _number_defect,
        case when person.person_id is not null
            then number_text_defect(_row, 'joint licence', person.number) end as _text_defect,
    from joint_member as member
    left join person on member.person_id = person.person_id
    left join death on member.person_id = death.person_id
    left join lender on member.organisation_id = lender.organisation_id
)
select
    system_code,
    separator,
    licence_id,
    place,
    person_id,
    organisation_id,
    full_name as name,
    damaged_text(
        damaged_number(_row, 'joint licence', full_code, null::varchar, _number_defect),
        _text_defect
    ) as code,
    holder_code_type(number_kind) as code_type,
    coalesce(_number_defect = 'number_15_digits', true) as has_valid_code,
    end_date,
    concat_ws(',', _number_defect, _text_defect,
        case when has_shared_number then 'number_shared' end) as defects,
    birth_date,
from described
"""

# What the truth keeps of it.
_JOINT_HOLDER = """
insert into joint_holder
select system_code, licence_id, place, person_id, organisation_id, has_valid_code, end_date, defects
from joint_described
"""

# The end of a joint licence's holders is the end of the last of them.
_JOINT_LICENCE = """
create or replace temp table joint_licence as
with gathered as (
    select
        licence_id,
        any_value(separator) as separator,
        list_sort(list(struct_pack(
            place := place, name := name, code := code, code_type := code_type,
            defects := defects
        ))) as members,
        min(code_type) = max(code_type) as is_one_type,
        case when count(end_date) = count(*) then max(end_date) end as end_date,
        bool_and(has_valid_code) as has_valid_code,
            max(birth_date) as youngest_birth,
        min(person_id) as person_id,
        min(organisation_id) filter (where person_id is null) as organisation_id,
    from joint_described
    group by licence_id
)
select
    * exclude (members, separator),
    len(members)::integer as holders,
    replace(array_to_string(list_transform(members, lambda m: m.name), chr(9)), chr(9), separator)
        as names,
    replace(array_to_string(list_transform(members, lambda m: m.code), chr(9)), chr(9), separator)
        as codes,
    replace(
        array_to_string(list_transform(members, lambda m: m.code_type), chr(9)), chr(9), separator
    ) as code_types,
    array_to_string(list_transform(members, lambda m: nullif(m.defects, '')), ',') as defects,
from gathered
"""

JOINT_HOLDERS = (_DESCRIBED, _JOINT_HOLDER, _JOINT_LICENCE)
