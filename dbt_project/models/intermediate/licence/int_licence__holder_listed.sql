-- The holders a licence names, taken apart: names and numbers written in one text each stand beside
-- one another by place when there are as many of either. When there are not, nobody can say which
-- name belongs to which number: the numbers stand without names and types (pairing `unpaired`).
with licence as (
    select * from {{ ref('int_licence__licence_record') }}
),

written as (
    select
        licence_key,
        system_code,
        holder_name,
        holder_code,
        {{ explicit_list('holder_name') }} as name_list,
        {{ blank_list('holder_name') }} as name_blank_list,
        {{ explicit_list('holder_code') }} as code_list,
        {{ blank_list('holder_code') }} as code_blank_list,
        {{ explicit_list(blank_list('holder_code_type')) }} as type_list
    from licence
),

-- The numbers decide where blanks separate: only parts as long as a number, one for each name.
numbered as (
    select
        * exclude (code_list),
        case
            when
                code_list not like '%;%'
                and {{ matches_whole('code_blank_list', '[^;]{8,}(;[^;]{8,})+') }}
                and {{ list_length('code_blank_list') }} = greatest(
                    {{ list_length('name_list') }}, {{ list_length('name_blank_list') }}
                )
                then code_blank_list
            else code_list
        end as code_list
    from written
),

-- One number of an organisation takes the whole name, whatever stands in it.
named as (
    select
        * exclude (name_list, name_blank_list),
        case
            when
                type_list in ('001', '099')
                and coalesce({{ list_length('code_list') }}, 1) = 1
                then replace(holder_name, ';', ',')
            when
                name_list not like '%;%'
                and {{ list_length('code_list') }} > 1
                and {{ list_length('name_blank_list') }} = {{ list_length('code_list') }}
                then name_blank_list
            else name_list
        end as name_list
    from numbered
),

trimmed as (
    select
        * exclude (name_list, code_list),
        case
            when {{ list_length('name_list') }} = {{ list_length('code_list') }} then name_list
            else {{ list_trimmed('name_list') }}
        end as name_list,
        case
            when {{ list_length('name_list') }} = {{ list_length('code_list') }} then code_list
            else {{ list_trimmed('code_list') }}
        end as code_list
    from named
),

counted as (
    select
        *,
        coalesce({{ list_length('name_list') }}, 0) as name_count,
        coalesce({{ list_length('code_list') }}, 0) as code_count,
        coalesce({{ list_length('type_list') }}, 0) as type_count
    from trimmed
),

paired as (
    select
        *,
        greatest(name_count, code_count, 1) as holder_count,
        case
            when greatest(name_count, code_count) <= 1 then 'single'
            when name_count = code_count or least(name_count, code_count) = 0 then 'paired'
            else 'unpaired'
        end as pairing_code
    from counted
),

placed as (
    select
        paired.*,
        place.place_no as holder_no
    from paired
    inner join {{ places(256) }}
        on paired.holder_count >= place.place_no
),

taken as (
    select
        licence_key,
        holder_no,
        system_code,
        holder_count,
        pairing_code,
        name_list,
        name_count,
        code_count,
        case when pairing_code <> 'unpaired' then {{ list_part('name_list', 'holder_no') }} end
            as holder_name,
        {{ list_part('code_list', 'holder_no') }} as holder_code,
        case
            when type_count = 1 then type_list
            when type_count = holder_count and pairing_code <> 'unpaired'
                then {{ list_part('type_list', 'holder_no') }}
        end as holder_code_type
    from placed
),

numbered_part as (
    select
        * exclude (holder_code),
        {{ normalise_number('holder_code') }} as holder_number
    from taken
),

-- Without a type the number itself says what it is.
final as (
    select
        *,
        case
            when holder_code_type in ('001', '099') then 'organisation'
            when holder_code_type is not null then 'person'
            when {{ organisation_reference_kind('holder_number') }} is not null then 'organisation'
            when holder_number is not null then 'person'
        end as holder_kind_code
    from numbered_part
)

select * from final
