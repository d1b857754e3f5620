"""How clerks, old systems and keyboards damage what is written down: kinds and prevalences.

The prevalences are fixed here and in docs/synthetic-city.md; nobody who writes a matcher changes
them. Add a macro for a new kind of damage. Keep out: who wrote what (``records_*``).

Per record: 15-digit leftover 0.8 %, wrong number 0.4 % (half one digit, a quarter two neighbouring
characters swapped, a quarter the number of another person), no number 2 % in health records,
number text padded, full-width, lower-case x or Cyrillic Х 1 %, homophone or variant character in
the name 1 % and with the police 0.1 %, day and month of the birth date swapped 0.1 %, birth date
or sex typed wrong 0.1 % in health records, a date that is none 0.05 % where it is text, a number
kept as a number by a workbook 0.3 %, phone missing 30 % and out of date 15 %.
"""

import duckdb

# Character written -> homophone or variant found in files; one string per side, equal lengths.
_RIGHT = (
    "国军伟强丽静敏红玲华明志文浩宇轩涵俊杰嘉博思佳怡诗欣梓婷雅颖莹慧秀英兰桂芳珍淑霞荣花莲云"
    "梅建平福贵生庆祥玉金成忠义信善学永春兴辉飞鹏龙峰波帅林昊然辰晨一鸣天佑瑶若语可馨诺依萱妍"
    "婧艺菲娜燕娟艳丹雪倩璐琳素美翠爱香月娥宗运传纪德家振东海山树根长玺法廷洪才发宝富改焕存瑞"
    "连叶惠贞琴芝彩清风巧皓铭远磊洋勇涛超刚健凯斌旭亮奕煜宸泽睿子豪曦桐紫晗彤"
)
_WRONG = (
    "國钧玮墙莉婧闵虹铃桦铭智雯昊雨宣函峻洁佳波斯家宜施新子亭亚影盈惠绣瑛岚贵方真叔侠容华连芸"
    "玫健萍富桂升青翔钰锦诚中毅欣擅雪勇椿星晖非朋隆锋博率琳浩燃晨辰壹名添祐遥偌雨珂心喏伊宣研"
    "静义非那艳涓燕单雨茜露林苏每萃瑷湘岳峨综云川继得佳镇冬诲杉澍跟常喜珐庭宏财法保付盖涣村锐"
    "莲页慧珍芹之采青凤乔浩明源垒阳咏滔朝钢建楷彬绪量弈玉晨择瑞梓毫熙同子寒形"
)


