"""How each of the 12 county systems writes sex, people, schooling, and so on: its dialect, as data.

``STYLES`` says how a style writes each value of the city, ``COUNTIES_WRITE`` which style a county
has. docs/synthetic-city.md lists both; whoever reads the counties' data maps them back from there
(nothing but the city imports this module). Add a style, or change a county's, here and there. Keep
out: the tables (``records_grid.py``).

Codes of the city: sex GB/T 2261.1, people GB/T 3304 (digits and letters), schooling the tens of
GB/T 4658, marriage GB/T 2261.2, relation GB/T 4761.
"""

from collections.abc import Iterator

import duckdb

from sources.simulator.mixer import set_list
from sources.simulator.vocabulary import ETHNICITIES

# Letters of GB/T 3304 in the order of its digits.
_LETTERS = (
    "HA MG HU ZA UG MH YI ZH BY CS MA DO YA BA TJ HN KZ DA LI LS VA SH GS LH SU DX NX JP KG TU DU "
    "ML QI BL SL MN GL XB AC PM TA NU UZ RS EW DE BN YG GI TT DR OR HZ MB LB JN"
)


def _style(values: str, written: str) -> dict[str, str]:
    return dict(zip(values.split(), written.split(), strict=True))


_PEOPLES = " ".join(f"{number:02d}" for number in range(1, 57))
_SCHOOLING = "1 2 3 4 6 7 8 9"
_MARRIAGE = "10 20 21 22 23 30 40 90"
_RELATION = "01 02 10 20 30 40 50 60 70 99"
_RESIDENCE = "registered settled floating"
_MERCHANT = "91 92 93"
_STATUS = "1 2 3 4"
_ITEMS = "elderly farmland disabled minimum family relief"

# Code set -> style -> value of the city -> as it is written. Schooling is by the first digit.
STYLES: dict[str, dict[str, dict[str, str]]] = {
    "sex": {
        "word": _style("1 2", "男 女"),
        "long": _style("1 2", "男性 女性"),
        "code": _style("1 2", "1 2"),
        "letter": _style("1 2", "M F"),
        "flag": _style("1 2", "1 0"),
    },
    "ethnicity": {
        "word": _style(_PEOPLES, ETHNICITIES),
        "long": {code: f"{word}族" for code, word in _style(_PEOPLES, ETHNICITIES).items()},
        "number": {code: str(int(code)) for code in _PEOPLES.split()},
        "code": {code: code for code in _PEOPLES.split()},
        "letter": _style(_PEOPLES, _LETTERS),
    },
    "education": {
        "code": _style(_SCHOOLING, "10 20 30 40 60 70 80 90"),
        "digit": _style(_SCHOOLING, _SCHOOLING),
        "word": _style(_SCHOOLING, "研究生 本科 大专 中专 高中 初中 小学 文盲或半文盲"),
        "long": _style(
            _SCHOOLING,
            "研究生教育 大学本科教育 大学专科教育 中等职业教育 普通高级中学教育 初级中学教育 "
            "小学教育 其他",
        ),
        "rising": _style(_SCHOOLING, "7 6 5 4 3 2 1 0"),
        "falling": _style(_SCHOOLING, "1 2 3 4 5 6 7 8"),
        "letter": _style(_SCHOOLING, "A B C D E F G H"),
    },
    "marital_status": {
        "code": _style(_MARRIAGE, "10 20 21 22 23 30 40 90"),
        "digit": _style(_MARRIAGE, "1 2 2 2 2 3 4 9"),
        "word": _style(_MARRIAGE, "未婚 已婚 初婚 再婚 复婚 丧偶 离婚 未说明"),
        "spoken": _style(_MARRIAGE, "未婚 有配偶 有配偶 有配偶 有配偶 丧偶 离异 不详"),
        "flag": _style(_MARRIAGE, "0 1 1 1 1 3 2 9"),
        "letter": _style(_MARRIAGE, "N Y Y Y Y W D U"),
    },
    "household_relation": {
        "code": _style(_RELATION, _RELATION),
        "digit": _style(_RELATION, "0 0 1 2 3 4 5 6 7 8"),
        "word": _style(_RELATION, "本人 户主 配偶 子 女 孙子女 父母 祖父母 兄弟姐妹 其他"),
        "spoken": _style(_RELATION, "本人 户主 爱人 儿子 女儿 孙辈 父母 祖辈 兄弟姐妹 其他"),
        "own": _style(_RELATION, "1 1 2 3 4 6 5 7 8 9"),
    },
    "residence_kind": {
        "word": _style(_RESIDENCE, "户籍 常住 流动"),
        "long": _style(_RESIDENCE, "户籍人口 常住人口 流动人口"),
        "code": _style(_RESIDENCE, "01 02 03"),
        "digit": _style(_RESIDENCE, "1 2 3"),
        "spoken": _style(_RESIDENCE, "人户一致 人在户不在 外来流动"),
        "letter": _style(_RESIDENCE, "H C L"),
    },
    "merchant_kind": {
        "word": _style(_MERCHANT, "企业 个体工商户 农民专业合作社"),
        "spoken": _style(_MERCHANT, "公司 个体 合作社"),
        "digit": _style(_MERCHANT, "1 2 3"),
        "letter": _style(_MERCHANT, "Q G H"),
    },
    "merchant_status": {
        "word": _style(_STATUS, "营业 停业 吊销 关闭"),
        "spoken": _style(_STATUS, "正常 歇业 已吊销 已注销"),
        "digit": _style(_STATUS, "1 2 3 4"),
        "code": _style(_STATUS, "01 02 03 04"),
    },
    "subsidy_item": {
        "word": _style(
            _ITEMS,
            "高龄津贴 耕地地力保护补贴 残疾人两项补贴 最低生活保障金 计划生育奖励 临时救助",
        ),
        "code": _style(_ITEMS, "01 02 03 04 05 06"),
        "spoken": _style(_ITEMS, "老年补贴 种粮补贴 残疾补贴 低保 计生奖扶 临时救助金"),
    },
}  # fmt: skip

