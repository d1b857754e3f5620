-- What each record's own codes say, in the order of evidence: a credit code that holds (it contains
-- the organisation code), an organisation code, a registration number. `place_anchor` is the code a
-- record stands at, null where it has none that decides.
--
-- own                      a code that holds, nothing against it
-- codes_disagree           credit code and organisation code are two organisations': the credit
--                          code decides, unless the name is only the other's
-- division_wrong           the credit code differs from the one most systems write for its
--                          organisation in the division or category alone
-- uscc_damaged             the credit code fails its check, another code of the record decides
-- registration_contested   the registration number alone, and two organisations are known by it
-- damaged, missing         no code that holds
with record as (
    select
        *,
        {{ uscc_organisation_code('uscc') }} as uscc_organisation_code,
        case
            when {{ organisation_code_is_valid('stated_organisation_code') }}
                then stated_organisation_code
        end as other_organisation_code
    from {{ ref('int_legal_entity__organisation_record') }}
),

named as (
    select distinct
        organisation_code,
        name_key
    from record
    where
        organisation_code is not null
        and organisation_code = coalesce(other_organisation_code, organisation_code)
),

chosen as (
    select
        record.*,
        record.uscc_organisation_code <> record.other_organisation_code as is_at_odds,
        coalesce(
            record.uscc_organisation_code <> record.other_organisation_code
            and as_uscc.organisation_code is null
            and as_other.organisation_code is not null,
            false
        ) as is_uscc_of_another
    from record
    left join named as as_uscc
        on
            record.uscc_organisation_code = as_uscc.organisation_code
            and record.name_key = as_uscc.name_key
    left join named as as_other
        on
            record.other_organisation_code = as_other.organisation_code
            and record.name_key = as_other.name_key
),

vote as (
    select
        uscc_organisation_code as organisation_code,
        uscc,
        count(distinct system_code) as system_count,
        count(register_anchor) as register_count,
        -- a code names the division of its registration, which mostly is where the business is: a
        -- register's own row that names another one contradicts itself
        count(*) filter (where substr(uscc, 3, 6) = division_code) as home_count,
        count(*) as record_count
    from chosen
    where uscc is not null and not is_uscc_of_another
    group by uscc_organisation_code, uscc
),

agreed as (
    select
        organisation_code,
        uscc
    from (
        select
            *,
            row_number() over (
                partition by organisation_code
                order by
                    system_count desc, home_count desc, register_count desc, record_count desc,
                    uscc asc
            ) as place
        from vote
    ) as ranked
    where place = 1
),

contested as (
    select registration_number
    from chosen
    where registration_number is not null and organisation_code is not null
    group by registration_number
    having min(organisation_code) <> max(organisation_code)
),

judged as (
    select
        chosen.* exclude (uscc, organisation_code, registration_number),
        case when chosen.uscc = agreed.uscc and not chosen.is_uscc_of_another then chosen.uscc end
            as uscc,
        case
            when chosen.is_uscc_of_another then chosen.other_organisation_code
            else chosen.organisation_code
        end as organisation_code,
        case when contested.registration_number is null then chosen.registration_number end
            as registration_number,
        case
            when chosen.is_at_odds then 'codes_disagree'
            when chosen.uscc <> agreed.uscc then 'division_wrong'
            when chosen.uscc is not null then 'own'
            when
                chosen.stated_uscc is not null
                and coalesce(chosen.organisation_code, chosen.registration_number) is not null
                then 'uscc_damaged'
            when chosen.organisation_code is not null then 'own'
            when contested.registration_number is not null then 'registration_contested'
            when chosen.registration_number is not null then 'own'
            when chosen.identity_grade_code = 'missing' then 'missing'
            else 'damaged'
        end as verdict_code
    from chosen
    left join agreed
        on chosen.uscc_organisation_code = agreed.organisation_code
    left join contested
        on chosen.registration_number = contested.registration_number
),

final as (
    select
        judged.* exclude (uscc_organisation_code, is_at_odds, is_uscc_of_another),
        coalesce(
            'organisation:' || organisation_code,
            'registration:' || registration_number
        ) as place_anchor
    from judged
)

select * from final
