"""Whatever is edited, landed, compacted and bound in whatever order, and built in whatever parts,
some of them failing: the next whole build ends equal to a full refresh.

Three sources: a stream with its deletes and truncations, a table read whole and one compared by
hashes; a model with two rows per row of the source, one of a shape, a library behind them. Keep
out: what one delta writes (`test_apply_changes.py`).
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.capture.build_house import GRIDS, MODELS, Build, BuildHouse
from tests.integration.capture.stream_house import CHANGES, Change

pytestmark = pytest.mark.integration

GRID_ROWS = st.dictionaries(st.integers(1, 6), st.sampled_from(["甲", "乙", "丙"]), max_size=5)
BUILDS = st.builds(
    Build,
    models=st.sampled_from(
        [(model,) for model in MODELS] + [("+lib_t",), ("stg_household_register__t+",), ()]
    ),
    broken=st.sampled_from((None, None, *MODELS)),
)
ACTS = st.lists(
    st.one_of(
        CHANGES,
        st.tuples(st.sampled_from(GRIDS), GRID_ROWS),
        st.sampled_from(["empty", "compact", "bind", "next_day", "other_seed"]),
        BUILDS,
        BUILDS,
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=10,
    deadline=None,
    # A sequence takes seconds: it is told as it was found.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_any_sequence_of_builds_ends_equal_to_a_full_build(
    acts: list[list[Change] | tuple[str, dict[int, str]] | str | Build],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with BuildHouse(tmp_path_factory.mktemp("partial_builds")).opened() as house:
        for act in acts:
            match act:
                case Build():
                    house.build(act)
                case (str() as grid, rows):
                    house.rewrite(grid, rows)
                case "empty":
                    house.stream.empty()
                case "compact":
                    house.compact()
                case "bind":
                    house.bind()
                case "next_day":
                    house.day += 1
                case "other_seed":
                    house.write_seed()
                case list():
                    house.stream.change(act)
        house.bind()
        house.build(Build())
        built = house.tables()
        house.build(Build(full_refresh=True))
        assert built == house.tables()
        assert house.staged() == house.expected(), "and that is what the sources hold"
