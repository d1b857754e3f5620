"""Government: the bodies of city, counties and townships, and those that reforms abolished.

Creates the temporary table ``government``. Add bodies and reforms here. Keep out: what they have in
common with other organisations (``organisations.py``).

The reform is the one of 2018 (国发〔2018〕6号 as cities carried it out in early 2019): bureaus were
abolished, their successors took over their files, and old licences still name them.
"""

import datetime as dt
from dataclasses import dataclass

import duckdb

from sources.registry import Registry
from sources.simulator.mixer import insert_rows
from sources.simulator.places import CITY_DIVISION, CITY_NAME, COUNTIES

# The bodies every county has; a department of the registry takes its place.
_BODIES: tuple[tuple[str, str, str], ...] = (
    ("public_security", "公安局", "11"),
    ("civil_affairs", "民政局", "11"),
    ("market_regulation", "市场监督管理局", "11"),
    ("administrative_approval", "行政审批服务局", "11"),
    ("natural_resources", "自然资源和规划局", "11"),
    ("health_commission", "卫生健康局", "11"),
    ("human_resources", "人力资源和社会保障局", "11"),
    ("transport", "交通运输局", "11"),
    ("agriculture_rural", "农业农村局", "11"),
    ("education", "教育和体育局", "11"),
    ("housing_construction", "住房和城乡建设局", "11"),
    ("finance", "财政局", "11"),
    ("emergency_management", "应急管理局", "11"),
    ("big_data", "大数据局", "11"),
    ("disabled_federation", "残疾人联合会", "13"),
    ("trade_unions", "总工会", "13"),
)


@dataclass(frozen=True)
class FormerBody:
    """A body that was abolished: who succeeded it."""

    function_code: str
    name: str
    successor: str


FORMER_BODIES = (
    FormerBody("former_industry_commerce", "工商行政管理局", "market_regulation"),
    FormerBody("former_food_drug", "食品药品监督管理局", "market_regulation"),
    FormerBody("former_quality", "质量技术监督局", "market_regulation"),
    FormerBody("former_land", "国土资源局", "natural_resources"),
    FormerBody("former_health", "卫生和计划生育委员会", "health_commission"),
    FormerBody("former_agriculture", "农业局", "agriculture_rural"),
    FormerBody("former_safety", "安全生产监督管理局", "emergency_management"),
)
_FOUNDED = dt.date(1994, 12, 17)
# City and counties: the day the old bodies ended and their successors began.
REFORM_DAYS = (dt.date(2019, 1, 18), dt.date(2019, 3, 20))


@dataclass(frozen=True)
class _Body:
    function_code: str
    county_no: int | None
    division: str
    name: str
    pair: str
    uscc: str | None
    body: str
    founded: dt.date
    ended: dt.date | None = None
    successor: str | None = None


def create_government(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """``government``: one row per body of city, counties and townships, with the 8 characters its
    codes are made of.

    Departments of the registry keep the code the registry gives them.
    """
    departments = {system.department.code: system.department for system in registry.systems}
    counties = {
        system.county: system.department for system in registry.systems if system.county is not None
    }
    taken = {department.uscc[8:16] for department in departments.values()}
    free = (f"{n:08d}" for n in range(435000, 449999) if f"{n:08d}" not in taken)
    city = {
        code: (department.name, department.uscc)
        for code, department in departments.items()
        if department not in counties.values()
    }
    for code, short, _ in _BODIES:
        city.setdefault(code, (CITY_NAME + short, ""))
    pairs = {code: pair for code, _, pair in _BODIES}
    bodies = [
        _Body(
            code,
            None,
            CITY_DIVISION,
            name,
            uscc[:2] or pairs[code],
            uscc or None,
            uscc[8:16] or next(free),
            _founded(code, 0),
        )
        for code, (name, uscc) in city.items()
    ]
    bodies += [
        _Body(former.function_code, None, CITY_DIVISION, CITY_NAME + former.name, "11", None,
              next(free), _FOUNDED, REFORM_DAYS[0], former.successor)
        for former in FORMER_BODIES
    ]  # fmt: skip
    for number, county in enumerate(COUNTIES):
        own = counties.get(county.code)
        for code, short, pair in _BODIES:
            name = county.name + short
            if code == "public_security" and county.name.endswith("区"):
                name = f"{CITY_NAME}公安局{county.name.removesuffix('区')}分局"
            mine = own if code == "big_data" else None
            bodies.append(
                _Body(
                    code,
                    number,
                    county.code,
                    mine.name if mine else name,
                    mine.uscc[:2] if mine else pair,
                    mine.uscc if mine else None,
                    mine.uscc[8:16] if mine else next(free),
                    _founded(code, 1),
                )
            )
        bodies += [
            _Body(former.function_code, number, county.code, county.name + former.name, "11", None,
                  next(free), _FOUNDED, REFORM_DAYS[1], former.successor)
            for former in FORMER_BODIES
        ]  # fmt: skip
        bodies += [
            _Body("township", number, county.code, CITY_NAME + county.name + township
                  + ("办事处" if township.endswith("街道") else "人民政府"), "11", None,
                  next(free), _FOUNDED)
            for township in county.townships.split()
        ]  # fmt: skip
    _insert(connection, bodies)


def _founded(function_code: str, level: int) -> dt.date:
    is_new = function_code in {former.successor for former in FORMER_BODIES} | {
        "administrative_approval",
        "big_data",
    }
    return REFORM_DAYS[level] if is_new else _FOUNDED


def _insert(connection: duckdb.DuckDBPyConnection, bodies: list[_Body]) -> None:
    numbers = {
        (body.function_code, body.county_no): number
        for number, body in enumerate(bodies)
        if body.function_code != "township"
    }
    connection.execute(
        "create or replace temp table government (body_no integer, function_code varchar,"
        " county_no integer, division varchar, name varchar, pair varchar, uscc varchar,"
        " body varchar, established_date date, ended_date date, successor_body_no integer,"
        " supervisor_body_no integer)"
    )
    insert_rows(connection, "government", [
            (
                number,
                body.function_code,
                body.county_no,
                body.division,
                body.name,
                body.pair,
                body.uscc,
                body.body,
                body.founded,
                body.ended,
                numbers[body.successor, body.county_no] if body.successor else None,
                # a county body answers to its counterpart in the city
                None if body.county_no is None else numbers.get((body.function_code, None)),
            )
            for number, body in enumerate(bodies)
        ],
    )  # fmt: skip
