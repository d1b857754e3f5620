{{ config(materialized='register', register_table='organisation') }}

select distinct
    resolved_anchor as anchor,
    resolved_anchor as cluster,
    1 as strength
from {{ ref('int_legal_entity__organisation_identified') }}
where resolved_anchor is not null
