"""Validation of a million mentions and as many snapshots, beside one aggregate pass written by hand."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import polars as pl

from expectations.validate import validate
from flows import records
from flows.matching import ITEM

T = TypeVar("T")
ROWS = 1_000_000
AS_OF = datetime(2026, 1, 2)
FEW_QUESTIONS = """
select
    count(*), count(*) filter (mention_id is null), count(*) filter (not regexp_matches(mention_id, '^[a-z0-9_]+:.+$')),
    count(*) filter (published_at is null), count(*) filter (published_at > timestamp '2026-01-02 00:02:00'),
    count(*) filter (length(text) > 100000), count(*) filter (contains(text, chr(0))),
    count(*) filter (not regexp_matches(url, '^https?://')),
    count(*) filter (found_by not in ('query', 'account', 'thread'))
from read_parquet('{folder}/mention.parquet')
union all
select
    count(*), count(*) filter (mention_id is null), count(*) filter (captured_at is null),
    count(*) filter (age_hours < 0),
    count(*) filter (likes < 0), count(*) filter (replies < 0), count(*) filter (likes > 1e12),
    count(*) filter (replies > 1e12), 0
from read_parquet('{folder}/engagement_snapshot.parquet')
"""

_COUNTERS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
_ID = "'^[a-z0-9_-]+:[^\\x00-\\x1f\\x7f]+$'"
_MENTION = (
    *(f"{c} is null" for c in ("mention_id", "platform", "native_id", "kind", "found_by", "text", "published_at")),
    *(f"not regexp_matches({column}, {_ID})" for column in ("mention_id", "author_id", "parent_id", "root_id")),
    "mention_id <> platform || ':' || native_id", "length(native_id) not between 1 and 512", "length(author_id) > 600",
    "regexp_matches(native_id, '^([0-9]+[.]0|[0-9]([.][0-9]+)?[eE][+][0-9]+)$')",
    "platform in ('x', 'twitter') and not regexp_matches(native_id, '^[0-9]{1,20}$')",
    "platform = 'hackernews' and not regexp_matches(native_id, '^[0-9]{1,12}$')",
    "kind not in ('post', 'comment', 'reply', 'quote', 'repost', 'article', 'question', 'answer', 'poll')",
    "found_by not in ('query', 'account', 'thread')", "length(text) > 100000", "contains(text, chr(0))",
    "contains(text, repeat(chr(65533), 8))", "contains(text, chr(65533))", "regexp_matches(text, '[\\x{80}-\\x{9f}]')",
    "regexp_matches(text, '[ÂÃ][\\x{80}-\\x{bf}]|â€|ðŸ')", "regexp_matches(text, '&(amp|lt|gt|quot|nbsp);|<br|</')",
    "regexp_matches(text, '\\\\u[0-9a-fA-F]{4}')", "text = '' and len(links) = 0 and len(media_formats) = 0",
    "not regexp_matches(url, '^https?://[^/]')", "length(url) > 4096",
    "not regexp_matches(array_to_string(links, ' '), '^https?://')",
    "not regexp_matches(language_reported, '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$')",
    "not list_has_all(['image', 'video', 'audio', 'link', 'poll'], media_formats)",
    "published_at < timestamp '2006-03-21'", "edited_at < published_at", "parent_id = mention_id",
    *(f"{at} > timestamp '2026-01-02 00:02:00'" for at in ("published_at", "edited_at", "deleted_at")),
)  # fmt: skip
_SNAPSHOT = (
    "mention_id is null", "captured_at is null", "age_hours is null", f"not regexp_matches(mention_id, {_ID})",
    "captured_at > timestamp '2026-01-02 00:02:00'", "age_hours not between -0.04 and 1000000",
    *(f"{counter} not between 0 and 1000000000000" for counter in _COUNTERS),
    *(f"{counter} is null and split_part(mention_id, ':', 1) = 'x'" for counter in _COUNTERS),
    *(f"{counter} is not null and split_part(mention_id, ':', 1) <> 'x'" for counter in _COUNTERS),
    f"coalesce({', '.join(_COUNTERS)}) is null",
)  # fmt: skip
_TWICE = "select count(*) from (select 1 from {rows} group by hash({keys}) having count(*) > {most})"
SAME_QUESTIONS = (
    f"select {', '.join(f'count_if({question})' for question in _MENTION)} from {{mention}}",
    f"select {', '.join(f'count_if({question})' for question in _SNAPSHOT)} from {{engagement_snapshot}}",
    _TWICE.format(rows="{mention}", keys="page_id, item_no, mention_id", most=1),
    _TWICE.format(rows="{mention}", keys="text", most=50),
    _TWICE.format(rows="{engagement_snapshot}", keys="page_id, item_no, mention_id, captured_at", most=1),
    "select count(*) from {mention} as m anti join {mention} as p on m.parent_id = p.mention_id"
    " where m.parent_id is not null and m.found_by = 'thread'",
)
"""What the suites ask of these two tables, but for their lookups in the warehouse, as one would write it at once."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage(folder)
        validate(folder, as_of=AS_OF)  # compiles the suites once, as the first night does
        ours, verdict = _cost(lambda: validate(folder, as_of=AS_OF))
        tables = {name: f"read_parquet('{folder}/{name}.parquet')" for name in ("mention", "engagement_snapshot")}
        few, _ = _cost(lambda: _ask(FEW_QUESTIONS.format(folder=folder)))
        questions = [_over(query, tables) for query in SAME_QUESTIONS]
        same, _ = _cost(lambda: _ask(*questions))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"validation: {ROWS:,} mentions and as many snapshots, {len(verdict.rules)} rules: {ours:.2f} CPU s; "
            f"the same questions by hand {same:.2f} s: {ours / same:.1f} times; one short pass of 17 of them "
            f"{few:.2f} s: {ours / few:.1f} times; peak RSS {peak:.0f} MB"
        )


