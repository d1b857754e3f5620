-- Holders nobody could be found for, and why. Who is looked for by number is never guessed by name.
with holder as (
    select * from {{ ref('lib_licence__link_licence_holder') }}
),

licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

final as (
    select
        holder.licence_key,
        holder.holder_no,
        holder.reference_grade_code,
        holder.pairing_code,
        holder.holder_kind_code,
        holder.holder_name,
        holder.holder_code,
        licence.system_code,
        licence.source_key,
        licence.licence_name
    from holder
    inner join licence
        on holder.licence_key = licence.licence_key
    where holder.reference_grade_code <> 'found'
)

select * from final
