"""The closed lists of this room: kinds of numbers, and every reason a number can be given.

Add a reason here when a check is added to a number kind, with its severity and its Chinese
sentence; the command line and docs/identifiers.md read their wording from here. Keep out: the
checks themselves, and anything about one number.
"""

from dataclasses import dataclass
from enum import StrEnum

OK = "ok"


class Kind(StrEnum):
    """What a number is, as a clerk would say at the counter."""

    RESIDENT = "resident"
    USCC = "uscc"
    ORGANISATION = "organisation"
    REGISTRATION = "registration"
    LICENCE = "licence"
    PERMIT = "permit"
    UNKNOWN = "unknown"


KIND_NAMES = {
    Kind.RESIDENT: "公民身份号码",
    Kind.USCC: "统一社会信用代码",
    Kind.ORGANISATION: "组织机构代码",
    Kind.REGISTRATION: "工商注册号",
    Kind.LICENCE: "电子证照标识",
    Kind.PERMIT: "出入境与居留证件",
    Kind.UNKNOWN: "无法识别",
}


class Severity(StrEnum):
    """An error makes the number invalid; a warning leaves it valid."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Reason:
    """One thing found about a number: its word in data, its weight and its sentence for people."""

    code: str
    severity: Severity
    chinese: str


_REASONS = (
    Reason("unrecognised", Severity.ERROR, "不像任何一种已知号码"),
    Reason("scientific_notation", Severity.ERROR, "被表格软件改成科学计数法, 原号码已丢失"),
    Reason("structure", Severity.ERROR, "根节点或段数不对"),
    Reason("length", Severity.ERROR, "长度不对"),
    Reason("charset", Severity.ERROR, "含有不允许的字符"),
    Reason("version", Severity.ERROR, "版本号不是 001-999"),
    Reason("date_impossible", Severity.ERROR, "出生日期不存在"),
    Reason("date_future", Severity.ERROR, "出生日期在未来"),
    Reason("checksum", Severity.ERROR, "校验码不符"),
    Reason("organisation_checksum", Severity.ERROR, "内含组织机构代码的校验码不符"),
    Reason("category_unknown", Severity.WARNING, "登记管理部门与机构类别组合不在代码表中"),
    Reason("area_unknown", Severity.WARNING, "行政区划代码从未启用"),
    Reason("area_historic", Severity.WARNING, "行政区划代码已停用"),
    Reason("century_ambiguous", Severity.WARNING, "15 位号码顺序码 996-999, 可能生于 18xx 年"),
    Reason("unchecked", Severity.WARNING, "该类号码没有校验码, 只能检查格式"),
    Reason("issuer_is_division", Severity.WARNING, "颁发机构写的是行政区划代码"),
)

REASONS = {reason.code: reason for reason in _REASONS}
ERROR_REASONS = frozenset(r.code for r in _REASONS if r.severity is Severity.ERROR)

RESIDENT_GRADES = (
    "length",
    "charset",
    "date_impossible",
    "date_future",
    "checksum",
    "area_unknown",
    "area_historic",
    OK,
)
