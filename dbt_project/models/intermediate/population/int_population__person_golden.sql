{{ config(materialized='library') }}

-- The golden record: per attribute the value of the highest rank, the rank itself (its bits are the
-- provenance) and whether sources that have a say disagree.
with record as (
    select * from {{ library_input('int_population__person_matched', key='person_key') }}
),

golden as (
    select
        person_key,
        max(identity_number) filter (
            where identity_kind_code = 'resident' and identity_anchor like 'resident:%'
        ) as resident_number,
        max(substr(identity_anchor, 1, instr(identity_anchor, ':') - 1)) as identity_basis_code,
        count(*) filter (where system_code <> 'identity_number') as source_record_count,
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
