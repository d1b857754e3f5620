{{ config(materialized='register', register_table='organisation') }}

select distinct resolved_anchor as anchor
from {{ ref('int_legal_entity__organisation_identified') }}
where resolved_anchor is not null
