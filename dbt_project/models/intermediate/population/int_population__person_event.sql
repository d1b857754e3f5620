-- What happened to people, once for each person and event however many records tell it. Days of
-- birth and death are those of the golden record; all else is dated by the register that keeps it.
with golden as (
    select * from {{ ref('int_population__person_golden') }}
),

record as (
    select * from {{ ref('int_population__person_matched') }}
    where person_key is not null
),

death_told as (
    select * from {{ ref('int_population__death_told') }}
),

marriage_told as (
    select * from {{ ref('int_population__marriage_told') }}
    where person_key is not null
),

migration as (
    select * from {{ ref('stg_household_register__migration') }}
),

residence as (
    select * from {{ ref('stg_migrant_register__residence') }}
),

name_change as (
    select * from {{ ref('stg_household_register__name_change') }}
),

number_correction as (
    select * from {{ ref('stg_household_register__number_correction') }}
),

birth as (
    select
        record.person_key,
        '10' as event_kind_code,
        golden.birth_date as event_date,
        'golden' as date_basis_code,
        record.system_code,
        record.table_code,
        record.source_key,
        record.role_code,
        case when record.role_code = 'newborn' then 0 else 1 end as evidence_place,
        record.source_at
    from record
    inner join golden
        on record.person_key = golden.person_key
    where
        golden.birth_date is not null
        and (
            (record.table_code = 'birth_certificate' and record.role_code = 'newborn')
            or (record.system_code = 'household_register' and record.table_code = 'resident')
        )
),

stated_death as (
    select
        person_key,
        count(death_date) > 0 as is_stated
    from death_told
    group by person_key
),

death as (
    select
        death_told.person_key,
        '20' as event_kind_code,
        golden.death_date as event_date,
        case
            when golden.death_date is null then 'unknown'
            when stated_death.is_stated then 'golden'
            else 'cancelled'
        end as date_basis_code,
        death_told.system_code,
        death_told.table_code,
        death_told.source_key,
        death_told.role_code,
        -death_told.evidence_rank as evidence_place,
        death_told.source_at
    from death_told
    inner join stated_death
        on death_told.person_key = stated_death.person_key
    inner join golden
        on death_told.person_key = golden.person_key
),

move as (
    select
        system_code,
        table_code,
        source_key,
        case migration_kind_code when '1' then '31' when '2' then '32' else '33' end
            as event_kind_code,
        migrated_date as event_date,
        from_division_code,
        from_address,
        to_division_code,
        to_address
    from migration
    union all
    select
        system_code,
        table_code,
        source_key,
        '34' as event_kind_code,
        registered_date as event_date,
        origin_division_code as from_division_code,
        cast(null as varchar) as from_address,
        division_code as to_division_code,
        address as to_address
    from residence
    where registered_date is not null
    union all
    select
        system_code,
        table_code,
        source_key,
        '35' as event_kind_code,
        left_date as event_date,
        division_code as from_division_code,
        address as from_address,
        cast(null as varchar) as to_division_code,
        cast(null as varchar) as to_address
    from residence
    where left_date is not null
),

paper as (
    select
        system_code,
        table_code,
        source_key,
        '51' as event_kind_code,
        changed_date as event_date
    from name_change
    union all
    select
        system_code,
        table_code,
        source_key,
        '52' as event_kind_code,
        corrected_date as event_date
    from number_correction
),

told as (
    select
        person_key,
        event_kind_code,
        event_date,
        date_basis_code,
        cast(null as bigint) as other_person_key,
        cast(null as varchar) as from_division_code,
        cast(null as varchar) as from_address,
        cast(null as varchar) as to_division_code,
        cast(null as varchar) as to_address,
        system_code,
        table_code,
        source_key,
        role_code,
        cast(evidence_place as bigint) as evidence_place,
        source_at
    from birth
    union all
    select
        person_key,
        event_kind_code,
        event_date,
        date_basis_code,
        cast(null as bigint) as other_person_key,
        cast(null as varchar) as from_division_code,
        cast(null as varchar) as from_address,
        cast(null as varchar) as to_division_code,
        cast(null as varchar) as to_address,
        system_code,
        table_code,
        source_key,
        role_code,
        evidence_place,
        source_at
    from death
    union all
    select
        record.person_key,
        move.event_kind_code,
        move.event_date,
        'stated' as date_basis_code,
        cast(null as bigint) as other_person_key,
        move.from_division_code,
        move.from_address,
        move.to_division_code,
        move.to_address,
        record.system_code,
        record.table_code,
        record.source_key,
        record.role_code,
        cast(0 as bigint) as evidence_place,
        record.source_at
    from move
    inner join record
        on
            move.system_code = record.system_code
            and move.table_code = record.table_code
            and move.source_key = record.source_key
    union all
    select
        record.person_key,
        paper.event_kind_code,
        paper.event_date,
        'stated' as date_basis_code,
        cast(null as bigint) as other_person_key,
        cast(null as varchar) as from_division_code,
        cast(null as varchar) as from_address,
        cast(null as varchar) as to_division_code,
        cast(null as varchar) as to_address,
        record.system_code,
        record.table_code,
        record.source_key,
        record.role_code,
        cast(0 as bigint) as evidence_place,
        record.source_at
    from paper
    inner join record
        on
            paper.system_code = record.system_code
            and paper.table_code = record.table_code
            and paper.source_key = record.source_key
    where record.role_code = 'self'
    union all
    select
        person_key,
        case registration_type_code when 'IA' then '41' else '42' end as event_kind_code,
        registered_date as event_date,
        'stated' as date_basis_code,
        other_person_key,
        cast(null as varchar) as from_division_code,
        cast(null as varchar) as from_address,
        cast(null as varchar) as to_division_code,
        cast(null as varchar) as to_address,
        system_code,
        table_code,
        source_key,
        role_code,
        cast(0 as bigint) as evidence_place,
        source_at
    from marriage_told
    where registration_type_code in ('IA', 'IB')
),

-- Two rows of one register about one person, kind and day are one event written twice.
placed as (
    select
        *,
        row_number() over (
            partition by person_key, event_kind_code, event_date
            order by
                evidence_place,
                case when other_person_key is null then 1 else 0 end,
                source_at,
                system_code,
                source_key,
                role_code
        ) as place,
        cast(
            count(*) over (partition by person_key, event_kind_code, event_date) as integer
        ) as source_record_count
    from told
),

event as (
    select
        person_key,
        event_kind_code,
        event_date,
        date_basis_code,
        other_person_key,
        from_division_code,
        from_address,
        to_division_code,
        to_address,
        system_code,
        table_code,
        source_key,
        role_code,
        source_record_count,
        source_at
    from placed
    where place = 1
),

final as (
    select
        *,
        hash(event) as _row_hash
    from event
)

select * from final
