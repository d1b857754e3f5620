{{ config(materialized='register', register_table='organisation') }}

select
    anchor,
    identity as cluster,
    strength
from {{ ref('int_legal_entity__identity') }}
