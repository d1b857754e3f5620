{{ config(materialized='register', register_table='licence') }}

select distinct
    identity_anchor as anchor,
    identity_anchor as cluster,
    1 as strength
from {{ ref('int_licence__record_anchored') }}
