{# Written by `citybase source generate` from sources/registry/. Do not edit:
   change the registry file and generate again. #}
{% macro shape_members(shape) %}
{% set members = {} %}
{{ return(members[shape]) }}
{% endmacro %}
