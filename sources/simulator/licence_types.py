"""The types of licences: who defines, issues, registers and holds them, and for how long.

Add types to ``_TYPES`` and systems to ``SYSTEMS``. The identifiers' grammar is GB/T 36904-2018. The
authorities' codes are well formed; which serial of an authority means which licence is invented.
"""

from dataclasses import dataclass

import duckdb

from sources.simulator.government import REFORM_DAYS
from sources.simulator.mixer import insert_rows


@dataclass(frozen=True)
class LicenceSystem:
    """One system of the shape ``e_licence``: what separates the holders of a joint licence in it,
    and whether it holds dates and times as text.
    """

    code: str
    separator: str
    prefix: str
    is_text: bool = True


SYSTEMS = (
    LicenceSystem("security_licence", "、", "GA", is_text=False),
    LicenceSystem("land_licence", ",", "BD", is_text=False),
    LicenceSystem("licence_issuing", ";", "ZZ", is_text=False),
    LicenceSystem("market_licence", ";", "SJ", is_text=False),
    LicenceSystem("civil_licence", "、", "MZ"),
    LicenceSystem("health_licence", ",", "WJ"),
    LicenceSystem("labour_licence", ",", "RS"),
    LicenceSystem("transport_licence", ",", "JT"),
    LicenceSystem("education_licence", ",", "JY"),
    LicenceSystem("agriculture_licence", ";", "NY"),
    LicenceSystem("construction_licence", "/", "ZJ"),
    LicenceSystem("disability_licence", ",", "CL"),
)


