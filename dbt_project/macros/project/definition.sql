{# What the table is made by: its SQL, and the seeds it looks codes up in. #}
{% macro definition_hash_of(sql) %}
    {% set parts = [sql] %}
    {% for node in model.depends_on.nodes if node.startswith('seed.') %}
        {% do parts.append(graph.nodes[node].checksum.checksum) %}
    {% endfor %}
    {{ return(local_md5(parts | join(' '))) }}
{% endmacro %}
