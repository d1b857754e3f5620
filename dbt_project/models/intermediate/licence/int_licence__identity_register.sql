{{ config(materialized='register', register_table='licence') }}

select distinct identity_anchor as anchor
from {{ ref('int_licence__licence_record') }}