@dataclass(frozen=True)
class LicenceType:
    """One type: who defines and issues it, who holds it, how long it lasts.

    ``per_million`` of the eligible hold it; ``years`` 0 means without end; ages in years bound the
    holders who are people; ``style`` is the form of the serial: so many digits, ``letters`` or
    ``hex``. ``former`` is the body that issued it before the reform of 2019; ``moves``: it can be
    transferred in from another city.
    """

    number: int
    system: str
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
    former: str | None = None
    moves: bool = False


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
_EDUCATION = "1110000000001332"
_FARMING = "11100000MB017821"
_WATER = "1110000000001396"
_TYPES = (
    LicenceType(1, "security_licence", _SECURITY, "001", "中华人民共和国居民身份证",
                "public_security", "county", "resident", 960_000, 10, "15", (16, 120)),
    LicenceType(2, "security_licence", _SECURITY, "032", "中华人民共和国机动车驾驶证",
                "public_security", "city", "person", 400_000, 6, "12", (18, 70), moves=True),
    LicenceType(9, "security_licence", _SECURITY, "011", "居民户口簿",
                "public_security", "county", "household", 300_000, 0, "12"),
    LicenceType(10, "security_licence", _SECURITY, "033", "中华人民共和国机动车行驶证",
                "public_security", "city", "person", 160_000, 0, "12", (18, 75), moves=True),
    LicenceType(11, "security_licence", _SECURITY, "051", "中华人民共和国居住证",
                "public_security", "county", "migrant", 450_000, 1, "12", (16, 70)),
    LicenceType(30, "security_licence", _SECURITY, "061", "特种行业许可证",
                "public_security", "county", "individual", 20_000, 0, "9"),
    LicenceType(3, "civil_licence", _CIVIL, "002", "结婚证", "civil_affairs", "county",
                "married", 480_000, 0, "15"),
    LicenceType(12, "civil_licence", _CIVIL, "003", "离婚证", "civil_affairs", "county",
                "divorced", 800_000, 0, "15"),
    LicenceType(22, "civil_licence", _CIVIL, "011", "社会组织法人登记证书", "civil_affairs",
                "county", "social", 950_000, 5, "9"),
    LicenceType(31, "civil_licence", _CIVIL, "021",
                "基层群众性自治组织特别法人统一社会信用代码证书",
                "civil_affairs", "county", "grassroots", 980_000, 5, "9"),
    LicenceType(4, "land_licence", _LAND, "001", "不动产权证书", "natural_resources", "county",
                "owners", 560_000, 0, "9", former="former_land"),
    LicenceType(14, "land_licence", _LAND, "022", "不动产登记证明", "natural_resources", "county",
                "mortgage", 160_000, 0, "9", former="former_land"),
    LicenceType(5, "health_licence", _HEALTH, "011", "从业人员健康证明", "health_commission",
                "county", "person", 90_000, 1, "12", (18, 60), "former_health"),
    LicenceType(15, "health_licence", _HEALTH, "005", "中华人民共和国医师执业证书",
                "health_commission", "city", "person", 4_000, 0, "15", (24, 70), "former_health",
                moves=True),
    LicenceType(16, "health_licence", _HEALTH, "006", "中华人民共和国护士执业证书",
                "health_commission", "city", "person", 6_000, 5, "12", (21, 60), "former_health",
                moves=True),
    LicenceType(24, "health_licence", _HEALTH, "002", "公共场所卫生许可证", "health_commission",
                "county", "individual", 220_000, 4, "12", former="former_health"),
    LicenceType(32, "health_licence", _HEALTH, "001", "医疗机构执业许可证", "health_commission",
                "county", "clinic", 900_000, 5, "hex", former="former_health"),
    LicenceType(6, "labour_licence", _LABOUR, "003", "社会保障卡", "human_resources", "city",
                "person", 420_000, 10, "letters", (16, 110)),
    LicenceType(8, "labour_licence", _LABOUR, "021", "专业技术资格证书", "human_resources", "city",
                "person", 60_000, 0, "hex", (23, 65)),
    LicenceType(17, "labour_licence", _LABOUR, "022", "职业技能等级证书", "human_resources",
                "city", "person", 80_000, 0, "letters", (18, 60)),
    LicenceType(33, "labour_licence", _LABOUR, "005", "人力资源服务许可证", "human_resources",
                "city", "enterprise", 20_000, 5, "12"),
    LicenceType(23, "transport_licence", _TRANSPORT, "004", "道路运输经营许可证", "transport",
                "county", "enterprise", 200_000, 4, "12"),
    LicenceType(18, "transport_licence", _TRANSPORT, "006", "道路运输从业人员从业资格证",
                "transport", "city", "person", 30_000, 6, "12", (21, 62), moves=True),
    LicenceType(34, "transport_licence", _TRANSPORT, "005", "道路运输证", "transport", "county",
                "enterprise", 240_000, 3, "12"),
    LicenceType(19, "education_licence", _EDUCATION, "001", "教师资格证书", "education", "city",
                "person", 25_000, 0, "15", (22, 65)),
    LicenceType(35, "education_licence", _EDUCATION, "005", "民办学校办学许可证", "education",
                "county", "private_school", 900_000, 4, "12"),
    LicenceType(26, "agriculture_licence", _FARMING, "001", "农村土地承包经营权证",
                "agriculture_rural", "county", "farmers", 260_000, 0, "12",
                former="former_agriculture"),
    LicenceType(27, "agriculture_licence", _FARMING, "005", "动物防疫条件合格证",
                "agriculture_rural", "county", "farm", 250_000, 0, "9",
                former="former_agriculture"),
    LicenceType(36, "agriculture_licence", _FARMING, "006", "农药经营许可证",
                "agriculture_rural", "county", "individual", 15_000, 5, "12",
                former="former_agriculture"),
    LicenceType(37, "agriculture_licence", _FARMING, "011", "农村集体经济组织登记证",
                "agriculture_rural", "county", "collective", 990_000, 0, "9"),
    LicenceType(25, "construction_licence", _BUILDING, "007", "建筑业企业资质证书",
                "housing_construction", "city", "enterprise", 90_000, 5, "hex"),
    LicenceType(28, "construction_licence", _BUILDING, "009", "商品房预售许可证",
                "housing_construction", "county", "estate", 500_000, 0, "9"),
    LicenceType(38, "construction_licence", _BUILDING, "008", "安全生产许可证",
                "housing_construction", "city", "enterprise", 70_000, 3, "12"),
    LicenceType(20, "licence_issuing", _MARKET, "001", "营业执照", "administrative_approval",
                "county", "market", 900_000, 0, "15", former="former_industry_commerce"),
    LicenceType(43, "licence_issuing", _LABOUR, "006", "劳务派遣经营许可证",
                "administrative_approval", "county", "enterprise", 20_000, 3, "12"),
    LicenceType(44, "licence_issuing", _WATER, "001", "取水许可证", "administrative_approval",
                "county", "enterprise", 25_000, 5, "9"),
    LicenceType(21, "market_licence", _MARKET, "006", "食品经营许可证", "market_regulation",
                "county", "market", 480_000, 5, "letters", former="former_food_drug"),
    LicenceType(40, "market_licence", _MARKET, "007", "食品生产许可证", "market_regulation",
                "city", "enterprise", 60_000, 5, "12", former="former_food_drug"),
    LicenceType(41, "market_licence", _MARKET, "011", "药品经营许可证", "market_regulation",
                "county", "enterprise", 50_000, 5, "letters", former="former_food_drug"),
    LicenceType(42, "market_licence", _MARKET, "021", "特种设备使用登记证", "market_regulation",
                "county", "enterprise", 90_000, 0, "12", former="former_quality"),
    LicenceType(29, "market_licence", _MARKET, "022", "特种设备作业人员证", "market_regulation",
                "city", "person", 20_000, 4, "15", (18, 60), "former_quality"),
    LicenceType(7, "disability_licence", _DISABLED, "001", "残疾人证", "disabled_federation",
                "county", "person", 30_000, 10, "15", (8, 100)),
)  # fmt: skip
# Of a million eligible who hold none, so many of the share who do get one on a day.
_NEW_A_DAY = 8_000


def create_licence_types(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary table ``licence_type``. Needs the number macros."""
    connection.execute(
        "create or replace temp table licence_type_given (type_no integer, system_code varchar,"
        " stem varchar, serial varchar, licence_name varchar, function_code varchar,"
        " former_code varchar, is_city_level boolean, reform_date date, holders varchar,"
        " per_million integer, daily integer, years integer, style varchar, youngest integer,"
        " oldest integer, moves boolean, separator varchar, record_prefix varchar)"
    )
    systems = {system.code: system for system in SYSTEMS}
    insert_rows(connection, "licence_type_given", [
            (t.number, t.system, t.authority, t.serial, t.name, t.issuer, t.former,
             t.level == "city", REFORM_DAYS[t.level != "city"], t.holders, t.per_million,
             max(1, t.per_million * _NEW_A_DAY // 100_000_000), t.years, t.style, *t.ages, t.moves,
             systems[t.system].separator, systems[t.system].prefix)
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