def install_defects(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros of damage."""
    for macro in _MACROS:
        connection.execute(f"create or replace temp macro {macro}")


_MACROS = (
    # Which damage the number of a row suffers, null for none. ``other_number`` is null for all but
    # the one person in fifty whose papers are mixed up: 5 % of their records bear it, 0.1 % of all.
    # 1.15 % of the numbers old enough are still written in 15 digits: 0.8 % of all.
    """
    number_defect(i, purpose, number, other_number, kind, birth_date, missing_per_million) as case
        when chance(i, purpose || '/missing', missing_per_million) then 'number_missing'
        when length(number) <> 18 then null
        when other_number is not null and chance(i, purpose || '/other', 50000)
            then 'number_of_another'
        when mix(i, purpose || '/number') % 1000000 < 1890 then 'number_digit_typo'
        when mix(i, purpose || '/number') % 1000000 < 3000 then case
            when substr(number, typo_place(i, purpose), 1)
                = substr(number, typo_place(i, purpose) + 1, 1) then 'number_digit_typo'
            else 'number_transposed'
        end
        when kind = 'resident_number' and birth_date < date '2000-01-01'
            and mix(i, purpose || '/number') % 1000000 < 14500 then 'number_15_digits'
    end
    """,
    # A spreadsheet takes 18 digits for a number and keeps 15 of them: ``deploy_xlsx`` does it.
    """
    excel_damage(i, purpose, written) as case
        when chance(i, purpose || '/cell', 3000) and regexp_full_match(written, '[0-9]{18}')
            then 'id_as_number'
    end
    """,
    # Places 3 to 16: a swap reaches the place after it and leaves the check character alone.
    "typo_place(i, purpose) as 3 + below(i, purpose || '/place', 14)",
    """
    number_text_defect(i, purpose, number) as case
        when chance(i, purpose || '/text', 10000) then
            case
                when number like '%X' then ['lower_x', 'lower_x', 'cyrillic_x', 'full_width']
                    [1 + below(i, purpose || '/text kind', 4)]
                else ['padded', 'full_width'][1 + below(i, purpose || '/text kind', 2)]
            end
    end
    """,
    # The place is named once, inside a lambda: named five times it would be planned five times.
    """
    damaged_number(i, purpose, number, other_number, defect) as case defect
        when 'number_missing' then null
        when 'number_of_another' then other_number
        when 'number_15_digits' then substr(number, 1, 6) || substr(number, 9, 9)
        when 'number_digit_typo' then list_transform([typo_place(i, purpose)], lambda p:
            substr(number, 1, p - 1)
            || (substr(number, p, 1)::integer + 1 + below(i, purpose || '/digit', 9)) % 10
            || substr(number, p + 1))[1]
        when 'number_transposed' then list_transform([typo_place(i, purpose)], lambda p:
            substr(number, 1, p - 1) || reverse(substr(number, p, 2)) || substr(number, p + 2))[1]
        else number
    end
    """,
    # The number stands here twice only: it is mostly a long expression, copied where it is named.
    """
    damaged_text(number, defect) as case
        when defect is null then number
        else case defect when 'padded' then ' ' else '' end
            || translate(
                number,
                case defect when 'full_width' then '0123456789X'
                    when 'padded' then '' else 'X' end,
                case defect when 'full_width' then '０１２３４５６７８９Ｘ' when 'lower_x' then 'x'
                    when 'cyrillic_x' then 'Х' else '' end
            )
            || case defect when 'padded' then '  ' else '' end
    end
    """,
    # Some characters have no confusable one: 1.05 % are tried so that 1 % change.
    f"""
    variant_name(i, purpose, name, per_million := 10500) as case
        when chance(i, purpose || '/name', per_million)
            then substr(name, 1, 1) || translate(substr(name, 2), '{_RIGHT}', '{_WRONG}')
        else name
    end
    """,
    """
    swapped_date(d) as case
        when day(d) <= 12 and day(d) <> month(d) then make_date(year(d), day(d), month(d))
        else d
    end
    """,
    # A third of all days can be swapped without leaving the calendar.
    """
    birth_date_defect(i, purpose, d, wrong_per_million) as case
        when swapped_date(d) <> d and chance(i, purpose || '/swap', 2770) then 'birth_swapped'
        when chance(i, purpose || '/wrong birth', wrong_per_million) then 'birth_wrong'
    end
    """,
    """
    damaged_birth(i, purpose, d, defect) as case defect
        when 'birth_swapped' then swapped_date(d)
        when 'birth_wrong' then d - (1 + below(i, purpose || '/birth', 900))::integer
        else d
    end
    """,
    # A file or a column of text takes any text for a date: one in two thousand is none.
    """
    date_text_defect(i, purpose) as case mix(i, purpose || '/date text') % 4000
        when 0 then 'date_impossible'
        when 1 then 'date_unknown'
    end
    """,
    """
    damaged_date_text(d, defect) as case
        when d is null then null
        when defect = 'date_impossible' then year(d)::varchar || '-02-30'
        when defect = 'date_unknown' then '不详'
        else d::varchar
    end
    """,
    """
    phone_defect(i, purpose, phone) as case
        when phone is null then null
        when chance(i, purpose || '/phone', 300000) then 'phone_missing'
        when chance(i, purpose || '/old phone', 214000) then 'phone_changed'
    end
    """,
    """
    damaged_phone(i, phone, defect) as case defect
        when 'phone_missing' then null
        when 'phone_changed'
            then substr(phone, 1, 3) || lpad(below(i, 'former phone', 100000000)::varchar, 8, '0')
        else phone
    end
    """,
    # A row key that tells nothing about the person: an affine permutation of ten digits.
    """
    row_number_text(i, factor, shift) as
        lpad(((i * factor + shift) % 10000000000)::varchar, 10, '0')
    """,
    """
    day_time(d, i, purpose) as
        d::timestamp + to_seconds(28800 + below(i, purpose || '/clock', 35000))
    """,
)
