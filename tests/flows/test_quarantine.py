"""What was refused: seen without harm, let in after a fix or against a rule, dropped, and never lost on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import cli, extract, ingest, quarantine, runs
from flows import plan as planning
from flows.present import visible
from flows.quarantine import Order
from flows.run import Run, opened
from flows.runs import SourceStatus
from warehouse import quarantine as stored
from warehouse.connection import connect
from warehouse.lock import hold_lock
from warehouse.quarantine import Choice

NIGHT = datetime(2026, 7, 1, 2)
CONFIG = """
[project]
name = "Acme"
data_dir = "data"
[[entities]]
id = "acme"
name = "Acme"
kind = "brand"
own = true
query = "acme"
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.ndjson"
{more}
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
"""
POSTS = [
    {"id": "1", "text": "acme", "at": "2026-06-30"},
    {"id": "2", "text": "acme, said in a form that is not mapped", "at": "30.06.2026 12:00"},
    {"id": "3", "text": "acme before there was a platform", "at": "1999-01-01"},
    {"id": "4", "text": "acme after tomorrow", "at": "2026-08-01"},
    {"id": "5", "text": "nobody speaks of us", "at": "30.06.2026 13:00"},
    {"id": "6\u0000", "text": "acme\u001b[2J\u202ehostile [red]", "at": "1999-01-01"},
]
BOTH_FORMS = 'time_format = ["iso", "%d.%m.%Y %H:%M"]'


class Place:
    """A night loaded, without Prefect, models and releases: what the quarantine needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "soundings.toml"

    def load(self) -> None:
        self.configure()
        (self.folder / "posts.ndjson").write_text("\n".join(map(json.dumps, POSTS)))
        with opened(self.config, None, "nightly", as_of=NIGHT) as run, self._written(run) as con:
            for each in planning.plan(run, con):
                job = run.job(each.options)
                outcomes = extract.extract(job, each.asks, lambda _done, _all: None)
                ingest.ingest(job, outcomes, con, lambda: None)
            run.status.sources[0].state = "completed"

    def configure(self, more: str = "") -> None:
        self.config.write_text(CONFIG.format(more=more))

    def release(self, choice: Choice | None = None, *, killed_at: int | None = None, **order: Any) -> list[str]:
        """As the flow does it; `killed_at`: in the nth batch, before it is committed."""
        with opened(self.config, None, "quarantine") as run, self._written(run) as con:
            run.status.sources = [SourceStatus(name=quarantine.SOURCE, platform="any", state="completed")]
            batches = iter(range(1, 99))

            def on_batch() -> None:
                if next(batches) == killed_at:
                    raise KeyboardInterrupt

            return quarantine.release(run, Order(choice or Choice(), **order), con, on_batch)

    def forget_pages(self) -> None:
        for page in (self.folder / "data/landing").rglob("*.zst"):
            page.unlink()

    def raw(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data/soundings.duckdb"), read_only=True) as con:
            return con.execute(sql, list(parameters)).fetchall()

    def states(self) -> dict[str, int]:
        return dict(self.raw("select state, count(*) from raw.quarantine group by state"))

    def id_of(self, number: str) -> str:
        return str(
            self.raw("select quarantine_id from raw.quarantine where payload like ?", f'%"id": "{number}"%')[0][0]
        )

    @staticmethod
    def _written(run: Run) -> Any:
        return connect(run.warehouse, settings=run.storage)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night, loaded once: each test gets a copy."""
    folder = tmp_path_factory.mktemp("quarantine") / "loaded"
    folder.mkdir()
    Place(folder).load()
    return folder


@pytest.fixture
def place(tmp_path: Path, loaded: Path) -> Place:
    return Place(shutil.copytree(loaded, tmp_path / "place"))


@pytest.fixture
def type_in(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def type_in(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["soundings", "quarantine", *words, "--config", str(place.config)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return type_in


def test_every_refused_item_keeps_its_payload_its_reasons_and_the_page_it_came_from(place: Place) -> None:
    rows = place.raw("select payload, reasons, verb, page_as_of, request from raw.quarantine order by item_no")
    assert [json.loads(row[0])["id"] for row in rows] == ["2", "3", "4", "5", "6\0"]
    assert all(reasons for _, reasons, *_ in rows)
    assert {row[2:] for row in rows} == {("read", NIGHT, "READ posts.ndjson page 0")}


@pytest.mark.parametrize("is_landed", [True, False])
def test_a_mended_mapping_lets_in_what_it_reads_and_drops_what_is_off_topic(place: Place, is_landed: bool) -> None:
    if not is_landed:
        place.forget_pages()
    place.configure(BOTH_FORMS)
    assert place.release(Choice(reason="time_format")) == []
    assert place.states() == {"open": 3, "released": 1, "discarded": 1}
    assert place.raw("select source, seen_at from raw.mention where native_id = '2'") == [("export", NIGHT)]
    books = place.raw(
        "select source, fetched, loaded, duplicate, rejected, quarantined from raw.load order by load_seq"
    )
    assert books[1:] == [("quarantine", 2, 1, 0, 1, 0)]
    closed = place.raw("select payload, note, closed_run_id is not null from raw.quarantine where state <> 'open'")
    assert sorted(closed, key=str) == [(None, "no query matches it", True), (None, None, True)]
    new = place.raw("select count(*) from raw.touched where mention_id = 'x:2' and state = 'new'")
    assert new == [(1,)]


def test_what_still_fails_goes_back_with_its_new_reasons_and_the_old_row_says_so(place: Place) -> None:
    place.configure(BOTH_FORMS.replace("%d.%m.%Y %H:%M", "%d.%m.%Y"))
    old = place.id_of("2")
    place.release(Choice(ids=(old,)))
    [(state, payload, successor)] = place.raw(
        "select state, payload, successor_id from raw.quarantine where quarantine_id = ?", old
    )
    assert (state, payload) == ("returned", None)
    now = "select state, source, item_no, verb, payload is not null from raw.quarantine where quarantine_id = ?"
    assert place.raw(now, successor) == [("open", "export", 1, "read", True)]
    place.configure(BOTH_FORMS)
    place.forget_pages()
    place.release(Choice(ids=(successor[:8],)))
    assert place.raw("select count(*) from raw.mention where native_id = '2'") == [(1,)]


def test_one_may_vouch_against_a_clock_but_not_against_a_key(place: Place) -> None:
    place.release(Choice(reason="published_at"), anyway=True, because="an archive that was carried in")
    rows = place.raw("select state, waived, note from raw.quarantine where state = 'released' order by waived")
    rule = "mention.published_at"
    because = "an archive that was carried in"
    assert rows == [
        ("released", [f"{rule}.not_after_as_of"], because),
        ("released", [f"{rule}.not_before_platform"], because),
    ]
    back = place.raw(
        "select reasons from raw.quarantine where state = 'open' and len(reasons) > 0 and run_id <> ?", "x"
    )
    assert any("mention.mention_id.is_platform_and_native_id" in reasons for (reasons,) in back)
    assert place.raw("select count(*) from raw.mention where native_id like '6%'") == [(0,)]


def test_a_release_that_is_killed_and_run_again_ends_as_if_nothing_had_been(
    tmp_path: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "ITEMS_AT_ONCE", 2)
    outcomes = []
    for name, killed_at in (("calm", None), ("killed", 1)):
        place = Place(shutil.copytree(loaded, tmp_path / name))
        place.configure(BOTH_FORMS)
        if killed_at:
            with pytest.raises(KeyboardInterrupt):
                place.release(killed_at=killed_at)
            assert place.states()["open"] > 0
        place.release()
        closed = "select state, item_no, reasons, waived from raw.quarantine order by all"
        books = (
            "select sum(fetched), sum(loaded), sum(rejected), sum(quarantined), count(distinct run_id) from raw.load"
        )
        outcomes.append([place.raw(sql) for sql in (closed, books, "select mention_id from raw.mention order by all")])
    assert outcomes[0] == outcomes[1]
    assert {row[0] for row in outcomes[0][0]} == {"open", "released", "returned", "discarded"}


def test_a_source_that_is_gone_or_needs_its_page_says_what_to_do_and_keeps_the_items(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.forget_pages()
    with duckdb.connect(str(place.folder / "data/soundings.duckdb")) as con:
        con.execute("update raw.quarantine set verb = null")
    [error] = place.release()
    assert "no more in landing" in error
    place.config.write_text(place.config.read_text().replace('name = "export"', 'name = "other"'))
    assert "source export is no more in soundings.toml" in place.release()[0]
    assert place.states() == {"open": 5}


def test_a_deleted_mention_has_nothing_to_release(place: Place) -> None:
    with duckdb.connect(str(place.folder / "data/soundings.duckdb")) as con:
        con.execute("update raw.quarantine set payload = null")
    assert place.release() == []
    assert place.states() == {"open": 5}


def test_list_groups_by_source_and_reason_and_names_items_on_request(type_in: Callable[..., Any]) -> None:
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
def test_filters_narrow_the_list(type_in: Callable[..., Any], words: tuple[str, ...], count: int) -> None:
    assert len(json.loads(type_in("list", "--ids", "--json", *words)[1])) == count


def test_show_tells_reasons_and_advice_and_no_payload_gives_the_terminal_orders(
    place: Place, type_in: Callable[..., Any]
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
    place: Place, type_in: Callable[..., Any]
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


def test_a_release_needs_a_choice_and_a_vouch_needs_a_reason(type_in: Callable[..., Any]) -> None:
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


def test_the_journal_knows_a_release_and_what_it_brought(place: Place) -> None:
    place.release(Choice(reason="not_before"))
    newest = runs.latest(place.folder / "data")
    assert newest is not None
    assert (newest.kind, newest.state) == ("quarantine", "completed")
    assert place.states() == {"open": 5, "returned": 2}


def test_a_warehouse_of_an_older_version_is_a_sentence(place: Place, type_in: Callable[..., Any]) -> None:
    with duckdb.connect(str(place.folder / "data/soundings.duckdb")) as con:
        con.execute("alter table raw.quarantine drop column verb")
    assert "is of an older version" in type_in("list", "--ids")[2]


def test_a_run_at_work_keeps_the_warehouse_and_the_commands_say_so(place: Place, type_in: Callable[..., Any]) -> None:
    with hold_lock(place.folder / "data", "tonight"):
        assert "a run is at work" in type_in("list")[2]
        code, _, err = type_in("discard", "--all", "--yes", "--because", "x")
        assert (code, "in use by run tonight" in err) == (2, True)
