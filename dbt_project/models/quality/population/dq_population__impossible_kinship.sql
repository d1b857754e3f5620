-- Relatives that cannot be: nobody is his own, a parent is at least twelve years older and no more
-- than 300 days dead before the birth, and there are one mother and one father. None of these is in
-- the library.
with weighed as (
    select * from {{ ref('int_population__kinship_weighed') }}
    where impossible_reason_code is not null
),

final as (
    select
        person_key,
        relative_person_key,
        kinship_code,
        impossible_reason_code as reason_code,
        birth_date,
        relative_birth_date,
        basis_code,
        system_code,
        table_code,
        source_key,
        source_record_count,
        source_at
    from weighed
)

select * from final
