"""What was refused is kept whole, and comes in after a fix as a run of its own, or goes back with its new reasons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from places import BOTH_FORMS, NIGHT, Place

from flows import runs
from warehouse import quarantine as stored
from warehouse.quarantine import Choice


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


def test_the_journal_knows_a_release_and_what_it_brought(place: Place) -> None:
    place.release(Choice(reason="not_before"))
    newest = runs.latest(place.folder / "data")
    assert newest is not None
    assert (newest.kind, newest.state) == ("quarantine", "completed")
    assert place.states() == {"open": 5, "returned": 2}
