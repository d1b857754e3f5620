"""The goals that the mission sets for a city's libraries. Keep out: what a figure counts."""

from citybase.score import Score

GOALS = {
    ("population", "person_key"): 0.999,
    ("population", "name"): 0.999,
    ("population", "sex"): 0.999,
    ("population", "birth_date"): 0.999,
    ("population", "address"): 0.96,
    ("legal_entity", "entity_key"): 0.999,
    ("licence", "holder"): 0.999,
    ("licence", "computed_state"): 1.0,
}


def assert_met(found: Score) -> None:
    figures = {(figure.library, figure.code): figure for figure in found.figures}
    assert figures.keys() >= GOALS.keys()
    for key, goal in GOALS.items():
        figure = figures[key]
        assert figure.total > 100, figure
        assert figure.right / figure.total >= goal, figure
    missed = [figure for figure in found.figures if figure.total and not figure.met]
    assert not missed
    assert not [defect for defect in found.defects if not defect.met]
