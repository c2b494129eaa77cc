"""Routing queries reach old and new texts alike, and no text is matched twice without need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import signals, topics
from flows.sections import Routing
from warehouse.connection import connect
from warehouse.ledger import LoadCounts
from warehouse.migrate import migrate

AT = datetime(2026, 3, 1, 2)
ROUTES = "select mention_id from raw.mention_rule where query_hash = ? order by all"


class House:
    """A warehouse whose texts and rules change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = connect(folder / "soundings.duckdb")
        migrate(self.con)
        self.load_seq = 0

    def say(self, **texts: str) -> None:
        """A load that changed these mentions."""
        self.load_seq = self._newest() + 1
        for mention_id, text in texts.items():
            self.con.execute("delete from raw.mention where mention_id = ?", [mention_id])
            row = [mention_id, "x", mention_id, "post", text, AT, "query", "s", AT, AT, 0, self.load_seq]
            self.con.execute(
                "insert into raw.mention (mention_id, platform, native_id, kind, text, published_at, found_by, source, "
                "first_seen_at, seen_at, content_hash, load_seq) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        book = [f"batch-{self.load_seq}", self.load_seq, "run", "s", *([0] * 7), AT]
        self.con.execute("insert into raw.load values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", book)

    def match(self, *queries: str | None) -> LoadCounts | None:
        rules = [Routing(department="desk", query=query) for query in queries]
        return signals.match_rules(self.con, rules, self.folder / "staging", "run", loaded_at=AT)

    def found(self, query: str) -> list[Any]:
        name = topics.query_hash(topics.parse(query))
        return [row[0] for row in self.con.execute(ROUTES, [name]).fetchall()]

    def _newest(self) -> int:
        row = self.con.execute("select coalesce(max(load_seq), 0) from raw.load").fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.con.close()


def test_a_new_query_reaches_what_was_said_before(house: House) -> None:
    house.say(old="my luggage is lost", other="nothing")
    assert house.match("luggage") is not None
    assert house.found("luggage") == ["old"]
    house.match("luggage", "nothing OR nobody")
    assert (house.found("luggage"), house.found("nothing OR nobody")) == (["old"], ["other"])


def test_only_what_changed_is_matched_again(house: House) -> None:
    house.say(a="luggage", b="luggage")
    house.match("luggage")
    house.say(b="nothing", c="luggage")
    counts = house.match("luggage")
    assert counts is not None
    assert (counts.fetched, counts.loaded) == (2, 2)  # b lost its match, c came
    assert house.found("luggage") == ["a", "c"]
    assert house.match("luggage") is None


def test_a_query_that_was_dropped_and_comes_back_has_missed_nothing(house: House) -> None:
    house.say(a="luggage")
    house.match("luggage")
    house.match("seats")
    assert house.found("luggage") == []
    house.say(b="luggage")
    house.match("seats")
    house.match("luggage", "seats")
    assert house.found("luggage") == ["a", "b"]


def test_without_queries_nothing_is_read_or_booked(house: House) -> None:
    house.say(a="luggage")
    assert house.match(None) is None
    assert house.con.execute("select count(*) from raw.load").fetchone() == (1,)


def test_many_texts_are_matched_some_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.signals.rules.TEXTS_AT_A_TIME", 2)
    house.say(**{f"m{n}": "luggage" if n % 2 else "seats" for n in range(7)})
    counts = house.match("luggage")
    assert counts is not None
    assert (counts.fetched, house.found("luggage")) == (7, ["m1", "m3", "m5"])
    assert list((house.folder / "staging").iterdir()) == []


def test_a_killed_load_is_matched_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.say(a="luggage")

    def killed(*_: object, **__: object) -> None:
        raise duckdb.Error("killed")

    with monkeypatch.context() as once:
        once.setattr("flows.signals.rules.load_signals", killed)
        with pytest.raises(duckdb.Error):
            house.match("luggage")
    house.match("luggage")
    assert house.found("luggage") == ["a"]
