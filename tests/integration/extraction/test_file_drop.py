"""Mode ``file_drop``: whatever files come, again, late or corrected, the rows are those of the last
delivery by name that has their key, and history holds each change once.
"""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.settings import Settings
from citybase.store import open_store
from orchestration.assets.landing import build_landing_assets
from orchestration.resources import CitybaseHome
from sources import ledger
from sources.connectors import csv as csv_connector
from sources.connectors import transcribe
from sources.contract import System
from sources.modes import delivery, delivery_rows, file_drop
from sources.registry import Registry
from sources.relation import all_changes, current_rows
from tests.integration.extraction.extraction_house import CSV, House, make_system
from tests.integration.extraction.kill_house import start

pytestmark = pytest.mark.integration

COLUMNS = ["id bigint key", "name varchar", "amount decimal(12,2)"]
UTF8 = CSV | {"encoding": "utf-8"}
Row = tuple[int, str]


def drop(connection: Mapping[str, str], ending: str) -> System:
    system = make_system(dict(connection), {f"t=名单_*{ending}": COLUMNS}, code="register")
    tables = [table.model_copy(update={"mode": "file_drop"}) for table in system.tables]
    return system.model_copy(update={"tables": tables})


def written(rows: Sequence[tuple[object, ...]]) -> str:
    return "".join(f"{','.join(map(str, row))}\n" for row in [("id", "name", "amount"), *rows])


@dataclass
class Place:
    """A drop folder of CSV files and the system that reads it."""

    house: House
    system: System
    folder: Path

    def deliver(self, month: object, *rows: tuple[object, ...]) -> None:
        (self.folder / f"名单_{month}.csv").write_text(written(rows), encoding="utf-8")

    def names(self) -> dict[object, object]:
        rows = self.house.rows(self.system, "t", current_rows)
        assert len({row["id"] for row in rows}) == len(rows)
        return {row["id"]: row["name"] for row in rows}

    def extracted(self) -> dict[object, object]:
        result = self.house.extract(self.system)
        assert result.failures == ()
        return self.names()

    def history(self) -> list[tuple[object, ...]]:
        rows = self.house.rows(self.system, "t", all_changes)
        return [(row["_op"], row["id"], row["name"]) for row in rows]

    def noted(self, name: str) -> str:
        return self.house.last(self.system, "t").position[name]

    def kept(self) -> list[str]:
        folder = self.house.settings.landing / self.system.system / "t" / "state"
        return sorted(file.name for file in folder.iterdir())


def placed(house: House, folder: Path) -> Place:
    folder.mkdir()
    system = drop(UTF8, ".csv")
    house.locate(system, folder)
    return Place(house, system, folder)


@pytest.fixture
def place(house: House, tmp_path: Path) -> Place:
    return placed(house, tmp_path / "drop")


def test_every_delivery_adds_and_replaces_keys(place: Place) -> None:
    place.deliver("01", (1, "甲", 1), (2, "乙", 1))
    place.deliver("02", (2, "丙", 1), (3, "丁", 1))
    assert place.extracted() == {1: "甲", 2: "丙", 3: "丁"}
    place.deliver("03", (1, "戊", 1))
    assert place.extracted() == {1: "戊", 2: "丙", 3: "丁"}
    assert place.house.last(place.system, "t").rows_held == 3
    assert place.history() == [("r", 1, "甲"), ("r", 2, "丙"), ("r", 3, "丁"), ("u", 1, "戊")]


def test_a_late_delivery_lands_what_no_later_one_says(place: Place) -> None:
    place.deliver("03", (1, "三", 1))
    place.extracted()
    place.deliver("02", (1, "二", 1), (2, "二", 1))
    assert place.extracted() == {1: "三", 2: "二"}
    assert place.history()[1:] == [("c", 2, "二")]
    batch = place.house.last(place.system, "t")
    assert (batch.rows_read, batch.rows_unchanged) == (1, 1)


