"""A page of a file's rows as records: mapped, typed and checked column by column."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from flows import records
from flows.sources import file_values
from flows.sources.base import MALFORMED, Page, Parsed
from flows.sources.plain_text import from_html
from flows.sources.tables import Tables

if TYPE_CHECKING:
    from flows.sources.file import Columns, Options

IDS = ("native_id", "parent_id", "root_id")
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
TIMES = ("published_at", "edited_at", "captured_at")
ACCOUNT_COUNTS = {"followers": "author_followers", "following": "author_following", "posts": "author_posts"}
DEEPEST = 200  # of objects in objects: what is decoded must be encoded again, on whatever stack
TOO_DEEP = f"the row is nested deeper than {DEEPEST} levels"
_NO_TEXT = pl.lit(None, pl.String)
_NO_TIME = pl.lit(None, pl.Datetime("us"))
_NO_COUNT = pl.lit(None, pl.Int64)
_NO_LIST = pl.lit([], pl.List(pl.String))


def parse_rows(page: Page, lines: Sequence[bytes], options: Options) -> Parsed:
    """Record frames of the page; a row whose required field is missing or unreadable is malformed, alone."""
    beyond: Counter[str] = Counter()
    frame = _typed(_mapped(lines, options.columns, options.known, beyond).lazy(), page, options).collect()
    bad = pl.col("reason").is_not_null()
    malformed = frame.filter(bad).select(MALFORMED.names())
    tables = Tables(frames=_tables(frame.filter(~bad) if len(malformed) else frame))
    return Parsed(len(lines), tables, malformed, None if options.known is None else dict(beyond))


def _tables(good: pl.DataFrame) -> dict[str, pl.DataFrame]:
    has_author = pl.col("author_id").is_not_null()
    account = {"account_id": "author_id", "native_id": "author_native", "handle": "author_handle"}
    unknown = {"url": _NO_TEXT, "is_bot": pl.lit(None, pl.Boolean), "created_at": _NO_TIME}
    edge = pl.when(pl.col("kind").is_in(["quote", "repost"])).then("kind").otherwise(pl.lit("reply"))
    target = {"actor_id": "author_id", "target_mention_id": "parent_id", "occurred_at": "published_at"}
    rows = good.lazy()
    frames: list[tuple[type[records.Record], pl.LazyFrame]] = [
        (records.Mention, rows),
        (records.EngagementSnapshot, rows.filter(_any_told(COUNTS))),
        (records.Account, rows.filter(has_author).with_columns(**account, **unknown, display_name="author_name")),
        (
            records.AccountSnapshot,
            rows.filter(has_author & _any_told(ACCOUNT_COUNTS)).with_columns(account_id="author_id"),
        ),
        (
            records.Interaction,
            rows.filter(pl.col("parent_id").is_not_null()).with_columns(**target, kind=edge, target_id=_NO_TEXT),
        ),
    ]
    names = {record: name for name, record in records.TABLES.items()}
    shaped = [
        frame.select(pl.col(n).cast(t) for n, t in records.schema(record, lineage=True).items())
        for record, frame in frames
    ]
    return dict(zip((names[record] for record, _ in frames), pl.collect_all(shaped), strict=True))


def _any_told(names: Sequence[str] | dict[str, str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in names)


def _mapped(
    lines: Sequence[bytes], columns: Columns, known: frozenset[str] | None, beyond: Counter[str]
) -> pl.DataFrame:
    """The mapped columns as strings (NULL: absent or empty), item_no and, for lines that are no object, a reason.

    Columns beyond the `known` are counted in `beyond`.
    """
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    rows: list[dict[str, Any]] = []
    reasons: list[str | None] = []
    for line in lines:
        try:
            row, reason = decode(line), None
            if (b"[" in line or line.find(b"{", 1) > 0) and _is_deep(line, row):
                row, reason = {}, TOO_DEEP
            if known is not None:
                beyond.update(row.keys() - known)
        except RecursionError:
            row, reason = {}, TOO_DEEP
        except (msgspec.DecodeError, UnicodeDecodeError):
            row, reason = {}, _broken(line)
        rows.append(row)
        reasons.append(reason)
    mapped = {name: _column(rows, paths, is_id=name in IDS) for name, paths in columns if paths is not None}
    unmapped = [_NO_TEXT.alias(name) for name in type(columns).model_fields if name not in mapped]
    numbers = pl.int_range(len(rows), dtype=pl.Int64, eager=True)
    frame = pl.DataFrame({"item_no": numbers, "reason": pl.Series(reasons, dtype=pl.String), **mapped})
    return frame.with_columns(*unmapped, *(pl.col(name).replace("", None) for name in mapped))


def _column(rows: Sequence[dict[str, Any]], paths: str | list[str], *, is_id: bool) -> pl.Series:
    """One mapped field of all rows; several paths are one text, or one id where each has a part."""
    if isinstance(paths, list) and is_id:
        keys = [[_text(_reach(row, path)) for path in paths] for row in rows]
        return pl.Series(["/".join(filter(None, key)) if all(key) else None for key in keys], dtype=pl.String)
    if isinstance(paths, list):
        joined = [[part for path in paths if (part := _text(_reach(row, path)))] for row in rows]
        return pl.Series(["\n\n".join(parts) for parts in joined], dtype=pl.String)
    values = [_reach(row, paths) for row in rows] if "." in paths else [row.get(paths) for row in rows]
    try:
        return pl.Series(values, dtype=pl.String, strict=True)
    except TypeError:  # numbers and nested values, as JSON has them
        return pl.Series([_text(value) for value in values], dtype=pl.String)


def _reach(row: dict[str, Any], path: str) -> Any:
    """The value at a dotted path; a column whose own name has the dots wins."""
    if path in row:
        return row[path]
    value: Any = row
    return reduce(lambda inner, key: inner.get(key) if isinstance(inner, dict) else None, path.split("."), value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list) and value and all(map(_is_text, value)):
        return "".join(each if isinstance(each, str) else each["text"] for each in value)
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)


def _is_text(part: Any) -> bool:
    """A piece of a text that is written as a list: plain, or marked up as an object."""
    return isinstance(part, str) or (isinstance(part, dict) and isinstance(part.get("text"), str))


def _is_deep(line: bytes, row: dict[str, Any]) -> bool:
    if line.count(b"{") + line.count(b"[") <= DEEPEST:
        return False
    depth = 0
    level: list[dict[str, Any] | list[Any]] = [row]
    while level and depth <= DEEPEST:
        depth += 1
        values = (value for each in level for value in (each.values() if isinstance(each, dict) else each))
        level = [value for value in values if isinstance(value, dict | list)]
    return depth > DEEPEST


def _broken(line: bytes) -> str:
    try:
        fields = msgspec.json.decode(line, type=list[Any])
    except RecursionError:
        return TOO_DEEP
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the line is no JSON object"
    return f"the row has {len(fields)} fields, not as many as the header"


def _typed(frame: pl.LazyFrame, page: Page, options: Options) -> pl.LazyFrame:
    """All record columns, typed, with the reason why a row cannot be read."""
    mapped = {name for name, path in options.columns if path is not None}
    written = {n: n for n in (*TIMES, *COUNTS)} | ACCOUNT_COUNTS  # our column, and the mapped one it is read from
    times = {n: file_values.time(n, options.time_formats, options.timezone) for n in TIMES if n in mapped}
    counts = {n: file_values.count(column) for n, column in written.items() if n not in TIMES and column in mapped}
    untold = {n: _NO_TIME if n in TIMES else _NO_COUNT for n, column in written.items() if column not in mapped}
    is_written = {f"is_{n}_written": pl.col(written[n]).is_not_null() for n in (*times, *counts)}
    unread = [
        _reason(pl.col(f"is_{name}_written") & pl.col(name).is_null(), f"{written[name]}: {complaint}")
        for values, complaint in ((times, "not a time as time_format says"), (counts, "not a number"))
        for name in values
    ]
    missing = [
        _reason(is_missing, f"required field '{getattr(options.columns, name)}' is missing")
        for name, is_missing in (
            ("native_id", pl.col("native_id").is_null()),
            ("published_at", ~pl.col("is_published_at_written")),
        )
    ]
    scientific = pl.col("native_id").str.contains(r"^[0-9](\.[0-9]+)?[eE]\+[0-9]+$")
    destroyed = _reason(scientific, "the id is in scientific notation: a spreadsheet has destroyed it")
    reasons = pl.concat_str([pl.col("reason"), *missing, destroyed, *unread], separator="; ", ignore_nulls=True)
    typed = frame.with_columns(**is_written, **times, **counts, **untold).with_columns(reason=reasons.replace("", None))
    typed = typed.with_columns(*_identities(options), *_texts(options), page_id=pl.lit(page.page_id))
    captured_at = pl.coalesce("captured_at", pl.lit(page.as_of, pl.Datetime("us")))
    age = (captured_at - pl.col("published_at")).dt.total_seconds(fractional=True) / 3600
    return typed.with_columns(captured_at=captured_at, age_hours=age, deleted_at=_NO_TIME)


def _reason(condition: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(condition).then(pl.lit(reason))


def _identities(options: Options) -> list[pl.Expr]:
    def identity(column: pl.Expr) -> pl.Expr:
        return pl.format("{}:{}", platform, column)

    platform = pl.lit(options.platform)
    if options.columns.platform:
        told = pl.col("platform").str.strip_chars().str.to_lowercase()
        platform = told.replace_strict(options.platforms, default=options.platform, return_dtype=pl.String)
    handle = pl.col("author_handle").str.strip_chars("@ ").str.to_lowercase()
    if options.account:
        nobody = pl.col("author_id").is_null() & handle.is_null()
        handle = pl.when(nobody).then(pl.lit(options.account.strip("@ ").lower())).otherwise(handle)
    author = pl.coalesce("author_id", handle)
    default = pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("reply")).otherwise(pl.lit("post"))
    kind = pl.col("kind")
    if options.kinds:
        kind = kind.replace_strict(options.kinds, default=None, return_dtype=pl.String)
    return [
        platform.alias("platform"),
        identity(pl.col("native_id")).alias("mention_id"),
        identity(pl.col("parent_id")).alias("parent_id"),
        identity(pl.col("root_id")).alias("root_id"),
        author.alias("author_native"),
        identity(author).alias("author_id"),
        handle.alias("author_handle"),
        pl.coalesce(kind, default).alias("kind"),
        pl.lit("query").alias("found_by"),
        pl.col("language").alias("language_reported"),
    ]


def _texts(options: Options) -> list[pl.Expr]:
    """Plain text; markup and entities are decoded row by row, but only in the rows that have any."""
    text = pl.col("text").fill_null("")
    marked = text.str.contains(r"[<&]" if options.html else r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z0-9]+);")
    decoded = pl.when(marked).then(text).map_elements(from_html if options.html else html.unescape, pl.String)
    link = pl.when(pl.col("link").is_not_null()).then(pl.concat_list("link")).otherwise(_NO_LIST)
    return [
        pl.when(marked).then(decoded).otherwise(text).alias("text"),
        link.alias("links"),
        *(_NO_LIST.alias(name) for name in ("hashtags", "handles", "media_formats")),
    ]
