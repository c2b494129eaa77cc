# ruff: noqa: S608 - SQL is put together from our own text; what an operator types and a post says are parameters
"""What was refused: to look at, to take out for a release, and to close. It comes in and goes out by the loader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

import duckdb
import msgspec

from warehouse.errors import WarehouseError

State = Literal["open", "released", "returned", "discarded"]
ITEMS_AT_ONCE = 20_000
BYTES_AT_ONCE = 64 * 1024 * 1024  # of payloads; one larger than this comes alone
SHORTEST_ID = 6  # characters of an id that name an item, as long as no other begins so


@dataclass(frozen=True)
class Choice:
    """Which items: all that agree with every filter that is set; `ids` are whole or their first characters."""

    ids: tuple[str, ...] = ()
    source: str | None = None
    platform: str | None = None
    run_id: str | None = None
    reason: str | None = None  # stands in one of the item's reasons
    mention_id: str | None = None
    since: datetime | None = None  # quarantined then or later
    state: State | None = "open"

    @property
    def is_everything(self) -> bool:
        """Whether nothing but the state narrows it down."""
        return replace(self, state=None) == Choice(state=None)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One refused item. Grain: quarantine_id."""

    quarantine_id: str
    run_id: str
    source: str
    platform: str
    page_id: str
    item_no: int
    mention_id: str | None
    reasons: list[str]
    payload: str | None  # verbatim; None: the mention was deleted, or the item is closed
    quarantined_at: datetime
    state: State
    verb: str | None
    topic_id: str | None
    page_as_of: datetime  # the run's, where an older warehouse did not note the page's
    request: str | None
    closed_at: datetime | None
    closed_run_id: str | None
    note: str | None
    waived: list[str] | None
    successor_id: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Items of one source refused for one reason; an item with two reasons stands in two groups."""

    source: str
    reason: str
    state: State
    items: int
    first_at: datetime
    last_at: datetime


_CHOSEN = """
    ($source::varchar is null or q.source = $source)
    and ($platform::varchar is null or q.platform = $platform)
    and ($run_id::varchar is null or q.run_id = $run_id)
    and ($mention_id::varchar is null or q.mention_id = $mention_id)
    and ($since::timestamp is null or q.quarantined_at >= $since)
    and ($state::varchar is null or q.state = $state)
    and ($reason::varchar is null or len(list_filter(q.reasons, lambda reason: contains(reason, $reason))) > 0)
    and (len($ids::varchar[]) = 0 or list_contains($ids::varchar[], q.quarantine_id))
"""
_PAGE_AS_OF = (
    "coalesce(q.page_as_of, (select any_value(as_of) from raw.run where run.run_id = q.run_id), q.quarantined_at)"
)
_COLUMNS = ", ".join(
    f"{_PAGE_AS_OF} as page_as_of" if name == "page_as_of" else f"q.{name}" for name in Item.__struct_fields__
)


def named(con: duckdb.DuckDBPyConnection, choice: Choice) -> Choice:
    """The choice with whole ids. Raises WarehouseError where one names no item, or several."""
    found = []
    for given in choice.ids:
        rows = con.execute(
            "select quarantine_id from raw.quarantine where starts_with(quarantine_id, ?) limit 2", [given]
        ).fetchall()
        if len(given) < SHORTEST_ID or len(rows) != 1:
            problem = "names no item" if not rows else f"is not clear; give {SHORTEST_ID} characters or more of the id"
            raise WarehouseError(f"{given[:40]!r} {problem} of the quarantine: soundings quarantine list --ids")
        found.append(str(rows[0][0]))
    return replace(choice, ids=tuple(found))


def count(con: duckdb.DuckDBPyConnection, choice: Choice) -> int:
    """How many items are chosen."""
    query = f"select count(*) from raw.quarantine as q where {_CHOSEN}"
    [(number,)] = con.execute(query, _parameters(choice)).fetchall()
    return int(number)


def groups(con: duckdb.DuckDBPyConnection, choice: Choice) -> list[Group]:
    """The chosen items by source, reason and state, the most frequent first."""
    rows = con.execute(
        "select source, reason, state, count(*), min(quarantined_at), max(quarantined_at) from ("
        "select q.source, unnest(q.reasons) as reason, q.state, q.quarantined_at"
        f" from raw.quarantine as q where {_CHOSEN}) group by all order by count(*) desc, source, reason, state",
        _parameters(choice),
    )
    return [Group(**dict(zip(Group.__struct_fields__, row, strict=True))) for row in rows.fetchall()]


def items(con: duckdb.DuckDBPyConnection, choice: Choice, limit: int) -> list[Item]:
    """The chosen items, the newest first."""
    rows = con.execute(
        f"select {_COLUMNS} from raw.quarantine as q where {_CHOSEN}"
        " order by q.quarantined_at desc, q.source, q.page_id, q.item_no limit $most",
        {**_parameters(choice), "most": limit},
    )
    return [_item(row) for row in rows.fetchall()]


def portions(con: duckdb.DuckDBPyConnection, choice: Choice, run_id: str) -> Iterator[list[Item]]:
    """The chosen open items with a payload, in portions of one source and clock that fit into memory.

    Whoever takes a portion closes its items before asking for the next. What this run has put back itself is not
    among them, so that a run which was cut off does not try it again.
    """
    clocks = con.execute(
        f"select distinct q.source, {_PAGE_AS_OF} as page_as_of from raw.quarantine as q where {_CHOSEN}"
        " and q.payload is not null order by page_as_of, source",
        _parameters(choice),
    ).fetchall()
    for source, page_as_of in clocks:
        last: tuple[str, int] = ("", -1)
        while portion := _portion(con, choice, run_id, source, page_as_of, last):
            yield portion
            last = (portion[-1].page_id, portion[-1].item_no)


def _portion(
    con: duckdb.DuckDBPyConnection,
    choice: Choice,
    run_id: str,
    source: str,
    page_as_of: datetime,
    last: tuple[str, int],
) -> list[Item]:
    rows = con.execute(
        f"with chosen as (select {_COLUMNS} from raw.quarantine as q where {_CHOSEN}),"
        " measured as (select *, row_number() over places as place, sum(strlen(payload)) over places as bytes"
        " from chosen where state = 'open' and payload is not null and run_id <> $this_run"
        " and source = $of_source and page_as_of = $of_clock and (page_id, item_no) > ($page_id, $item_no)"
        " window places as (order by page_id, item_no))"
        f" select {', '.join(Item.__struct_fields__)} from measured"
        f" where place = 1 or (place <= {ITEMS_AT_ONCE} and bytes <= {BYTES_AT_ONCE}) order by place",
        {
            **_parameters(choice),
            "this_run": run_id,
            "of_source": source,
            "of_clock": page_as_of,
            "page_id": last[0],
            "item_no": last[1],
        },
    )
    return [_item(row) for row in rows.fetchall()]


def discard(con: duckdb.DuckDBPyConnection, choice: Choice, because: str, closed_at: datetime) -> int:
    """Close the chosen open items for good: their payload goes, the row and its reasons stay; how many."""
    rows = con.execute(
        "update raw.quarantine as q set state = 'discarded', payload = null, note = $note, closed_at = $closed_at"
        f" where {_CHOSEN}",
        {**_parameters(replace(choice, state="open")), "note": because, "closed_at": closed_at},
    ).fetchall()
    return int(rows[0][0])


def _parameters(choice: Choice) -> dict[str, object]:
    return {**asdict(choice), "ids": list(choice.ids)}


def _item(row: Sequence[object]) -> Item:
    return Item(**dict(zip(Item.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]
