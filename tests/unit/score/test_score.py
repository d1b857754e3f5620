"""The score counts what is right as right and finds each kind of miss."""

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from citybase.errors import WarehouseError
from citybase.score import Figure, Score, score
from tests.unit.score.conftest import AS_OF

pytestmark = pytest.mark.unit

Library = duckdb.DuckDBPyConnection

_TOTALS = {
    ("population", "person_key"): 6,
    ("population", "name"): 3,
    ("population", "sex"): 3,
    ("population", "birth_date"): 3,
    ("population", "address"): 3,
    ("legal_entity", "entity_key"): 3,
    ("licence", "holder"): 8,
    ("licence", "computed_state"): 7,
}


def _rights(found: Score) -> dict[tuple[str, str], int]:
    return {(figure.library, figure.code): figure.right for figure in found.figures}


def test_a_right_library_is_right_about_everything(library: Library, truth: Path) -> None:
    found = score(library, truth, AS_OF)
    assert {(f.library, f.code): f.total for f in found.figures} == _TOTALS
    assert _rights(found) == _TOTALS
    assert found.met
    assert all(figure.examples == () for figure in found.figures)


def test_the_truth_is_let_go_and_may_be_scored_again(library: Library, truth: Path) -> None:
    assert score(library, truth, AS_OF) == score(library, truth, AS_OF)
    assert "city_truth" not in {
        name
        for (name,) in library.execute("select database_name from duckdb_databases()").fetchall()
    }


@pytest.mark.parametrize(
    ("damage", "losses"),
    [
        pytest.param(
            "update population.link_person_source set person_key = 101 where source_key = 'R2'",
            # the record and its person's other one, and all of the person whose key it took
            {("population", "person_key"): 5},
            id="a record under another person's key",
        ),
        pytest.param(
            "update population.link_person_source set person_key = 109 where source_key = 'H1';"
            " insert into population.entity_person values"
            " (109, '王建国', '1', date '1968-07-12', '甲路1号')",
            {("population", "person_key"): 3},
            id="a person split over two keys",
        ),
        pytest.param(
            "delete from population.link_person_source where source_key = 'H1'",
            {("population", "person_key"): 1},
            id="a record in no person",
        ),
        pytest.param(
            "update population.entity_person set name = '王建軍' where person_key = 101",
            {("population", "name"): 1},
            id="a wrong name",
        ),
        pytest.param(
            "update population.entity_person set name = null where person_key = 101",
            {("population", "name"): 1},
            id="no name",
        ),
        pytest.param(
            "update population.entity_person set sex_code = '2' where person_key = 101",
            {("population", "sex"): 1},
            id="a wrong sex",
        ),
        pytest.param(
            "update population.entity_person set birth_date = date '1968-12-07'"
            " where person_key = 101",
            {("population", "birth_date"): 1},
            id="day and month swapped",
        ),
        pytest.param(
            "update population.entity_person set address = '丙路3号'",
            {("population", "address"): 3},
            id="stale addresses",
        ),
        pytest.param(
            "update legal_entity.link_entity_source set entity_key = 209 where source_key = 'U1'",
            {("legal_entity", "entity_key"): 2},
            id="an organisation split over two keys",
        ),
        pytest.param(
            "update licence.entity_licence set person_key = 102 where source_key = 'L1'",
            {("licence", "holder"): 1},
            id="another holder",
        ),
        pytest.param(
            "update licence.entity_licence set person_key = 101, entity_key = null"
            " where source_key = 'L6'",
            {("licence", "holder"): 1},
            id="a person for a company",
        ),
        pytest.param(
            "update licence.entity_licence set person_key = 102 where source_key = 'L8'",
            {("licence", "holder"): 1},
            id="a holder where the code names nobody",
        ),
        pytest.param(
            "delete from licence.entity_licence where source_key = 'L4'",
            {("licence", "holder"): 1, ("licence", "computed_state"): 1},
            id="a licence not in the library",
        ),
        *(
            pytest.param(
                f"update licence.entity_licence set computed_state_code = '{wrong}'"
                f" where source_key = '{key}'",
                {("licence", "computed_state"): 1},
                id=what,
            )
            for key, wrong, what in (
                ("L1", "05", "a valid licence called void"),
                ("L2", "01", "a superseded version called valid"),
                ("L3", "01", "a licence of the dead called valid"),
                ("L4", "01", "an expired licence called valid"),
                ("L5", "05", "a revoked licence called expired"),
                ("L6", "01", "a licence of tomorrow called valid"),
                ("L7", "01", "a licence of a cancelled company called valid"),
            )
        ),
    ],
)
def test_a_miss_is_found_and_nothing_else(
    library: Library, truth: Path, damage: str, losses: dict[tuple[str, str], int]
) -> None:
    library.execute(damage)
    found = score(library, truth, AS_OF)
    lost = {
        (figure.library, figure.code): figure.total - figure.right
        for figure in found.figures
        if figure.right < figure.total
    }
    assert lost == losses
    for figure in found.figures:
        assert bool(figure.examples) == (figure.right < figure.total)


def test_the_last_valid_day_is_valid(library: Library, truth: Path) -> None:
    """L4 runs out with 2025; the day after, the licence of tomorrow begins."""
    library.execute(
        "update licence.entity_licence set computed_state_code = '01' where source_key = 'L4'"
    )
    figure = score(library, truth, dt.date(2025, 12, 31)).figure("licence", "computed_state")
    assert figure.right == figure.total


def test_a_death_nobody_reported_cannot_be_known(library: Library, truth: Path) -> None:
    with duckdb.connect(str(truth)) as connection:
        connection.execute("update record set tells_death = false")
    figure = score(library, truth, AS_OF).figure("licence", "computed_state")
    assert (figure.right, figure.total) == (6, 6)


def test_the_number_of_another_is_in_no_denominator(library: Library, truth: Path) -> None:
    with duckdb.connect(str(truth)) as connection:
        connection.execute(
            "update licence set has_valid_holder = false, defects = 'number_of_another'"
            " where source_key = 'L1'"
        )
    found = score(library, truth, AS_OF)
    assert found.figure("licence", "holder").total == 7
    assert found.figure("licence", "computed_state").total == 6


def test_examples_are_masked_and_at_most_five(library: Library, truth: Path) -> None:
    library.execute("update population.entity_person set name = '赵' || person_key::varchar")
    library.execute("update population.link_person_source set person_key = null")
    library.execute(
        "update population.link_person_source set person_key = 101 where source_key = 'R1'"
    )
    found = score(library, truth, AS_OF)
    text = " ".join(example for figure in found.figures for example in figure.examples)
    assert text
    for secret in ("王建国", "372801196807120015", "1968-07-12", "赵101"):
        assert secret not in text
    assert all(len(figure.examples) <= 5 for figure in found.figures)


def test_a_figure_over_nothing_meets_no_goal() -> None:
    figure = Figure(library="population", code="name", right=0, total=0, goal=0.999)
    assert not figure.met


def test_json_has_the_agreed_keys(library: Library, truth: Path) -> None:
    found = json.loads(json.dumps(score(library, truth, AS_OF).as_json()))
    assert set(found) == {"population", "legal_entity", "licence"}
    assert found["licence"]["holder"] == {
        "right": 8,
        "total": 8,
        "share": 1.0,
        "goal": 0.999,
        "met": True,
    }


def test_a_real_city_has_no_truth(library: Library, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no truth"):
        score(library, tmp_path / "nowhere.duckdb", AS_OF)