CODE_SETS = tuple(STYLES)

# One line per county: system, then a style per code set in their order, then the way of writing the
# division (code; former: half of the rows with the code before 1994; name; old_name: half of the
# rows with the name before 2014; twelve digits) and the address (full; short: without province and
# city; old: half of the rows with the old name).
_COUNTIES_WRITE = """
grid_lanshan   word   long   word    word   word   word   word   word   word   code     full
grid_luozhuang code   code   code    code   code   code   digit  digit  code   former   full
grid_hedong    letter letter letter  letter digit  letter letter code   code   twelve   short
grid_yinan     long   word   long    spoken spoken long   spoken spoken spoken name     full
grid_tancheng  flag   number rising  flag   own    digit  digit  digit  word   former   short
grid_yishui    word   word   word    spoken word   spoken word   spoken spoken code     full
grid_lanling   code   number digit   digit  digit  word   spoken word   word   old_name old
grid_feixian   word   long   falling word   own    long   letter code   word   former   full
grid_pingyi    code   code   digit   digit  code   digit  digit  digit  code   code     short
grid_junan     long   long   long    word   spoken word   word   word   spoken name     full
grid_mengyin   letter number falling flag   word   spoken spoken spoken word   twelve   full
grid_linshu    code   letter rising  code   digit  code   letter code   code   former   short
"""
GRID_SYSTEMS = tuple(line.split()[0] for line in _COUNTIES_WRITE.split("\n") if line)
COUNTIES_WRITE: dict[str, dict[str, str]] = {
    system: dict(zip((*CODE_SETS, "division", "address"), styles, strict=True))
    for system, *styles in (line.split() for line in _COUNTIES_WRITE.split("\n") if line)
}


def dialect_rows() -> Iterator[tuple[str, str, str, str]]:
    """Every (system, code set, value of the city, as this system writes it)."""
    for system, styles in COUNTIES_WRITE.items():
        for code_set in CODE_SETS:
            for value, written in STYLES[code_set][styles[code_set]].items():
                yield system, code_set, value, written


def install_dialects(connection: duckdb.DuckDBPyConnection) -> None:
    """Define ``grid_<code set>(county_no, place)``: what that county writes for the value at that
    place of the code set, from 1; null for null. Counties count as ``places`` has them.
    """
    for code_set, styles in STYLES.items():
        values = list(next(iter(styles.values())))
        written = [
            styles[COUNTIES_WRITE[system][code_set]][value]
            for system in GRID_SYSTEMS
            for value in values
        ]
        set_list(connection, f"grid_{code_set}", written)
        connection.execute(
            f"create or replace temp macro grid_{code_set}(county_no, place) as"
            f" getvariable('grid_{code_set}')[county_no * {len(values)} + place]"
        )
    for manner in ("division", "address"):
        set_list(connection, f"grid_{manner}", [w[manner] for w in COUNTIES_WRITE.values()])
    set_list(connection, "grid_system", GRID_SYSTEMS)


def place_of(code_set: str, expression: str) -> str:
    """SQL of a value's place in its code set; null for values the set does not have."""
    values = ", ".join(f"'{value}'" for value in next(iter(STYLES[code_set].values())))
    return f"nullif(list_position([{values}], {expression}), 0)"
