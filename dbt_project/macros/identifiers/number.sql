{#
    How a written number becomes comparable text.
    A test compares it with citybase/identifiers/text.py.
#}

{% macro normalise_number(number) -%}
    {%- set capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' -%}
    {%- set small = 'abcdefghijklmnopqrstuvwxyz' -%}
    {%- set wide_digits = '\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19' -%}
    {%- set wide_capitals = '\uff21\uff22\uff23\uff24\uff25\uff26\uff27\uff28\uff29\uff2a\uff2b'
        ~ '\uff2c\uff2d'
        ~ '\uff2e\uff2f\uff30\uff31\uff32\uff33\uff34\uff35\uff36\uff37\uff38\uff39\uff3a' -%}
    {%- set wide_small = '\uff41\uff42\uff43\uff44\uff45\uff46\uff47\uff48\uff49\uff4a\uff4b'
        ~ '\uff4c\uff4d'
        ~ '\uff4e\uff4f\uff50\uff51\uff52\uff53\uff54\uff55\uff56\uff57\uff58\uff59\uff5a' -%}
    {%- set like_x = '\u00d7\u2715\u2716\u0425\u0445\u03a7\u03c7\u2169\u2179' -%}
    {%- set like_dot = '\uff0e\u3002\u30fb' -%}
    {%- set blank = ' \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008'
        ~ '\u2009\u200a\u2028\u2029\u202f\u205f\u3000' -%}
    {%- set invisible = '\u200b\u200c\u200d\u200e\u200f\u2060\ufeff' -%}
    {%- set hyphen = '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d-' -%}
    {%- set bracket = '()\uff08\uff09' -%}
    {%- set quote = '`"\u2018\u2019\u201c\u201d\uff07\uff02' -%}
    {#- Tabs, line ends and the single quote by number: engines and editors leave that alone. -#}
    {%- set numbered -%}
        {%- for place in [9, 10, 11, 12, 13, 39, 133] -%} ' || chr({{ place }}) || ' {%- endfor -%}
    {%- endset -%}
    {#- The hyphen stands last, where a set of characters takes it for itself. -#}
    {%- set dropped = numbered ~ blank ~ invisible ~ bracket ~ quote ~ hyphen -%}
    {%- set written = small ~ wide_digits ~ wide_capitals ~ wide_small ~ like_x ~ like_dot -%}
    {%- set meant = capitals ~ '0123456789' ~ capitals ~ capitals ~ 'X' * (like_x | length)
        ~ '.' * (like_dot | length) -%}
    {%- set kept = without_characters(number, '[' ~ dropped ~ ']') -%}
    {#-
        Most numbers are clean; most of the others carry small letters and something to drop, such
        as the tab or the quote that keeps a spreadsheet from rounding them. Looking is cheap,
        dropping dear, and rewriting character by character the dearest: each is done only for
        those that need it.
    -#}
    case
        when {{ matches_whole(number, '[0-9A-Z.]+') }} then {{ number }}
        when {{ matches_whole(number, '[0-9A-Za-z.' ~ dropped ~ ']*') }}
            then nullif(upper({{ kept }}), '')
        else nullif(translate({{ kept }}, '{{ written }}', '{{ meant }}'), '')
    end
{%- endmacro %}
