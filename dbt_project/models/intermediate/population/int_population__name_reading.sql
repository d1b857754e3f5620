-- How each written name is read: its characters in toneless pinyin, so that homophones and variant
-- characters (伟 and 玮, 国 and 國) compare equal. Names longer than eight characters are foreign
-- ones in Latin letters and compare as written.
with record as (
    select * from {{ ref('int_population__person_record') }}
),

name as (
    select name from record
    union
    select former_name as name from record
),

final as (
    {{ name_readings('name') }}
)

select * from final
