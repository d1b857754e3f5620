"""The kinds of organisations: how many there are, what they are called, how long they live.

Add a kind to ``KINDS``: the rest of the city follows. Keep out: bodies of government
(``government.py``), and what becomes of one organisation (``organisations.py``).

Category pairs are characters 1 and 2 of the credit code (GB 32100-2015 and its amendments). Counts
are per million residents; a city like this has some 360 villages and 60 communities per million.
"""

from dataclasses import dataclass

import duckdb

from sources.simulator.mixer import insert_rows, set_list
from sources.simulator.plan import CityPlan

INDUSTRIES = (
    "5211 5221 5241 5281 5171 5179 6210 6220 6110 5010 4710 4820 5430 2110 3011 1711 3311 6510 "
    "7211 7010 8010 8111 8321 0141 0321 1310 7320 5122 5291 6031"
)
_ELSEWHERE = "北京 上海 济南 青岛 杭州 深圳 南京 山东 江苏 浙江 广东"


@dataclass(frozen=True)
class Life:
    """How long organisations live.

    ``oldest_days`` bounds the age, ``age_power`` bends it (1.7: most are young, 0.4: most are old);
    ``is_founded``: the first representative founded it and was grown up; ``fate`` names the row of
    ``FATES``.
    """

    oldest_days: int = 11_800
    age_power: float = 1.7
    is_founded: bool = True
    fate: str = "market"


@dataclass(frozen=True)
class OrganisationKind:
    """One kind. ``pattern`` makes its name of {city}, {county}, {township}, {village}, {trade},
    {suffix} and {elsewhere}; {other} is the name of the organisation it belongs to.

    ``changes``: how many of a thousand have changed name, representative, address and capital
    before the base day; ``industry`` is fixed for kinds that do one thing.
    """

    code: str
    pair: str
    per_million: float
    pattern: str
    suffixes: str
    life: Life = Life()
    changes: tuple[int, int, int, int] = (40, 150, 80, 0)
    industry: str | None = None
    is_of_village: bool = False


def _young(years: float) -> Life:
    """Registered in the last years, by nobody in particular."""
    return Life(round(365 * years), 1.1, is_founded=False, fate="steady")


