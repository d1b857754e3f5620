"""Equal plans make equal cities, however many threads make them."""

import datetime as dt

import pytest

from sources.registry import Registry
from sources.simulator.generate import contents, generate
from sources.simulator.plan import CityError, CityPlan

pytestmark = pytest.mark.unit


def _hashes(plan: CityPlan, registry: Registry, threads: int) -> dict[str, str]:
    connection = generate(plan, registry, threads=threads)
    try:
        return {
            f"{content.system}.{content.table}": content.content_hash
            for content in contents(connection, registry)
        }
    finally:
        connection.close()


def test_threads_do_not_matter(registry: Registry) -> None:
    plan = CityPlan(seed=3, scale=0.0005)
    one = _hashes(plan, registry, threads=1)
    assert len(one) == sum(1 for _ in registry.tables())
    assert one == _hashes(plan, registry, threads=4)


@pytest.mark.parametrize(
    "other",
    [
        CityPlan(seed=4, scale=0.0001),
        CityPlan(seed=3, scale=0.00011),
        CityPlan(seed=3, scale=0.0001, today=dt.date(2025, 12, 30)),
    ],
)
def test_another_plan_is_another_city(registry: Registry, other: CityPlan) -> None:
    one = _hashes(CityPlan(seed=3, scale=0.0001), registry, threads=1)
    assert all(one[table] != found for table, found in _hashes(other, registry, threads=1).items())


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"scale": 0.0}, {"scale": 1.5}, {"today": dt.date(1999, 1, 1)}],
)
def test_a_plan_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CityError, match="out of range"):
        CityPlan(**wrong)  # type: ignore[arg-type]
