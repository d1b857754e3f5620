{{ config(materialized='register', register_table='person') }}

select
    anchor,
    identity as cluster,
    strength
from {{ ref('int_population__identity') }}