_OLD = Life(15_000, 0.4, is_founded=False, fate="steady")
_LTD = (
    "商贸有限公司 建材有限公司 物流有限公司 食品有限公司 科技有限公司 机械有限公司 木业有限公司 "
    "建筑工程有限公司 农业发展有限公司 电子商务有限公司 房地产开发有限公司 化工有限公司 "
    "医药有限公司 劳务有限公司 股份有限公司"
)
_HEADS = "集团有限公司 控股有限公司 连锁有限公司 快递有限公司 银行股份有限公司"
_SHOPS = "超市 饭店 五金店 服装店 早餐店 理发店 汽修部 建材经营部 水果店 诊所 烟酒店 面馆"
_FARMS = "种植专业合作社 养殖专业合作社 果蔬专业合作社 农机专业合作社"
_GROUPS = "第一村民小组经济合作社 第二村民小组经济合作社 第三村民小组经济合作社"
_PLACE = "{county}{township}"
KINDS: tuple[OrganisationKind, ...] = (
    OrganisationKind("enterprise", "91", 33_400, "{city}{trade}{suffix}", _LTD,
                     changes=(120, 160, 180, 120)),
    OrganisationKind("outside", "91", 250, "{elsewhere}{trade}{suffix}", _HEADS,
                     changes=(0, 0, 0, 0)),
    OrganisationKind("branch", "91", 2_600, "{other}{suffix}",
                     "临沂分公司 兰山分公司 沂水分公司 第一分公司 河东营业部", Life(6_000),
                     changes=(0, 250, 120, 0)),
    OrganisationKind("individual", "92", 82_000, "{county}{trade}{suffix}", _SHOPS,
                     Life(6_200, fate="individual"), changes=(20, 20, 50, 0)),
    OrganisationKind("cooperative", "93", 3_600, "{city}{trade}{suffix}", _FARMS,
                     changes=(30, 60, 60, 60)),
    OrganisationKind("private_unit", "52", 4_200, "{city}{trade}{suffix}",
                     "幼儿园 职业培训学校 社会工作服务中心 养老服务中心"),
    OrganisationKind("association", "51", 3_400, "{city}{trade}{suffix}",
                     "商会 行业协会 志愿者协会 书法家协会 体育协会"),
    OrganisationKind("foundation", "53", 400, "{city}{trade}{suffix}", "慈善基金会 教育基金会"),
    OrganisationKind("village_committee", "54", 360, "临沂市" + _PLACE + "{village}{suffix}",
                     "村民委员会", _OLD, (0, 550, 60, 0), "9610", is_of_village=True),
    OrganisationKind("resident_committee", "55", 60, "临沂市" + _PLACE + "{trade}{suffix}",
                     "社区居民委员会", _OLD, (20, 550, 100, 0), "9610"),
    OrganisationKind("village_collective", "N2", 360, "临沂市" + _PLACE + "{village}{suffix}",
                     "股份经济合作社", _young(9), (0, 400, 40, 0), "0111", is_of_village=True),
    OrganisationKind("township_collective", "N3", 14, _PLACE + "{suffix}", "经济联合总社",
                     _young(8), (0, 300, 0, 0), "0111", is_of_village=True),
    OrganisationKind("group_collective", "N1", 90, _PLACE + "{village}{suffix}", _GROUPS,
                     _young(7), (0, 200, 0, 0), "0111", is_of_village=True),
    OrganisationKind("school", "12", 250, _PLACE + "{trade}{suffix}",
                     "中心小学 小学 小学 初级中学 中学 中心幼儿园", _OLD, (60, 600, 90, 0), "8321"),
    OrganisationKind("hospital", "12", 42, _PLACE + "{trade}{suffix}",
                     "卫生院 卫生院 人民医院 中医医院 妇幼保健院", _OLD, (60, 600, 60, 0), "8411"),
    OrganisationKind("institution", "12", 190, "{county}{trade}{suffix}",
                     "服务中心 事业发展中心 检验检测中心 文化馆 图书馆 水利站", _OLD,
                     (160, 600, 120, 0), "9221"),
    OrganisationKind("union", "81", 900, "{other}{suffix}", "工会委员会", _young(14),
                     (0, 300, 20, 0), "9520"),
    OrganisationKind("informal_union", "82", 12, _PLACE + "{suffix}", "工会联合会", _young(8),
                     (0, 300, 0, 0), "9520"),
    OrganisationKind("religious_site", "71", 60, _PLACE + "{village}{suffix}",
                     "基督教堂 基督教聚会点 清真寺 天主教堂 观音寺 道观", _OLD, (20, 300, 10, 0),
                     "9542"),
    OrganisationKind("law_firm", "31", 26, "山东{trade}{suffix}", "律师事务所", Life(9_000),
                     (60, 250, 200, 0), "7231"),
    OrganisationKind("notary", "32", 2, "山东省临沂市{county}{suffix}", "公证处", _OLD,
                     (0, 500, 0, 0), "7233"),
    OrganisationKind("legal_service_office", "33", 12, _PLACE + "{suffix}", "法律服务所", _OLD,
                     (0, 400, 50, 0), "7232"),
    OrganisationKind("forensic_office", "34", 3, "山东{trade}{suffix}", "司法鉴定中心",
                     Life(6_000), (60, 300, 90, 0), "7239"),
    OrganisationKind("mediation", "36", 1, "临沂{trade}{suffix}", "商事调解中心", Life(1_500),
                     industry="7239"),
    OrganisationKind("owners_meeting", "J1", 8, "{county}{trade}{suffix}", "小区业主大会",
                     Life(1_500), (0, 200, 0, 0), "9529"),
    OrganisationKind("foreign_office", "G1", 0.3, "{elsewhere}{trade}{suffix}",
                     "基金会(香港)临沂代表处", Life(2_500), industry="9522"),
    OrganisationKind("overseas_federation", "Q1", 1, "{county}{suffix}", "归国华侨联合会", _OLD,
                     (0, 300, 0, 0), "9490"),
    OrganisationKind("military_employer", "A1", 0.5, "{city}{trade}{suffix}", "服务保障中心",
                     _young(8), (0, 0, 0, 0), "9430"),
    OrganisationKind("other", "Y1", 2, _PLACE + "{trade}{suffix}", "管理委员会", _young(11),
                     (0, 200, 0, 0), "9221"),
)  # fmt: skip
# Thousandths of: always normal, once abnormal and restored, abnormal, revoked, cancelled; the rest
# was revoked and later cancelled.
FATES = {
    "market": (760, 790, 825, 870, 985),
    "individual": (680, 690, 705, 715, 988),
    "steady": (960, 960, 960, 960, 1000),
}
# Newly founded after the base day: per million residents a day, in this order of kinds.
FOUNDED_PER_MILLION_A_DAY = 33
_FOUNDED_KINDS = (
    "individual individual enterprise individual individual enterprise individual cooperative "
    "enterprise individual"
)


def create_kinds(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> int:
    """Create ``organisation_kind``; return how many organisations of these kinds there are on the
    base day. Their ids are 0 to that number.
    """
    set_list(connection, "industry", INDUSTRIES.split())
    set_list(connection, "elsewhere", _ELSEWHERE.split())
    connection.execute(
        "create or replace temp table organisation_kind (kind_no integer, kind varchar,"
        " pair varchar, first bigint, size bigint, oldest_days integer, age_power double,"
        " is_founded boolean, until_normal integer, until_restored integer,"
        " until_abnormal integer, until_revoked integer, until_cancelled integer,"
        " name_changes integer, officer_changes integer, address_changes integer,"
        " capital_changes integer, industry varchar, is_of_village boolean, pattern varchar,"
        " suffixes varchar[])"
    )
    rows: list[tuple[object, ...]] = []
    first = 0
    for number, kind in enumerate(KINDS):
        size = max(1, round(plan.residents * kind.per_million / 1_000_000))
        rows.append(
            (number, kind.code, kind.pair, first, size, kind.life.oldest_days,
             repr(kind.life.age_power), kind.life.is_founded, *FATES[kind.life.fate],
             *kind.changes, kind.industry, kind.is_of_village, kind.pattern,
             kind.suffixes.split())
        )  # fmt: skip
        first += size
    insert_rows(connection, "organisation_kind", rows)
    founded = [next(n for n, kind in enumerate(KINDS) if kind.code == code)
               for code in _FOUNDED_KINDS.split()]  # fmt: skip
    set_list(connection, "founded_kind", founded)
    return first


def first_and_size(connection: duckdb.DuckDBPyConnection, kind: str) -> tuple[int, int]:
    """The first id and the number of organisations of a kind on the base day."""
    row = connection.execute(
        "select first, size from organisation_kind where kind = ?", [kind]
    ).fetchone()
    assert row is not None  # noqa: S101 - every kind has a row
    return int(row[0]), int(row[1])
