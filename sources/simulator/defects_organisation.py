"""How clerks and old systems damage the codes and names of organisations: kinds and prevalences.

The prevalences are fixed here and in docs/synthetic-city.md; nobody who writes a matcher changes
them. Add a macro for a new kind of damage. Keep out: damage to numbers of people (``defects.py``),
who wrote what (``organisation_tables.py``).

Per record: one character of the credit code wrong 0.3 %, code missing 0.3 %, the division inside
the code that of another county 0.1 % (its check character fits again), credit code and organisation
code of one record that disagree 0.05 %, code in lower case, full width or padded 1 %, name written
in another way 3 %, telephone missing 30 % and out of date 15 %, industry another one 8 %.
"""

import duckdb

_PLAIN = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WIDE = "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ"
_SMALL = _PLAIN.lower()


def install_organisation_defects(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros of damage to organisations."""
    for macro in _MACROS:
        connection.execute(f"create or replace temp macro {macro}")


_MACROS = (
    # Which damage the code of a row suffers. Old papers bear old codes; who never got a credit code
    # has nothing else.
    """
    code_defect(i, purpose, uscc, established, old_per_million, missing_per_million,
        typo_per_million) as case
        when chance(i, purpose || '/no code', missing_per_million) then 'code_missing'
        when uscc is null then 'old_code'
        when established < date '2015-10-01' and chance(i, purpose || '/old', old_per_million)
            then 'old_code'
        when mix(i, purpose || '/code') % 1000000 < typo_per_million then 'code_digit_typo'
        when mix(i, purpose || '/code') % 1000000 < typo_per_million + 1000
            then 'code_division_wrong'
        when mix(i, purpose || '/code') % 1000000 < typo_per_million + 1500 then 'codes_disagree'
    end
    """,
    # Digits 3 to 8 and the characters of the organisation code; 7 and 1 are confused by hand. What
    # is drawn is named once, inside a lambda: each time it is named it would be planned.
    """
    mistyped_code(i, purpose, code) as list_transform([3 + below(i, purpose || '/place', 15)],
        lambda p: substr(code, 1, p - 1) || case substr(code, p, 1) when '7' then '1' else '7' end
            || substr(code, p + 1))[1]
    """,
    """
    code_in_another_county(i, purpose, code) as credit_code(
        substr(code, 1, 2)
        || list_transform([pick_county_code(i, purpose || '/county')],
            lambda c: case when substr(code, 3, 6) = c then '371300' else c end)[1]
        || substr(code, 9, 9)
    )
    """,
    # The organisation code of some other organisation of that time.
    """
    organisation_code_of_another(i) as
        organisation_code((20000000 + ((i + 1) * 37 + 11) % 60000000)::varchar)
    """,
    """
    written_credit_code(i, purpose, uscc, defect) as case defect
        when 'code_missing' then null
        when 'old_code' then null
        when 'code_digit_typo' then mistyped_code(i, purpose, uscc)
        when 'code_division_wrong' then code_in_another_county(i, purpose, uscc)
        else uscc
    end
    """,
    """
    code_text_defect(i, purpose) as case
        when chance(i, purpose || '/code text', 10000)
            then ['lower_case', 'full_width', 'padded'][1 + below(i, purpose || '/text kind', 3)]
    end
    """,
    f"""
    damaged_code_text(code, defect) as case
        when defect is null then code
        else case defect when 'padded' then ' ' else '' end
            || translate(
                code,
                case defect when 'full_width' then '{_PLAIN}' when 'lower_case' then '{_PLAIN}'
                    else '' end,
                case defect when 'full_width' then '{_WIDE}' when 'lower_case' then '{_SMALL}'
                    else '' end
            )
            || case defect when 'padded' then ' ' else '' end
    end
    """,
    # The ways one company is written; a way that changes nothing is no defect.
    """
    organisation_name_variant(i, purpose, name) as case
        when chance(i, purpose || '/name', 60000) then case below(i, purpose || '/name kind', 6)
            when 0 then case when name like '%有限公司%' and name not like '%股份%'
                then replace(name, '有限公司', '有限责任公司') else name end
            when 1 then case when name like '临沂市%' then '临沂' || substr(name, 4)
                when name like '临沂%' then '临沂市' || substr(name, 3) else name end
            when 2 then replace(replace(name, '（', '('), '）', ')')
            when 3 then replace(replace(name, '(', '（'), ')', '）')
            when 4 then substr(name, 1, 4) || ' ' || substr(name, 5)
            else '山东' || name
        end
        else name
    end
    """,
    """
    damaged_telephone(i, phone, defect) as case defect
        when 'phone_missing' then null
        when 'phone_changed'
            then '0539-' || (1000000 + below(i, 'former telephone', 8999999))::varchar
        else phone
    end
    """,
)
