{{ config(materialized='library') }}

-- The golden record: per attribute the value of the highest rank, the rank itself (its bits are the
-- provenance) and whether sources that have a say disagree.
with record as (
    select * from {{ library_input('int_population__person_matched', key='person_key') }}
),

golden as (
    select
        person_key,
        case
            when
                count(*) filter (
                    where identity_anchor like 'resident:%' and basis_code <> 'search'
                ) > 0 then 'resident'
            when
                count(*) filter (
                    where identity_anchor like 'permit:%' and basis_code <> 'search'
                ) > 0 then 'permit'
            else 'register'
        end as identity_basis_code,
        count(*) filter (
            where system_code not in ('identity_number', 'name_agreement')
        ) as source_record_count,
        {{ golden_attributes(population_attributes()) }}
    from record
    group by person_key
),

final as (
    select
        *,
        hash(golden) as _row_hash
    from golden
)

select * from final
