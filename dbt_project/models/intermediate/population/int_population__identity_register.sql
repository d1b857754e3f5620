{{ config(materialized='register', register_table='person') }}

select distinct identity_anchor as anchor
from {{ ref('int_population__person_record') }}
where identity_anchor is not null
