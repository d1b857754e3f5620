{# How far each source table has come, read off the project itself: a row per declared source table with
   `is_staged` (a staging model reads it) and `library_codes`, the libraries its rows flow into, joined by
   commas; null when into none. A library that only looks its keys up in another library does not count
   for the tables of that one. #}
{% macro source_table_layers() %}
    {%- if execute %}
        {%- set readers = {} %}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' %}
            {%- for parent in node.depends_on.nodes %}
                {%- do readers.setdefault(parent, []).append(node.unique_id) %}
            {%- endfor %}
        {%- endfor %}
        {%- for table in graph.sources.values() | sort(attribute='unique_id') if table.schema == 'raw' %}
            {%- set reached = {} %}
            {%- set libraries = {} %}
            {%- set frontier = readers.get(table.unique_id, []) | list %}
            {%- set staged = frontier | length > 0 %}
            {%- for step in range(graph.nodes | length) if frontier %}
                {%- set reader = frontier.pop() %}
                {%- if reader not in reached %}
                    {%- do reached.update({reader: true}) %}
                    {%- if graph.nodes[reader].fqn[1] == 'library' %}
                        {%- do libraries.update({graph.nodes[reader].fqn[2]: true}) %}
                    {%- else %}
                        {%- do frontier.extend(readers.get(reader, [])) %}
                    {%- endif %}
                {%- endif %}
            {%- endfor %}
    select
        '{{ table.source_name }}' as system_code,
        '{{ table.name }}' as table_code,
        {{ staged | lower }} as is_staged,
        nullif('{{ libraries | sort | join(",") }}', '') as library_codes
    union all
        {%- endfor %}
    {%- endif %}
    select
        cast(null as varchar) as system_code,
        cast(null as varchar) as table_code,
        false as is_staged,
        cast(null as varchar) as library_codes
    where 1 = 0
{% endmacro %}
