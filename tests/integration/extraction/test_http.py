"""Interfaces that answer with JSON: every row of them lands once, whatever happens meanwhile."""

import email.utils
import json
import random
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sources.connectors import http_client, http_pages
from sources.contract import System
from sources.relation import all_changes, current_rows
from tests.integration.extraction.extraction_house import House, make_system
from tests.integration.extraction.http_house import (
    TOKEN,
    Interface,
    Reply,
    make_certificate,
    serving,
)
from tests.integration.extraction.kill_house import start

pytestmark = pytest.mark.integration

COLUMNS = ["id bigint key", "name varchar"]
PAGED = {"parameter": "page", "size_parameter": "size", "size": 2}
CONNECTION: dict[str, Any] = {
    "technology": "http",
    "token_env": "SOURCE_TOKEN",
    "records": "data.list",
    "paging": PAGED,
    "since": {"parameter": "since", "answer": "until"},
}


def made(
    columns: list[str] = COLUMNS,
    *,
    table: Mapping[str, object],
    more: Mapping[str, object] | None = None,
) -> System:
    connection = {
        name: value for name, value in (CONNECTION | dict(more or {})).items() if value is not None
    }
    system = make_system(connection, {"t=persons": columns}, code="courier")
    tables = [one.model_copy(update=dict(table)) for one in system.tables]
    return system.model_copy(update={"tables": tables})


@dataclass
class Courier:
    """The interface and the system that reads it."""

    house: House
    at: Interface
    system: System

    def names(self) -> dict[object, object]:
        rows = self.house.rows(self.system, "t", current_rows)
        assert len({row["id"] for row in rows}) == len(rows)
        return {row["id"]: row["name"] for row in rows}

    def extracted(self) -> dict[object, object]:
        result = self.house.extract(self.system)
        assert result.failures == ()
        return self.names()

    def refused(self) -> str:
        result = self.house.extract(self.system)
        assert result.receipts == ()
        [failure] = result.failures
        said = f"{failure.message} {failure.remedy}"
        assert TOKEN not in said
        assert "schluessel" not in said
        return said

    def as_made(
        self, *, mode: str = "http", table: Mapping[str, object] | None = None, **more: Any
    ) -> None:
        self.system = made(table={"mode": mode, **(table or {})}, more=more)