def test_a_correction_takes_back_what_its_delivery_said(place: Place) -> None:
    place.deliver("01", (1, "一", 1), (4, "一", 1))
    place.deliver("02", (1, "二", 1), (2, "二", 1), (3, "二", 1))
    place.extracted()
    (place.folder / "名单_01.csv").unlink()
    place.deliver("02", (3, "改", 1))
    # Key 1 falls back to a delivery whose file is gone; nobody says key 2 any more.
    assert place.extracted() == {1: "一", 3: "改", 4: "一"}
    assert sorted(place.history()[4:]) == [("d", 2, None), ("u", 1, "一"), ("u", 3, "改")]


def test_a_correction_that_is_taken_back_is_a_correction(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    place.extracted()
    place.deliver("01", (1, "改", 1))
    assert place.extracted() == {1: "改"}
    place.deliver("01", (1, "一", 1))
    assert place.extracted() == {1: "一"}


def test_content_that_was_taken_under_any_name_is_passed_over(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    place.deliver("02", (1, "二", 1))
    place.extracted()
    place.deliver("03", (1, "一", 1))
    assert place.extracted() == {1: "二"}
    assert place.noted("resent") == "1"
    # Neither does it count when what it repeats is corrected.
    place.deliver("01", (2, "改", 1))
    assert place.extracted() == {1: "二", 2: "改"}
    # Other content under its name is a delivery.
    place.deliver("03", (1, "三", 1))
    assert place.extracted() == {1: "三", 2: "改"}


def test_a_file_that_is_removed_takes_nothing_with_it(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    place.extracted()
    (place.folder / "名单_01.csv").unlink()
    assert place.extracted() == {1: "一"}
    place.deliver("01", (1, "一", 1))
    assert place.extracted() == {1: "一"}
    assert place.house.extract(place.system).receipts[0].unchanged


def test_a_file_that_cannot_be_read_stops_no_other_and_is_tried_again(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    (place.folder / "名单_02.csv").write_bytes(b"")
    place.deliver("03", (3, "三", 1))
    result = place.house.extract(place.system)
    assert place.names() == {1: "一", 3: "三"}
    assert [receipt.rows_landed for receipt in result.receipts] == [2]
    [failure] = result.failures
    assert (failure.table_code, "名单_02.csv is empty" in failure.message) == ("t", True)
    engine = open_store(place.house.settings)
    [total] = ledger.totals(engine)
    assert "名单_02.csv" in str(total.error)
    place.deliver("02", (2, "二", 1))
    assert place.extracted() == {1: "一", 2: "二", 3: "三"}
    [total] = ledger.totals(engine)
    assert total.error is None
    engine.dispose()


def test_dagster_shows_what_landed_and_what_was_refused(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    (place.folder / "名单_02.csv").write_bytes(b"")
    run = dg.materialize(
        build_landing_assets(Registry(systems=(place.system,))),
        resources={"home": CitybaseHome(path=str(place.house.settings.home))},
    )
    assert run.success
    [materialized] = run.get_asset_materialization_events()
    assert materialized.materialization.metadata["rows_landed"].value == 1
    checks = {check.check_name: check for check in run.get_asset_check_evaluations()}
    assert not checks["source_answered"].passed
    assert "名单_02.csv" in str(checks["source_answered"].metadata["error"].value)


def test_nothing_lands_while_no_delivery_can_be_read(place: Place) -> None:
    [failure] = place.house.extract(place.system).failures
    assert "has no file" in failure.message
    (place.folder / "名单_02.csv").write_bytes(b"")
    result = place.house.extract(place.system)
    assert (result.receipts, len(result.failures)) == ((), 1)


def test_a_file_that_is_being_written_is_left_for_next_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver("01", (1, "一", 1))
    place.deliver("02", (2, "二", 1))
    original = transcribe.transcribe

    def slow(source: Path, **rest: object) -> object:
        done = original(source, **rest)  # type: ignore[arg-type]
        if source.name == "名单_02.csv":
            with source.open("a", encoding="utf-8") as file:
                file.write("3,三,1\n")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(csv_connector, "transcribe", slow)
        assert place.extracted() == {1: "一"}
    assert place.noted("unfinished") == "1"
    assert place.extracted() == {1: "一", 2: "二", 3: "三"}


def test_a_file_that_is_replaced_after_its_hash_was_taken_is_left_for_next_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver("01", (1, "一", 1))
    place.extracted()
    place.deliver("02", (2, "halb", 1))

    def hasty(file: Path) -> str:
        found = delivery.sha256_of(file)
        if file.name == "名单_02.csv":
            place.deliver("02", (2, "ganz", 1))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(file_drop, "sha256_of", hasty)
        assert place.extracted() == {1: "一"}
    assert place.extracted() == {1: "一", 2: "ganz"}


def test_rejected_rows_are_quarantined_by_file_and_line_and_the_good_row_serves(
    place: Place,
) -> None:
    place.deliver("01", (1, "一", 1), (2, "一", 1))
    place.deliver("02", (2, "二", 1), (3, "二", 1))
    place.extracted()
    place.deliver("02", (2, "改", "viel"), (3, "改", 1), (3, "again", 1), (4, "short"))
    assert place.extracted() == {1: "一", 2: "二", 3: "改"}
    found = place.house.quarantined(place.system, "t")
    assert sorted((str(row["position"]), str(row["reason"])) for row in found) == [
        ("名单_02.csv:2", "not_decimal(12,2)"),
        ("名单_02.csv:4", "duplicate_key"),
        ("名单_02.csv:5", "short_row"),
    ]
    assert place.house.extract(place.system).receipts[0].unchanged


def test_a_key_twice_in_an_overridden_delivery_is_still_told(place: Place) -> None:
    place.deliver("02", (1, "二", 1))
    place.extracted()
    place.deliver("01", (1, "一", 1), (1, "again", 1))
    assert place.extracted() == {1: "二"}
    [row] = place.house.quarantined(place.system, "t")
    assert (row["position"], row["reason"]) == ("名单_01.csv:3", "duplicate_key")


def test_a_registry_that_asks_for_more_reads_the_deliveries_again(
    place: Place, house: House
) -> None:
    place.deliver("01", (1, "一", 1))
    place.deliver("02", (2, "二", 1))
    full = place.system
    table = full.tables[0]
    less = table.model_copy(update={"columns": table.columns[:2]})
    place.system = full.model_copy(update={"tables": [less]})
    place.extracted()
    (place.folder / "名单_01.csv").unlink()
    place.system = full
    assert place.extracted() == {1: "一", 2: "二"}
    amounts = {row["id"]: row["amount"] for row in house.rows(full, "t", current_rows)}
    assert amounts == {1: None, 2: 1}
    assert house.last(full, "t").kind == "base"
    place.extracted()
    assert house.last(full, "t").kind == "log"


def test_a_table_that_was_read_whole_begins_anew(place: Place) -> None:
    place.deliver("01", (1, "一", 1))
    (table,) = place.system.tables
    full = [table.model_copy(update={"mode": "full"})]
    place.house.extract(place.system.model_copy(update={"tables": full}))
    place.deliver("01", (2, "二", 1))
    assert place.extracted() == {2: "二"}


def test_rows_of_many_deliveries_are_written_together(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_rows, "_ROW_FILES", 3)
    for number in range(1, 9):
        place.deliver(f"{number:02}", (number, "原", 1), (0, str(number), 1))
        place.extracted()
        assert len(place.kept()) <= 5
    for number in range(8, 1, -1):
        place.deliver(f"{number:02}", (number, "改", 1))
        assert place.extracted()[0] == str(number - 1)


def test_workbooks_are_deliveries_too(house: House, tmp_path: Path) -> None:
    system = drop({"technology": "xlsx"}, ".xlsx")
    house.locate(system, tmp_path)
    for month, name in (("02", "二"), ("01", "一")):
        with xlsxwriter.Workbook(tmp_path / f"名单_{month}.xlsx") as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([("id", "name", "amount"), (1, name, 1.5)]):
                sheet.write_row(number, 0, row)
        (tmp_path / "~$名单_03.xlsx").write_bytes(b"owner")
        result = house.extract(system)
        assert result.failures == ()
    assert [row["name"] for row in house.rows(system, "t", current_rows)] == ["二"]


# --- Any sequence of events, against the rule in plain Python ------------------------------------


@dataclass
class Rule:
    """The rule of the mode; a delivery is a list of rows, whose content is its identity."""

    taken: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    passed: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    ever: set[tuple[Row, ...]] = field(default_factory=set)

    def look(self, folder: Mapping[str, tuple[Row, ...]]) -> None:
        for name in sorted(folder):
            content = folder[name]
            if name in self.taken or content not in self.ever:
                self.taken[name] = content
                self.ever.add(content)
                self.passed.pop(name, None)
            else:
                self.passed[name] = content

    def rows(self) -> dict[object, object]:
        found: dict[object, object] = {}
        for name in sorted(self.taken):
            found |= dict(self.taken[name])
        return found


class Killed(BaseException):
    """Stands for a kill at a step."""


# Few, so that files are often sent again and corrections taken back.
CONTENTS = st.sampled_from(
    [((1, "甲"),), ((1, "乙"),), ((1, "甲"), (2, "甲")), ((2, "乙"), (3, "丙")), ()]
)
EVENTS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abcd"), CONTENTS),
    st.tuples(st.just("put"), st.sampled_from("abcd"), CONTENTS),
    st.tuples(st.just("remove"), st.sampled_from("abcd"), st.just(())),
    st.tuples(st.just("extract"), st.sampled_from(["", "", "before", "after"]), st.just(())),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(EVENTS, min_size=4, max_size=14))
def test_any_sequence_of_deliveries_and_kills_ends_as_the_rule_says(
    events: list[tuple[str, str, tuple[Row, ...]]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = tmp_path_factory.mktemp("file_drop")
    house = House(settings=Settings(home=base / "var"), monkeypatch=monkeypatch)
    place = placed(house, base / "drop")
    folder: dict[str, tuple[Row, ...]] = {}
    rule = Rule()
    has_landed = False
    for act, name, content in [*events, ("extract", "", ())]:
        if act == "put":
            folder[name] = content
            place.deliver(name, *((key, text, 1) for key, text in content))
        elif act == "remove":
            folder.pop(name, None)
            (place.folder / f"名单_{name}.csv").unlink(missing_ok=True)
        elif folder or has_landed:
            extract_or_die(place, name, monkeypatch)
            if name != "before":
                rule.look(folder)
                has_landed = True
                assert place.names() == rule.rows()
                assert house.last(place.system, "t").rows_held == len(rule.rows())
    if has_landed:
        assert replayed(place) == rule.rows()


def extract_or_die(place: Place, death: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not death:
        assert place.house.extract(place.system).failures == ()
        return
    original = ledger.commit

    def deadly(*args: object) -> object:
        if death == "after":
            original(*args)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "commit", deadly)
        with pytest.raises(Killed):
            place.house.extract(place.system)


def replayed(place: Place) -> dict[object, object]:
    """History folded from its beginning; every row of it changes something."""
    state: dict[object, object] = {}
    for act, key, name in place.history():
        if act == "d":
            del state[key]
            continue
        assert (key in state) == (act == "u")
        assert state.get(key) != name
        state[key] = name
    return state


@pytest.mark.parametrize(
    "death",
    [
        "after sources.modes.extraction.read_into",
        "before sources.landing.make_durable",
        "after sources.landing.make_durable",
        "before sources.ledger.commit",
        "after sources.ledger.commit",
        "before sources.modes.file_drop._forget",
    ],
)
def test_a_real_kill_at_any_step_is_harmless(place: Place, death: str) -> None:
    place.deliver("01", (1, "一", 1), (2, "一", 1))
    place.deliver("03", (2, "三", 1))
    place.extracted()
    place.deliver("02", (1, "二", 1), (3, "二", 1))
    place.deliver("03", (4, "改", 1))
    process = start(place.house, place.system, death)
    assert process.wait(timeout=120) == -signal.SIGKILL
    assert place.extracted() == {1: "二", 2: "一", 3: "二", 4: "改"}
    assert sorted(map(str, place.history()[2:])) == sorted(
        map(str, [("u", 1, "二"), ("u", 2, "一"), ("c", 3, "二"), ("c", 4, "改")])
    )
    assert place.house.extract(place.system).receipts[0].unchanged
    assert len(place.kept()) == 3
