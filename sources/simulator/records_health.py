"""What the health commission wrote: resident files, birth and death certificates.

Words: 男, 女, 未知; 汉族 or 汉. Days that somebody typed are text of eight digits, some impossible;
the others are dates. Add tables of this department here. Keep out: how the database is filled
(``deploy_mariadb``).
"""

import duckdb

from sources.simulator.known import NUMBER_STATE, PHONE_STATE
from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_health_record(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the three tables ``source.health_record__…``."""
    connection.execute(_RESIDENT_RECORD)
    record_truth(connection, system="health_record", table="resident_record", key="record_no")
    connection.execute(_BIRTH_CERTIFICATE)
    for role in ("mother", "father", "newborn"):
        record_truth(
            connection,
            system="health_record",
            table="birth_certificate",
            key="certificate_no",
            role=role,
            prefix=f"{role}_",
        )
    connection.execute(_DEATH_CERTIFICATE)
    record_truth(
        connection, system="health_record", table="death_certificate", key="certificate_no"
    )


_RESIDENT_RECORD = f"""
create or replace table source.health_record__resident_record as
with files as (
    select
        known.*,
        person_id * 2 + copy as _row,
        getvariable('today')
            - below(person_id * 2 + copy, 'file touched', 2900)::integer as touched_date,
    from known_person('file', 60) as known
    cross join range(2) as copies(copy)
    -- those who share a number always have a file
    where (chance(person_id, 'has a file', 750000) or has_shared_number)
        -- one person in a hundred has two files
        and (copy = 0 or chance(person_id, 'second file', 10000))
),
draft as (
    select
        *,
        person_id as _person_id,
        number as _number,
        greatest(birth_date, least(touched_date, death_date), changed_date) as updated_date,
        number_defect(
            _row, 'file', number, other_number, number_kind, birth_date, 20000
        ) as _number_defect,
        number_text_defect(_row, 'file', number) as _text_defect,
        birth_date_defect(_row, 'file', birth_date, 1000) as _birth_defect,
        chance(_row, 'file/wrong sex', 1000) as is_sex_wrong,
        phone_defect(_row, 'file', phone) as _phone_defect,
        variant_name(_row, 'file', name) as written_name,
        updated_date < moved_date as is_stale,
        case _row % 4001
            when 26 then 'impossible'
            when 2040 then 'unknown'
        end as date_damage,
    from files
)
select
    '37H' || row_number_text(draft._row, 4321987657, 55021) as record_no,
    written_name as name,
    damaged_text(
        damaged_number(draft._row, 'file', number, other_number, _number_defect), _text_defect
    ) as id_number,
    case
        when chance(draft._row, 'sex unknown', 2000) then '未知'
        when (sex_code = '1') <> is_sex_wrong then '男'
        else '女'
    end as sex_name,
    getvariable('ethnicity')[ethnicity_code::integer]
        || case when chance(draft._row, 'short people', 300000) then '' else '族' end
        as ethnicity_name,
    case date_damage
        when 'impossible' then year(birth_date)::varchar || '0230'
        when 'unknown' then '不详'
        else birth_digits(damaged_birth(draft._row, 'file', birth_date, _birth_defect))::varchar
    end as birth_date,
    damaged_phone(person_id, phone, _phone_defect) as phone,
    getvariable('county_code')[
        case when coalesce(is_stale, false) then county_before else county_now end + 1
    ] as division_code,
    case when coalesce(is_stale, false) then address_before else address_now end as address,
    ['A', 'B', 'O', 'AB', '不详', null][1 + below(person_id, 'blood', 6)] as blood_type,
    day_time(updated_date, draft._row, 'file') as updated_at,
    _person_id,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect,
        _birth_defect,
        _phone_defect,
        {PHONE_STATE},
        case when is_sex_wrong then 'sex_wrong' end,
        case when written_name <> name then 'name_variant' end,
        name_state,
        case when is_stale then 'address_stale' else address_state end,
        case when date_damage is not null then 'date_' || date_damage end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    date_damage is null as _is_landable,
    false as _tells_death,
from draft
"""


def _parent(role: str) -> str:
    """What a certificate says of a parent, with the name and number of the day of birth."""
    row = f"child.person_id * 2 + {int(role == 'father')}"
    return f"""
        {role}.person_id as _{role}_person_id,
        paper_on({role}.name, {role}.name_otherwise, {role}.name_date, born) as {role}_name_then,
        variant_name({row}, 'birth', {role}_name_then) as {role}_name,
        paper_on({role}.number, {role}.number_otherwise, {role}.number_date, born)
            as {role}_number_then,
        number_defect(
            {row}, 'birth', {role}_number_then, {role}.other_number, {role}.number_kind,
            {role}.birth_date, 20000
        ) as {role}_number_defect,
        case when {role}_number_defect is distinct from 'number_missing'
            then number_text_defect({row}, 'birth', {role}_number_then) end as {role}_text_defect,
        damaged_text(
            damaged_number(
                {row}, 'birth', {role}_number_then, {role}.other_number, {role}_number_defect
            ),
            {role}_text_defect
        ) as {role}_number,
        concat_ws(
            ',',
            {role}_number_defect,
            case
                when coalesce({role}_number_defect, 'number_15_digits') = 'number_15_digits'
                    then coalesce(
                        paper_state(
                            {role}.number, {role}.number_otherwise, {role}.number_date, born,
                            'number_former'
                        ),
                        case when {role}.has_shared_number and coalesce(
                            {role}.shared_until > getvariable('now'), true
                        ) then 'number_shared' end
                    )
            end,
            {role}_text_defect,
            case when {role}_name <> {role}_name_then then 'name_variant' end,
            paper_state(
                {role}.name, {role}.name_otherwise, {role}.name_date, born, 'name_former'
            )
        ) as _{role}_defects,
        coalesce({role}_number_defect = 'number_15_digits', true) and {role}.number is not null
            as _{role}_has_valid_number,
    """


# Written four days after the birth, with the names and numbers of that day.
_BIRTH_CERTIFICATE = f"""
create or replace table source.health_record__birth_certificate as
with births as (
    select
        child.person_id as _newborn_person_id,
        child.sex_code,
        child.birth_date as born,
        paper_on(child.name, child.name_otherwise, child.name_date, born) as newborn_name_then,
        variant_name(child.person_id, 'newborn', newborn_name_then) as newborn_name,
        paper_state(child.name, child.name_otherwise, child.name_date, born, 'name_former')
            as newborn_name_state,
        {_parent("mother")}
        {_parent("father")}
    from person_life as child
    inner join couple on child.couple_id = couple.couple_id
    inner join person_life as mother on couple.wife_id = mother.person_id
    left join person_life as father on couple.husband_id = father.person_id
    where child.role in ('child_1', 'child_2')
        and child.age_days < 4380
        and child.birth_date + 4 <= getvariable('now')
        and chance(child.person_id, 'born in hospital', 900000)
)
select
    'U37' || row_number_text(_newborn_person_id, 2198765431, 3303) as certificate_no,
    newborn_name,
    case sex_code when '1' then '男' else '女' end as sex_name,
    born as birth_date,
    mother_name,
    mother_number as mother_id_number,
    father_name,
    father_number as father_id_number,
    '临沂市' || ['妇幼保健院', '人民医院', '中心医院'][1 + below(_newborn_person_id, 'hospital', 3)]
        as institution_name,
    born + 4 as issued_date,
    day_time(born + 4, _newborn_person_id, 'birth') as updated_at,
    _newborn_person_id,
    _mother_person_id,
    _father_person_id,
    concat_ws(
        ',',
        case when newborn_name <> newborn_name_then then 'name_variant' end,
        newborn_name_state
    ) as _newborn_defects,
    _mother_defects,
    _father_defects,
    false as _newborn_has_valid_number,
    _mother_has_valid_number,
    _father_has_valid_number,
    true as _is_landable,
    false as _tells_death,
from births
"""

_DEATH_CERTIFICATE = f"""
create or replace table source.health_record__death_certificate as
with draft as (
    select
        *,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        number_defect(
            person_id, 'death', number, other_number, number_kind, birth_date, 20000
        )
            as _number_defect,
        number_text_defect(person_id, 'death', number) as _text_defect,
        birth_date_defect(person_id, 'death', birth_date, 1000) as _birth_defect,
        variant_name(person_id, 'death', name) as written_name,
        below(person_id, 'death date unknown', 150) = 3 as is_date_unknown,
    from dead_person(3)
    where chance(person_id, 'died in hospital', 900000)
)
select
    '37D' || row_number_text(person_id, 1987654323, 8808) as certificate_no,
    written_name as name,
    damaged_text(
        damaged_number(person_id, 'death', number, other_number, _number_defect), _text_defect
    ) as id_number,
    case sex_code when '1' then '男' else '女' end as sex_name,
    damaged_birth(person_id, 'death', birth_date, _birth_defect) as birth_date,
    case when is_date_unknown then '不详' else birth_digits(death_date)::varchar end as death_date,
    ['急性心肌梗死', '脑梗死', '肺恶性肿瘤', '慢性阻塞性肺疾病', '肝恶性肿瘤', '交通事故', '脑出血']
        [1 + below(person_id, 'cause', 7)] as cause,
    '临沂市' || ['人民医院', '中心医院', '中医医院'][1 + below(person_id, 'hospital', 3)]
        as institution_name,
    day_time(death_date + 3, person_id, 'death') as updated_at,
    _person_id,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect,
        _birth_defect,
        case when written_name <> name then 'name_variant' end,
        case when is_date_unknown then 'date_unknown' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    not is_date_unknown as _is_landable,
    true as _tells_death,
from draft
"""
