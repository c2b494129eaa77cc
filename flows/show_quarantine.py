"""Quarantined items on a terminal. What posts say is hostile: nothing of it reaches the terminal but as plain text."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.markup import escape
from rich.table import Table

from expectations.plans import Rule, load_plans
from flows.present import out, say, visible
from warehouse.quarantine import Group, Item

MOST_GROUPS = 50
LONGEST_REASON = 60  # characters in a table; `show` has them whole
LONGEST_PAYLOAD = 20_000  # characters on the terminal; --json has all
MALFORMED = "the source's parser cannot read it: mend the parser or the mapping, then release"


def groups(found: Sequence[Group], number: int) -> None:
    """A row for each source and reason."""
    if not found:
        say("Nothing is in quarantine that is like that.")
        return
    table = _table("source", "reason", "state", "newest")
    table.add_column("items", justify="right")
    for group in found[:MOST_GROUPS]:
        newest = f"{group.last_at:%Y-%m-%d}"
        table.add_row(_cell(group.source), _cell(_short(group.reason)), group.state, newest, f"{group.items:,}")
    out.print(table)
    more = f" {len(found) - MOST_GROUPS} more reasons: narrow it by --source or --reason." * (len(found) > MOST_GROUPS)
    say(f"{number:,} items; one with several reasons stands in several rows.{more}")
    say("Which: soundings quarantine list --ids. Then: soundings quarantine show ID")


def items(found: Sequence[Item], number: int) -> None:
    """A row for each item."""
    if not found:
        say("Nothing is in quarantine that is like that.")
        return
    table = _table("id", "source", "mention", "refused", "state", "reasons")
    for item in found:
        more = f" (+{len(item.reasons) - 1})" if len(item.reasons) > 1 else ""
        table.add_row(
            item.quarantine_id[:8],
            _cell(item.source),
            _cell(_short(item.mention_id or "not told")),
            f"{item.quarantined_at:%Y-%m-%d %H:%M}",
            item.state,
            _cell(_short(item.reasons[0]) + more),
        )
    out.print(table)
    if len(found) < number:
        say(f"The newest {len(found):,} of {number:,}; narrow it by a filter, or take all with --json.")


def details(found: Sequence[Item]) -> None:
    """Every field of each item, its reasons with what to do, and its payload."""
    rules = {f"{plan.table}.{rule.name}": rule for plan in load_plans() for rule in plan.rules}
    for item in found:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in _fields(item):
            table.add_row(name, _cell(value))
        for reason in item.reasons:
            table.add_row("reason", _cell(reason))
            table.add_row("", _cell(_advice(reason, rules)))
        out.print(table)
        if item.payload is None:
            say("No payload: the item is closed, or the platform says that the mention is deleted.")
        else:
            out.out(_payload(item.payload), highlight=False)


def as_json(found: Sequence[Group] | Sequence[Item]) -> None:
    """For programs; ASCII only, so that a terminal takes no orders from a post either."""
    document: list[Any] = msgspec.to_builtins(found)
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _fields(item: Item) -> list[tuple[str, str]]:
    told = [
        ("id", item.quarantine_id),
        ("mention", item.mention_id),
        ("source", f"{item.source} ({item.platform})"),
        ("refused", f"{item.quarantined_at} UTC in run {item.run_id}"),
        ("item", f"{item.item_no} of page {item.page_id}, as of {item.page_as_of}"),
        ("request", item.request),
        ("state", item.state),
        (
            "closed",
            item.closed_at and f"{item.closed_at} UTC {f'in run {item.closed_run_id}' if item.closed_run_id else ''}",
        ),
        ("because", item.note),
        ("waived", ", ".join(item.waived or [])),
        ("now", item.successor_id and f"soundings quarantine show {item.successor_id[:8]}"),
    ]
    return [(name, str(value)) for name, value in told if value]


def _advice(reason: str, rules: dict[str, Rule]) -> str:
    rule = rules.get(reason)
    if rule is None:
        return MALFORMED
    return "; ".join(part for part in (rule.why, rule.fix) if part)


def _payload(payload: str) -> str:
    """Laid out where it is JSON; cut, and with nothing in it that a terminal would obey."""
    try:
        laid_out = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        laid_out = payload
    cut = f"\n… {len(laid_out) - LONGEST_PAYLOAD:,} characters more: --json" * (len(laid_out) > LONGEST_PAYLOAD)
    return visible(laid_out[:LONGEST_PAYLOAD], keep="\n") + cut


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"


def _cell(text: str) -> str:
    return escape(visible(text))


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    return table