@pytest.fixture
def courier(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courier]:
    monkeypatch.setattr(http_client, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setenv("SOURCE_TOKEN", TOKEN)
    with serving() as interface:
        system = made(table={"mode": "http", "reconcile_hours": 1000})
        house.locate(system, f"{interface.url}?schluessel=1")
        yield Courier(house, interface, system)


# --- What is read --------------------------------------------------------------------------------


def test_what_changed_is_read_with_the_token_of_the_batch_before(courier: Courier) -> None:
    for key in range(1, 6):
        courier.at.put(key, f"名{key}")
    assert courier.extracted() == courier.at.names()
    assert courier.house.last(courier.system, "t").position["since"] == "5"
    courier.at.put(2, "改")
    courier.at.put(6, "新")
    courier.at.put(6, "新新")
    courier.at.asked.clear()
    assert courier.extracted() == courier.at.names()
    assert {asked["since"] for asked in courier.at.asked} == {"5"}
    assert {asked["schluessel"] for asked in courier.at.asked} == {"1"}
    assert {asked["size"] for asked in courier.at.asked} == {"2"}
    assert set(courier.at.tokens) == {f"Bearer {TOKEN}"}
    history = courier.house.rows(courier.system, "t", all_changes)
    assert [(row["_op"], row["name"]) for row in history[5:]] == [("u", "改"), ("c", "新新")]
    assert courier.house.extract(courier.system).receipts[0].unchanged


@pytest.mark.parametrize("mode", ["full", "hash_diff"])
def test_a_list_is_read_whole_too(courier: Courier, mode: str) -> None:
    courier.as_made(mode=mode)
    for key in range(1, 6):
        courier.at.put(key, "名")
    assert courier.extracted() == courier.at.names()
    courier.at.delete(3)
    courier.at.put(1, "改")
    assert courier.extracted() == courier.at.names()


@pytest.mark.parametrize("mode", ["http", "full"])
def test_pages_follow_one_another_by_token(courier: Courier, mode: str) -> None:
    courier.at.by_token = True
    courier.as_made(mode=mode, paging={"parameter": "after", "next": "next"})
    for key in range(1, 8):
        courier.at.put(key, "名")
    assert courier.extracted() == courier.at.names()
    assert courier.at.asked[0].get("after") is None


def test_one_answer_may_be_the_whole_list(courier: Courier) -> None:
    courier.as_made(mode="full", paging=None, since=None, records=None)
    courier.at.replies = [Reply(body='[{"id": 1, "name": "甲"}]')]
    assert courier.extracted() == {1: "甲"}
    assert len(courier.at.asked) == 1


def test_an_empty_list_is_no_error(courier: Courier) -> None:
    assert courier.extracted() == {}
    courier.at.put(1, "名")
    assert courier.extracted() == {1: "名"}


def test_a_row_that_says_it_is_gone_is_gone(courier: Courier) -> None:
    courier.as_made(table={"deleted": "gone", "reconcile_hours": 0})
    for key in range(1, 5):
        courier.at.put(key, "名")
    courier.extracted()
    courier.at.delete(2)
    courier.at.delete(3)
    courier.at.put(3, "wieder")
    assert courier.extracted() == courier.at.names() == {1: "名", 3: "wieder", 4: "名"}
    assert courier.at.asked[-1]["since"] == "4", "nothing is compared where rows say it"
    assert courier.house.last(courier.system, "t").rows_held == 3


def test_a_record_of_which_nobody_can_tell_whether_it_is_gone_is_quarantined(
    courier: Courier,
) -> None:
    courier.as_made(table={"deleted": "gone"})
    courier.at.put(1, "名")
    courier.extracted()
    courier.at.log += [{"id": 1, "gone": "perhaps"}, {"gone": True}]
    assert courier.extracted() == {1: "名"}
    found = courier.house.quarantined(courier.system, "t")
    assert [row["reason"] for row in found] == ["unclear_deleted", "key_missing"]


def test_rows_that_are_gone_are_missed_when_all_keys_are_compared(courier: Courier) -> None:
    for key in range(1, 4):
        courier.at.put(key, "名")
    courier.extracted()
    del courier.at.rows[2]
    assert courier.extracted() == {1: "名", 2: "名", 3: "名"}
    courier.as_made(table={"reconcile_hours": 0})
    assert courier.extracted() == {1: "名", 3: "名"}
    history = courier.house.rows(courier.system, "t", all_changes)
    assert [(row["_op"], row["id"]) for row in history[3:]] == [("d", 2)]


def test_every_digit_and_every_kind_of_value_lands(courier: Courier) -> None:
    columns = [
        "id varchar key", "amount decimal(38,2)", "price decimal(10,2)", "tiny double",
        "big bigint", "flag boolean", "nested varchar", "empty varchar", "text varchar",
    ]  # fmt: skip
    courier.system = made(columns, table={"mode": "full"}, more={"paging": None, "since": None})
    record = (
        '{"id": 371302199001011234567, "amount": 123456789012345678901234567890.10, "price": 1.10,'
        ' "tiny": 1e-7, "big": 9007199254740993, "flag": true,'
        ' "nested": {"b": [1.10, null, "字"], "a": 1E400}, "empty": "", "text": "a\\u0000b𠮷"}'
    )
    second = '{"id": "2", "amount": 1E+2, "flag": 0, "text": "\\ud842", "empty": null, "nested": 1}'
    third = '{"id": "3", "big": 1.5, "price": "1.1", "tiny": true, "flag": "ja"}'
    fourth = '{"id": "4", "amount": 1E+2, "text": "1.0", "big": -0}'
    courier.at.replies = [
        Reply(body=f'{{"data": {{"list": [{record}, {second}, {third}, {fourth}]}}}}')
    ]
    assert courier.house.extract(courier.system).failures == ()
    first, last = courier.house.rows(courier.system, "t", current_rows)
    assert [str(first[name]) for name in ("id", "amount", "price", "big", "flag")] == [
        "371302199001011234567", "123456789012345678901234567890.10", "1.10",
        "9007199254740993", "True",
    ]  # fmt: skip
    assert first["tiny"] == 1e-7
    assert first["nested"] == '{"b":[1.10,null,"字"],"a":1E400}'
    assert (first["empty"], first["text"]) == ("", "a\x00b𠮷")
    assert (str(last["amount"]), last["empty"], last["text"]) == ("100.00", None, "1.0")
    found = courier.house.quarantined(courier.system, "t")
    assert [(row["position"], row["column_code"], row["reason"]) for row in found] == [
        ("2", "text", "undecodable_bytes"),
        ("3", "big", "not_bigint"),
        ("3", "flag", "not_boolean"),
        ("3", "tiny", "not_double"),
    ]


def test_an_entry_that_is_no_record_is_quarantined(courier: Courier) -> None:
    courier.as_made(mode="full", paging=None, since=None)
    records = '[{"id": 1, "name": "甲"}, 7, null, ["x"], {"id": 1, "name": "乙"}]'
    courier.at.replies = [Reply(body=f'{{"data": {{"list": {records}}}}}')]
    assert courier.extracted() == {1: "甲"}
    found = courier.house.quarantined(courier.system, "t")
    assert sorted((str(row["position"]), str(row["reason"])) for row in found) == [
        ("2", "not_a_record"), ("3", "not_a_record"), ("4", "not_a_record"),
        ("5", "duplicate_key"),
    ]  # fmt: skip


def test_answers_in_the_encoding_they_name(courier: Courier) -> None:
    courier.as_made(mode="full", paging=None, since=None)
    body = '{"data": {"list": [{"id": 1, "name": "临沂"}]}}'
    headers = {"Content-Type": "application/json; charset=GBK"}
    courier.at.replies = [Reply(body=body.encode("gbk"), headers=headers)]
    assert courier.extracted() == {1: "临沂"}


# --- Pages that change while they are read -------------------------------------------------------


class Writer:
    """Somebody who writes between pages, but not for ever."""

    def __init__(self, at: Interface, seed: int, *, until: int) -> None:
        self.at, self.until = at, until
        self.dice = random.Random(seed)  # noqa: S311 - a workload, not a secret

    def __call__(self, request: int) -> None:
        if request > self.until:
            return
        for _ in range(self.dice.randint(0, 2)):
            key = self.dice.randint(1, 12)
            if self.dice.random() < 0.4:
                self.at.delete(key)
            else:
                self.at.put(key, f"名{self.dice.randint(0, 99)}")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("more", [{}, {"total": "data.total"}], ids=["plain", "total"])
def test_random_writes_between_pages_lose_and_double_nothing(
    courier: Courier, seed: int, more: dict[str, Any]
) -> None:
    courier.as_made(table={"deleted": "gone"}, **more)
    for key in range(1, 10):
        courier.at.put(key, "名")
    for round_ in range(4):
        begun = len(courier.at.asked)
        courier.at.meanwhile = Writer(courier.at, seed * 10 + round_, until=begun + 9)
        courier.extracted()
        # What was written after the token was taken comes with it.
        courier.at.meanwhile = None
        assert courier.extracted() == courier.at.names()
    state: dict[object, object] = {}
    for row in courier.house.rows(courier.system, "t", all_changes):
        number, is_end = row["id"], row["_op"] == "d"
        assert (number in state) == (row["_op"] in {"u", "d"})
        assert state.get(number) != row["name"] or is_end
        state[number] = row["name"]
        if is_end:
            del state[number]
    assert state == courier.at.names()


@pytest.mark.parametrize("mode", ["full", "hash_diff"])
def test_a_whole_list_is_of_one_moment(courier: Courier, mode: str) -> None:
    courier.as_made(mode=mode, total="data.total")
    for key in range(1, 8):
        courier.at.put(key, "名")

    def write(request: int) -> None:
        # The count stays, a row moves from page two to page one, which was read.
        if request == 2:
            courier.at.delete(7)
            courier.at.put(0, "名")

    courier.at.meanwhile = write
    assert courier.extracted() == courier.at.names()
    assert courier.house.last(courier.system, "t").position["readings"] == "3"


def test_a_list_that_never_stands_still_is_refused(courier: Courier) -> None:
    for key in range(1, 6):
        courier.at.put(key, "名")
    courier.at.meanwhile = lambda request: courier.at.put(request + 10, "名")
    assert "changed during each of 6 readings" in courier.refused()


def test_what_is_added_behind_a_list_meanwhile_waits_for_its_turn(courier: Courier) -> None:
    courier.at.put(1, "名")
    courier.extracted()
    for key in range(2, 6):
        courier.at.put(key, "名")
    # Changes are listed as they happen, and they never stop.
    courier.at.meanwhile = lambda request: courier.at.put(request + 10, "名")
    before = courier.at.names()
    courier.extracted()
    assert courier.house.last(courier.system, "t").position["readings"] == "2"
    assert before.items() <= courier.names().items()
    courier.at.meanwhile = None
    assert courier.extracted() == courier.at.names()


def test_pages_that_the_department_vouches_for_are_read_once(courier: Courier) -> None:
    courier.as_made(mode="full", paging=PAGED | {"steady": True})
    for key in range(1, 6):
        courier.at.put(key, "名")
    assert courier.extracted() == courier.at.names()
    assert [asked["page"] for asked in courier.at.asked] == ["1", "2", "3", "4"]


def test_pages_of_one_snapshot_are_read_once_and_others_again(courier: Courier) -> None:
    courier.as_made(mode="full", snapshot="until", total="data.total")
    for key in range(1, 6):
        courier.at.put(key, "名")
    assert courier.extracted() == courier.at.names()
    assert [asked["page"] for asked in courier.at.asked] == ["1", "2", "3"]
    courier.at.meanwhile = lambda request: courier.at.put(9, "neu") if request == 5 else None
    assert courier.extracted() == courier.at.names()


def test_a_list_that_has_fewer_records_than_it_counts_is_refused(courier: Courier) -> None:
    courier.as_made(mode="full", paging=None, since=None, total="data.total")
    courier.at.put(1, "名")
    for _ in range(http_pages.MAX_WALKS):
        courier.at.replies.append(Reply(body='{"data": {"list": [{"id": 1}], "total": 2}}'))
    assert "has 1 records where its answers count 2" in courier.refused()


# --- Failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_request_is_tried_again(courier: Courier, status: int) -> None:
    courier.at.put(1, "名")
    courier.at.replies = [Reply(status=status)] * 3
    assert courier.extracted() == {1: "名"}


def test_a_broken_answer_is_asked_for_again(courier: Courier) -> None:
    courier.at.put(1, "名")
    courier.at.replies = [Reply(body="{", short=50)]
    assert courier.extracted() == {1: "名"}


def test_a_silent_interface_is_asked_again(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "READ_SECONDS", 0.3)
    courier.at.put(1, "名")
    courier.at.replies = [Reply(hangs=20)]
    assert courier.extracted() == {1: "名"}


def test_it_is_given_up_in_the_end(courier: Courier) -> None:
    courier.at.replies = [Reply(status=503)] * 99
    said = courier.refused()
    assert "was asked 7 times, the last time it answered with status 503" in said
    assert f"{courier.at.url}/persons" in said
    assert len(courier.at.asked) == 7


def test_nobody_there(courier: Courier) -> None:
    courier.house.locate(courier.system, "http://127.0.0.1:1/api?schluessel=1")
    assert "the last time NewConnectionError" in courier.refused()


@pytest.mark.parametrize("form", ["seconds", "date", "nonsense", "far"])
def test_a_server_that_asks_for_patience_gets_it(
    courier: Courier, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "RETRY_AFTER_MAX_SECONDS", 2)
    courier.at.put(1, "名")
    said = {
        "seconds": "1",
        "date": email.utils.formatdate(time.time() + 2, usegmt=True),
        "nonsense": "bald",
        "far": "86400",
    }[form]
    courier.at.replies = [Reply(status=429, headers={"Retry-After": said})]
    begun = time.monotonic()
    assert courier.extracted() == {1: "名"}
    lasted = time.monotonic() - begun
    assert {"seconds": 1, "date": 1, "nonsense": 0, "far": 2}[form] <= lasted < 10


BAD_ANSWERS = {
    "html": (Reply(body="<!DOCTYPE html><html>登录"), "a web page instead of JSON"),
    "typed html": (Reply(body="x", headers={"Content-Type": "text/html"}), "a web page"),
    "broken": (Reply(body='{"data": [1,'), "broken JSON"),
    "empty": (Reply(body=""), "broken JSON"),
    "nan": (Reply(body='{"data": NaN}'), "NaN is no JSON"),
    "twice": (Reply(body='{"data": 1, "data": 2}'), "has data twice"),
    "bytes": (Reply(body=b'{"data": "\xc1\xd9"}'), "is not utf-8: byte 10 is 0xc1"),
    "deep": (Reply(body="[" * 100_000), "nested too deeply"),
    "error in 200": (Reply(body='{"code": 401, "msg": "x"}'), "which holds code, msg"),
    "null": (Reply(body='{"data": {"list": null}}'), "has no list of records"),
    "elsewhere": (Reply(status=302, headers={"Location": "/login?schluessel=1"}), "elsewhere"),
    "token": (Reply(status=401), "refuses the token"),
    "gone": (Reply(status=404), "does not exist (status 404)"),
    "other": (Reply(status=418), "answers with status 418"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_an_answer_that_is_none_is_one_clear_error_and_what_landed_stays(
    courier: Courier, name: str
) -> None:
    courier.at.put(1, "名")
    courier.extracted()
    reply, expected = BAD_ANSWERS[name]
    courier.at.replies = [reply]
    assert expected in courier.refused()
    assert courier.names() == {1: "名"}


def test_an_answer_without_end_is_refused(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "MAX_ANSWER_BYTES", 1 << 20)
    courier.at.replies = [Reply(body=json.dumps({"data": {"list": [{"id": "9" * (2 << 20)}]}}))]
    assert "answers with more than 1 MiB at once" in courier.refused()


def test_a_field_as_large_as_an_answer_may_be_lands(courier: Courier) -> None:
    courier.at.put(1, "字" * (5 << 20))
    assert len(str(courier.extracted()[1])) == 5 << 20


def test_pages_without_end_are_refused(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pages, "MAX_PAGES", 3)
    for key in range(9):
        courier.at.put(key, "名")
    assert "does not end after 3 pages" in courier.refused()


def test_a_last_page_that_repeats_itself_is_told(courier: Courier) -> None:
    page = json.dumps({"data": {"list": [{"id": 1, "name": "名"}]}, "until": 1})
    courier.at.replies = [Reply(body=page)] * 2
    assert "gives page 1 again" in courier.refused()


def test_tokens_that_lead_round_in_circles_are_told(courier: Courier) -> None:
    courier.as_made(paging={"parameter": "after", "next": "next"})
    pages = [{"data": {"list": [{"id": key}]}, "until": 1, "next": "a"} for key in (1, 2)]
    courier.at.replies = [Reply(body=json.dumps(page)) for page in pages]
    assert "leads round in circles after 2 pages" in courier.refused()


def test_an_answer_without_the_next_token_is_refused(courier: Courier) -> None:
    courier.as_made(since={"parameter": "since", "answer": "nowhere"})
    courier.at.put(1, "名")
    assert "how to ask for changes the next time" in courier.refused()


def test_a_field_that_no_record_has_is_a_column_that_is_missing(courier: Courier) -> None:
    courier.at.rows[1] = {"id": 1, "xm": "名"}
    assert "lacks column name" in courier.refused()


def test_a_token_that_is_not_set_is_asked_for(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_TOKEN")
    assert "SOURCE_TOKEN is not set" in courier.refused()


@pytest.mark.parametrize("location", ["ftp://schluessel@host/", "schluessel", "http://"])
def test_a_location_that_is_no_url_is_not_repeated(courier: Courier, location: str) -> None:
    courier.house.locate(courier.system, location)
    assert "has no base URL" in courier.refused()


def test_a_certificate_is_verified(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as interface:
        interface.put(1, "名")
        courier.house.locate(courier.system, interface.url)
        assert "is not trusted" in courier.refused()
        assert interface.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert courier.extracted() == {1: "名"}


# --- Kills ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", range(1, 6))
def test_a_kill_at_any_page_is_harmless(courier: Courier, request_: int) -> None:
    courier.as_made(table={"deleted": "gone"})
    for key in range(1, 8):
        courier.at.put(key, "名")
    courier.extracted()
    courier.at.delete(3)
    for key in (2, 4, 9):
        courier.at.put(key, "改")
    begun = len(courier.at.asked)

    def kill(number: int) -> None:
        if number == begun + request_:
            process.send_signal(signal.SIGKILL)

    courier.at.meanwhile = kill
    process = start(courier.house, courier.system)
    assert process.wait(timeout=120) == -signal.SIGKILL
    courier.at.meanwhile = None
    assert courier.extracted() == courier.at.names()
    history = courier.house.rows(courier.system, "t", all_changes)
    assert sorted((str(row["_op"]), row["id"]) for row in history[7:]) == [
        ("c", 9), ("d", 3), ("u", 2), ("u", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
def test_rows_and_token_are_committed_together(courier: Courier, when: str) -> None:
    courier.at.put(1, "名")
    courier.extracted()
    courier.at.put(2, "新")
    process = start(courier.house, courier.system, f"{when} sources.ledger.commit")
    assert process.wait(timeout=120) == -signal.SIGKILL
    landed = when == "after"
    position = courier.house.last(courier.system, "t").position
    assert (position["since"], len(courier.names())) == (("2", 2) if landed else ("1", 1))
    assert courier.house.extract(courier.system).receipts[0].unchanged == landed
    assert courier.names() == courier.at.names()
