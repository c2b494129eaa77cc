"""What an operator types at the quarantine, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable

import duckdb
import pytest
from places import Place
from testbed import Said, Typed

from flows import quarantine
from flows.present import visible
from warehouse.lock import hold_lock


@pytest.fixture
def type_in(typed: Typed, place: Place) -> Callable[..., Said]:
    return lambda *words: typed("quarantine", *words, config=place.config)


def test_list_groups_by_source_and_reason_and_names_items_on_request(type_in: Callable[..., Said]) -> None:
    code, out, _ = type_in("list")
    assert code == 0
    assert "mention.published_at.not_before_platform" in out
    groups = json.loads(type_in("list", "--json")[1])
    assert {(g["source"], g["items"]) for g in groups} >= {("export", 2)}
    items = json.loads(type_in("list", "--ids", "--json", "--reason", "not_after_as_of")[1])
    assert [json.loads(item["payload"])["id"] for item in items] == ["4"]
    assert "5 items" in out
    assert json.loads(type_in("list", "--json", "--state", "released")[1]) == []


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--source", "other"), 0),
        (("--platform", "x"), 5),
        (("--run", "20260701t020000z"), 5),
        (("--mention", "x:3"), 1),
        (("--since", "2099-01-01"), 0),
    ],
)
def test_filters_narrow_the_list(type_in: Callable[..., Said], words: tuple[str, ...], count: int) -> None:
    assert len(json.loads(type_in("list", "--ids", "--json", *words)[1])) == count


def test_show_tells_reasons_and_advice_and_no_payload_gives_the_terminal_orders(
    place: Place, type_in: Callable[..., Said]
) -> None:
    hostile = place.raw("select quarantine_id from raw.quarantine where payload like '%hostile%'")[0][0]
    code, out, _ = type_in("show", hostile[:10])
    assert code == 0
    assert "mention.published_at.not_before_platform" in out
    assert "platforms repeat the clocks of their users" in out
    assert "acme\\u001b[2J\\u202ehostile [red]" in out
    assert not set(out) & set("\x1b\x00\u202e\x9b")
    assert type_in("show", hostile, "--json")[1].isascii()
    assert "names no item" in type_in("show", "feedbeef")[2]


def test_discard_closes_with_a_reason_drops_the_payload_and_keeps_the_row(
    place: Place, type_in: Callable[..., Said]
) -> None:
    assert type_in("discard", "--because", "spam")[0] == 2  # nothing named
    code, out, _ = type_in("discard", place.id_of("3"), "--because", "spam")
    assert (code, "1 items discarded" in out) == (0, True)
    assert place.raw("select note, payload, len(reasons) from raw.quarantine where state = 'discarded'") == [
        ("spam", None, 1)
    ]
    assert type_in("discard", "--all", "--yes", "--because", "old")[0] == 0
    assert place.states() == {"discarded": 5}
    assert "no open item is like that" in type_in("discard", "--all", "--yes", "--because", "old")[2]


def test_a_release_needs_a_choice_and_a_vouch_needs_a_reason(type_in: Callable[..., Said]) -> None:
    assert "name ids or a filter" in type_in("release")[2]
    assert "say why with --because" in type_in("release", "--all", "--anyway")[2]
    assert "no open item" in type_in("release", "--source", "nobody")[2]


def test_what_is_unseen_becomes_visible_and_the_rest_stays() -> None:
    assert visible("a\x1b]0;x\x07\u202e\n👩‍💻 Ünï", keep="\n") == "a\\x1b]0;x\\x07\\u202e\n👩‍💻 Ünï"
    assert visible("\ud800") == "\\ud800"


def test_waivable_rules_are_rules_that_there_are() -> None:
    from expectations.plans import load_plans

    names = {rule.name for plan in load_plans() for rule in plan.rules if rule.severity == "critical"}
    assert names | {name.partition(".")[2] for name in names} >= quarantine.WAIVABLE


def test_a_warehouse_of_an_older_version_is_a_sentence(place: Place, type_in: Callable[..., Said]) -> None:
    with duckdb.connect(str(place.folder / "data/soundings.duckdb")) as con:
        con.execute("alter table raw.quarantine drop column verb")
    assert "is of an older version" in type_in("list", "--ids")[2]


def test_a_run_at_work_keeps_the_warehouse_and_the_commands_say_so(place: Place, type_in: Callable[..., Said]) -> None:
    with hold_lock(place.folder / "data", "tonight"):
        assert "a run is at work" in type_in("list")[2]
        code, _, err = type_in("discard", "--all", "--yes", "--because", "x")
        assert (code, "in use by run tonight" in err) == (2, True)