def _cost(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds, the least of three: other programs' load does not count."""
    costs = []
    for _ in range(3):
        began = time.process_time()
        result = work()
        costs.append(time.process_time() - began)
    return min(costs), result


def _over(query: str, tables: Mapping[str, str]) -> str:
    for name, rows in tables.items():
        query = query.replace(f"{{{name}}}", rows)
    return query


def _ask(*queries: str) -> None:
    with duckdb.connect() as con:
        for query in queries:
            con.execute(query).fetchall()


def stage(folder: Path) -> None:
    """A batch in which nothing is wrong, made of columns."""
    number = pl.int_range(ROWS)
    lineage = {"page_id": pl.lit("w/a/0001-x"), "item_no": number}
    key = pl.format("x:{}", number)
    blank = {n: pl.lit(None, t) for n, t in records.schema(records.Mention).items()}
    mention = blank | {
        "mention_id": key,
        "platform": pl.lit("x"),
        "native_id": number.cast(pl.String),
        "kind": pl.lit("post"),
        "text": pl.format("Acme is late again, they said at gate {}", number.hash(1)),
        "url": pl.format("https://x.example/{}", number),
        "published_at": pl.lit(datetime(2026, 1, 1)),
        "found_by": pl.lit("query"),
    }
    nothing = {n: pl.lit(None, t) for n, t in records.schema(records.EngagementSnapshot).items()}
    snapshot = nothing | {
        "mention_id": key,
        "captured_at": pl.lit(AS_OF),
        "age_hours": pl.lit(24.0),
        "likes": number % 97,
        "replies": number % 7,
    }
    item = {n: pl.lit(None, t) for n, t in ITEM.items()} | {"mention_id": key, "outcome": pl.lit("candidate")}
    for name, columns in (("mention", mention), ("engagement_snapshot", snapshot), ("item", item)):
        pl.select(**{**columns, **lineage}).write_parquet(folder / f"{name}.parquet")
    about = {
        "batch_id": "bench",
        "run_id": "bench",
        "source": "bench",
        "platform": "x",
        "as_of": AS_OF.isoformat(),
        "pages": 1,
    }
    (folder / "batch.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main()
