"""Equal plans make equal cities, however many threads make them."""

import datetime as dt

import pytest

from sources.registry import Registry
from sources.simulator.generate import TableContent, contents, generate
from sources.simulator.plan import CityError, CityPlan

pytestmark = pytest.mark.integration


def _contents(plan: CityPlan, registry: Registry, threads: int) -> dict[str, TableContent]:
    connection = generate(plan, registry, threads=threads)
    try:
        return {
            f"{content.system}.{content.table}": content
            for content in contents(connection, registry)
        }
    finally:
        connection.close()


def test_threads_do_not_matter(registry: Registry) -> None:
    plan = CityPlan(seed=3, scale=0.0005, elapsed_days=3)
    one = _contents(plan, registry, threads=1)
    assert len(one) == sum(1 for _ in registry.tables())
    assert one == _contents(plan, registry, threads=4)


@pytest.fixture(scope="module")
def small(registry: Registry) -> dict[str, TableContent]:
    return _contents(CityPlan(seed=3, scale=0.0001), registry, threads=1)


@pytest.mark.parametrize(
    "other",
    [
        CityPlan(seed=4, scale=0.0001),
        CityPlan(seed=3, scale=0.0001, today=dt.date(2025, 12, 30)),
    ],
)
def test_another_plan_is_another_city(
    registry: Registry, small: dict[str, TableContent], other: CityPlan
) -> None:
    """In every table that has more than some rows."""
    found = _contents(other, registry, threads=1)
    telling = [table for table, content in small.items() if content.rows > 100]
    assert len(telling) > 20
    assert all(small[table].content_hash != found[table].content_hash for table in telling)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"scale": 0.0},
        {"scale": 1.5},
        {"today": dt.date(1999, 1, 1)},
        {"elapsed_days": -1},
    ],
)
def test_a_plan_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CityError, match="out of range"):
        CityPlan(**wrong)  # type: ignore[arg-type]
