"""Government: the bodies of city and counties that issue licences or send data.

Creates the temporary table ``government``. Add bodies here. Keep out: what they have in common with
other organisations (``organisations.py``).
"""

import duckdb

from sources.registry import Registry
from sources.simulator.mixer import insert_rows
from sources.simulator.places import CITY_DIVISION, CITY_NAME, COUNTIES

# The bodies that issue licences; a city department of the registry takes its place.
_BODIES: tuple[tuple[str, str, str], ...] = (
    ("public_security", "公安局", "11"),
    ("civil_affairs", "民政局", "11"),
    ("market_regulation", "市场监督管理局", "11"),
    ("administrative_approval", "行政审批服务局", "11"),
    ("natural_resources", "自然资源和规划局", "11"),
    ("health_commission", "卫生健康局", "11"),
    ("human_resources", "人力资源和社会保障局", "11"),
    ("transport", "交通运输局", "11"),
    ("disabled_federation", "残疾人联合会", "13"),
    ("people_hospital", "人民医院", "12"),
)


def create_government(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """``government``: one row per body of city and counties, with its 17 leading credit characters.

    Departments of the registry keep the code the registry gives them.
    """
    connection.execute(
        "create or replace temp table government (body_no integer, function_code varchar,"
        " county_no integer, division varchar, name varchar, pair varchar, uscc varchar,"
        " body varchar)"
    )
    known = {s.department.code: s.department for s in registry.systems if s.level == "city"}
    taken = {department.uscc[8:16] for department in known.values()}
    free = (f"{n:08d}" for n in range(435000, 439999) if f"{n:08d}" not in taken)
    rows: list[tuple[int, str, int | None, str, str, str, str | None, str]] = []
    city_bodies = {code: (name, pair) for code, name, pair in _BODIES}
    for department in known.values():
        city_bodies.setdefault(department.code, (department.name, department.uscc[:2]))
    for code, (short, pair) in city_bodies.items():
        mine = known.get(code)
        rows.append(
            (
                len(rows),
                code,
                None,
                CITY_DIVISION,
                mine.name if mine else CITY_NAME + short,
                mine.uscc[:2] if mine else pair,
                mine.uscc if mine else None,
                mine.uscc[8:16] if mine else next(free),
            )
        )
    for number, county in enumerate(COUNTIES):
        for code, short, pair in _BODIES:
            name = county.name + short
            if code == "public_security" and county.name.endswith("区"):
                name = f"{CITY_NAME}公安局{county.name.removesuffix('区')}分局"
            rows.append((len(rows), code, number, county.code, name, pair, None, next(free)))
    insert_rows(connection, "government", rows)
