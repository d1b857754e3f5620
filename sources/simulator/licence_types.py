"""The types of licences: who defines, issues and holds them, and for how long.

Add types to ``_TYPES``. The identifiers' grammar is GB/T 36904-2018. The authorities' codes are
well formed; which serial of an authority means which licence is invented.
"""

from dataclasses import dataclass

import duckdb

from sources.simulator.mixer import insert_rows


@dataclass(frozen=True)
class LicenceType:
    """One type: who defines and issues it, who holds it, how long it lasts.

    ``per_million`` of the eligible hold it; ``years`` 0 means without end; ages in years bound the
    holders who are people; ``style`` is the form of the serial: so many digits, ``letters`` or
    ``hex``.
    """

    number: int
    authority: str
    serial: str
    name: str
    issuer: str
    level: str
    holders: str
    per_million: int
    years: int
    style: str
    ages: tuple[int, int] = (0, 0)


# The first 16 characters of the authorities' codes; both check characters are computed.
_SECURITY = "1110000000001333"
_CIVIL = "1110000000001337"
_LAND = "11100000MB032716"
_MARKET = "11100000MB014302"
_HEALTH = "11100000MB016707"
_LABOUR = "1110000071780188"
_TRANSPORT = "1110000000001361"
_BUILDING = "1110000000001335"
_DISABLED = "1310000000001370"
_TYPES = (
    LicenceType(1, _SECURITY, "001", "中华人民共和国居民身份证", "public_security", "county",
                "resident", 960_000, 10, "15", (16, 120)),
    LicenceType(2, _SECURITY, "032", "中华人民共和国机动车驾驶证", "public_security", "city",
                "person", 450_000, 6, "12", (18, 70)),
    LicenceType(3, _CIVIL, "002", "结婚证", "civil_affairs", "county", "married", 620_000, 0, "15"),
    LicenceType(4, _LAND, "001", "不动产权证书", "natural_resources", "county",
                "person", 300_000, 0, "9", (22, 100)),
    LicenceType(5, _HEALTH, "011", "从业人员健康证明", "health_commission", "county",
                "person", 110_000, 1, "12", (18, 60)),
    LicenceType(6, _LABOUR, "003", "社会保障卡", "human_resources", "city",
                "person", 520_000, 10, "letters", (16, 110)),
    LicenceType(7, _DISABLED, "001", "残疾人证", "disabled_federation", "county",
                "person", 30_000, 10, "15", (8, 100)),
    LicenceType(8, _LABOUR, "021", "专业技术资格证书", "human_resources", "city",
                "person", 70_000, 0, "hex", (23, 65)),
    LicenceType(20, _MARKET, "001", "营业执照", "administrative_approval", "county",
                "market", 900_000, 0, "15"),
    LicenceType(21, _MARKET, "006", "食品经营许可证", "market_regulation", "county",
                "market", 620_000, 5, "letters"),
    LicenceType(22, _CIVIL, "011", "社会组织法人登记证书", "civil_affairs", "county",
                "social", 950_000, 5, "9"),
    LicenceType(23, _TRANSPORT, "004", "道路运输经营许可证", "transport", "county",
                "enterprise", 240_000, 4, "12"),
    LicenceType(24, _HEALTH, "002", "公共场所卫生许可证", "health_commission", "county",
                "individual", 360_000, 4, "12"),
    LicenceType(25, _BUILDING, "007", "建筑业企业资质证书", "administrative_approval", "city",
                "enterprise", 110_000, 5, "hex"),
)  # fmt: skip


def create_licence_types(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary table ``licence_type``. Needs the number macros."""
    connection.execute(
        "create or replace temp table licence_type_given (type_no integer, stem varchar,"
        " serial varchar, licence_name varchar, function_code varchar, is_city_level boolean,"
        " holders varchar, per_million integer, years integer, style varchar,"
        " youngest integer, oldest integer)"
    )
    insert_rows(connection, "licence_type_given", [
            (t.number, t.authority, t.serial, t.name, t.issuer, t.level == "city", t.holders,
             t.per_million, t.years, t.style, *t.ages)
            for t in _TYPES
        ],
    )  # fmt: skip
    connection.execute(
        """
        create or replace temp table licence_type as
        with bodies as (select *, substr(stem, 9) as body from licence_type_given),
        stems as (select *, left(stem, 8) || organisation_code(body) as whole_stem from bodies)
        select *, credit_code(whole_stem) || serial as licence_type_code from stems
        """
    )
