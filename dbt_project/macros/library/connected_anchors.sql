{# CTEs that join anchors over pairs. `pair` is a CTE of `anchor` and `other_anchor`; the last CTE,
   `connected`, has one row per anchor of a pair: the least anchor it reaches in `rounds` steps.
   Components here are a few anchors wide, so few rounds reach everything. #}
{% macro connected_anchors(pair, rounds=6) %}
both_ways as (
    select
        anchor,
        other_anchor
    from {{ pair }}
    union
    select
        other_anchor as anchor,
        anchor as other_anchor
    from {{ pair }}
),

label_0 as (
    select distinct
        anchor,
        anchor as label
    from both_ways
),
{% for round in range(1, rounds + 1) %}
label_{{ round }} as (
    select
        both_ways.anchor,
        least(min(mine.label), min(theirs.label)) as label
    from both_ways
    inner join label_{{ round - 1 }} as mine
        on both_ways.anchor = mine.anchor
    inner join label_{{ round - 1 }} as theirs
        on both_ways.other_anchor = theirs.anchor
    group by both_ways.anchor
),
{% endfor %}
connected as (
    select * from label_{{ rounds }}
)
{%- endmacro %}
