"""Masks for what a person may see in logs, checks and messages: Python, one value at a time.

A masked value keeps its length, differs from the original, and masking it again changes nothing
(STANDARDS.md B9). Published files are masked in SQL (``serving/masks.py``). Keep out: pseudonyms
and encryption.
"""

import re

STAR = "*"
_NUMBER = re.compile(r"[0-9]{8,}[Xx]?")

# fmt: off
COMPOUND_SURNAMES = (
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫",
    "万俟", "闻人", "夏侯", "诸葛", "尉迟", "公羊", "赫连", "澹台",
    "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容",
    "仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘",
    "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良",
    "漆雕", "乐正", "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐",
    "段干", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "梁丘",
    "左丘", "东门", "西门", "第五", "即墨", "达奚", "褚师", "纳兰",
)
# fmt: on


def mask_name(value: str | None) -> str | None:
    """张三丰 → 张**, 欧阳修 → 欧阳*: the surname stays, a compound one (复姓) too."""
    if value is None:
        return None
    shown = 2 if len(value) > 2 and value[:2] in COMPOUND_SURNAMES else 1
    return _middle_hidden(value, head=shown, tail=0)


def mask_id_number(value: str | None) -> str | None:
    """The first six and the last four characters stay: 371302********1234."""
    return _middle_hidden(value, head=6, tail=4)


def mask_phone(value: str | None) -> str | None:
    """The first three and the last four characters stay: 138****5678."""
    return _middle_hidden(value, head=3, tail=4)


def mask_key(value: str | None) -> str | None:
    """The last four characters stay: enough to tell rows apart, too little to tell who it is."""
    return _middle_hidden(value, head=0, tail=4)


def mask_numbers(text: str) -> str:
    """Every run of eight digits or more in a foreign message keeps its last two characters.

    An identity number has 18 characters, an old one 15, a phone 11, a day written together 8.
    """
    return _NUMBER.sub(lambda found: str(_middle_hidden(found[0], head=0, tail=2)), text)


def _middle_hidden(value: str | None, *, head: int, tail: int) -> str | None:
    """Stars between head and tail; a value too short for both keeps one character or none."""
    if not value:
        return value
    if len(value) <= head + tail:
        head, tail = (1, 0) if len(value) > 1 and head else (0, 0)
    end = len(value) - tail
    return value[:head] + STAR * (end - head) + value[end:]
