"""A page of a file's rows as records: mapped, typed and checked column by column."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from flows import records
from flows.sources.base import MALFORMED, Page, Parsed
from flows.sources.plain_text import from_html

if TYPE_CHECKING:
    from flows.sources.file import Columns, Options

COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
ACCOUNT_COUNTS = {"followers": "author_followers", "following": "author_following", "posts": "author_posts"}
ISO = [
    f"%Y-%m-%d{between}%H:%M{seconds}{zone}"
    for between in ("T", " ")
    for seconds in (":%S%.f", "")
    for zone in ("%z", " %z", "")
] + ["%Y-%m-%d"]
_MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}


def parse_rows(page: Page, lines: Sequence[bytes], options: Options) -> Parsed:
    """Record frames of the page; a row whose required field is missing or unreadable is malformed, alone."""
    frame = _typed(_mapped(lines, options), page, options)
    bad = pl.col("reason").is_not_null()
    malformed = frame.filter(bad).select(pl.lit(page.page_id).alias("page_id"), "item_no", "mention_id", "reason")
    good = frame.filter(~bad).with_columns(pl.lit(page.page_id).alias("page_id"))
    tables = {
        "mention": _select(good, records.Mention),
        "engagement_snapshot": _select(
            good.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in COUNTS)), records.EngagementSnapshot
        ),
        "account": _select(
            good.filter(pl.col("author_id").is_not_null()).with_columns(
                account_id="author_id", native_id="author_native", handle="author_handle", display_name="author_name",
                url=pl.lit(None, pl.String), is_bot=pl.lit(None, pl.Boolean), created_at=pl.lit(None, pl.Datetime("us")),
            ),
            records.Account,
        ),
        "account_snapshot": _select(
            good.filter(
                pl.col("author_id").is_not_null()
                & pl.any_horizontal(pl.col(name).is_not_null() for name in ACCOUNT_COUNTS)
            ).with_columns(account_id="author_id"),
            records.AccountSnapshot,
        ),
        "interaction": _select(
            good.filter(pl.col("parent_id").is_not_null()).with_columns(
                kind=pl.when(pl.col("kind").is_in(["quote", "repost"])).then("kind").otherwise(pl.lit("reply")),
                actor_id="author_id", target_mention_id="parent_id", target_id=pl.lit(None, pl.String),
                occurred_at="published_at",
            ),
            records.Interaction,
        ),
    }  # fmt: skip
    return Parsed(len(lines), {n: t for n, t in tables.items() if len(t)}, malformed.cast(dict(MALFORMED)))  # type: ignore[arg-type]


def _select(frame: pl.DataFrame, record: type[records.Record]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(dtype) for name, dtype in records.schema(record, lineage=True).items())


def _mapped(lines: Sequence[bytes], options: Options) -> pl.DataFrame:
    """The mapped columns as strings (NULL: absent or empty), item_no and, for lines that are no object, a reason."""
    paths = _paths(options.columns)
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    rows: list[list[str | None]] = []
    for line in lines:
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            rows.append([None] * len(paths) + [_broken(line)])
            continue
        rows.append([*(_joined(row, alternatives) for alternatives in paths.values()), None])
    schema = dict.fromkeys([*paths, "reason"], pl.String())
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .with_row_index("item_no")
        .with_columns(pl.col("item_no").cast(pl.Int64))
    )


def _paths(columns: Columns) -> dict[str, list[list[str]]]:
    """For each mapped field, the paths into the row that are joined to it."""
    mapped = {name: value for name, value in columns if value is not None}
    return {name: [[path] for path in ([value] if isinstance(value, str) else value)] for name, value in mapped.items()}


def _joined(row: dict[str, Any], paths: list[list[str]]) -> str | None:
    parts = [part for path in paths if (part := _text(_reach(row, path[0]))) is not None]
    return "\n\n".join(parts) or None


def _reach(row: dict[str, Any], path: str) -> Any:
    """The value at a dotted path; a column whose own name has the dots wins."""
    if path in row or "." not in path:
        return row.get(path)
    return reduce(lambda value, key: value.get(key) if isinstance(value, dict) else None, path.split("."), row)  # type: ignore[arg-type,return-value]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)


def _broken(line: bytes) -> str:
    try:
        fields = msgspec.json.decode(line, type=list[Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the line is no JSON object"
    return f"the row has {len(fields)} fields, not as many as the header"


def _typed(frame: pl.DataFrame, page: Page, options: Options) -> pl.DataFrame:
    """All record columns, typed, with the reason why a row cannot be read."""
    names = set(frame.columns)
    text_columns = [n for n in type(options.columns).model_fields if n not in names]
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in text_columns)
    reasons = [pl.col("reason")]
    for name in ("native_id", "published_at"):
        reasons.append(_reason(pl.col(name).is_null(), f"required field '{getattr(options.columns, name)}' is missing"))
    scientific = pl.col("native_id").str.contains(r"^\d(\.\d+)?[eE]\+\d+$")
    reasons.append(_reason(scientific, "the id is in scientific notation: a spreadsheet has destroyed it"))
    typed = []
    for name in ("published_at", "edited_at", "captured_at"):
        time = _time(name, options)
        typed.append(time.alias(name))
        reasons.append(_reason(pl.col(name).is_not_null() & time.is_null(), f"{name}: not a time as time_format says"))
    for name, column in {**dict(zip(COUNTS, COUNTS, strict=True)), **ACCOUNT_COUNTS}.items():
        count = _count(column)
        typed.append(count.alias(name))
        reasons.append(_reason(pl.col(column).is_not_null() & count.is_null(), f"{column}: not a number"))
    return (
        frame.with_columns(
            *typed, pl.concat_str(reasons, separator="; ", ignore_nulls=True).replace("", None).alias("reason")
        )
        .with_columns(
            *_identities(options),
            *_texts(options),
            captured_at=pl.coalesce("captured_at", pl.lit(page.as_of, pl.Datetime("us"))),
        )
        .with_columns(
            age_hours=(pl.col("captured_at") - pl.col("published_at")).dt.total_seconds(fractional=True) / 3600
        )
    )


def _reason(condition: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(condition).then(pl.lit(reason))


def _identities(options: Options) -> list[pl.Expr]:
    def identity(name: str) -> pl.Expr:
        return pl.format(options.platform + ":{}", pl.col(name))

    handle = pl.col("author_handle").str.strip_chars("@ ").str.to_lowercase()
    author = pl.coalesce("author_id", handle)
    default = pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("reply")).otherwise(pl.lit("post"))
    kind = (
        pl.col("kind").replace_strict(options.kinds, default=None, return_dtype=pl.String)
        if options.kinds
        else pl.col("kind")
    )
    return [
        pl.lit(options.platform).alias("platform"),
        identity("native_id").alias("mention_id"),
        identity("parent_id").alias("parent_id"),
        identity("root_id").alias("root_id"),
        author.alias("author_native"),
        pl.format(options.platform + ":{}", author).alias("author_id"),
        handle.alias("author_handle"),
        pl.coalesce(kind, default).alias("kind"),
        pl.lit("query").alias("found_by"),
        pl.lit(None, pl.Datetime("us")).alias("deleted_at"),
        pl.col("language").alias("language_reported"),
    ]


def _texts(options: Options) -> list[pl.Expr]:
    """Plain text; markup and entities are decoded row by row, but only in the rows that have any."""
    text = pl.col("text").fill_null("")
    marked = text.str.contains(r"[<&]" if options.html else r"&(#\d+|#[xX][0-9a-fA-F]+|\w+);")
    plain = from_html if options.html else html.unescape
    link = pl.when(pl.col("link").is_not_null()).then(pl.concat_list("link")).otherwise(pl.lit([], pl.List(pl.String)))
    empty = pl.lit([], pl.List(pl.String))
    return [
        pl.when(marked).then(pl.when(marked).then(text).map_elements(plain, return_dtype=pl.String)).otherwise(text).alias("text"),
        link.alias("links"), empty.alias("hashtags"), empty.alias("handles"), empty.alias("media_formats"),
    ]  # fmt: skip


def _count(name: str) -> pl.Expr:
    """A count as people's exports write it: 1234, 1,234, 1 234, 12.0, 1.2K."""
    plain = pl.col(name).str.to_lowercase().str.replace_all(r"[\s,\u{a0}\u{202f}'’]", "")
    number = plain.str.strip_suffix("k").str.strip_suffix("m").str.strip_suffix("b").cast(pl.Float64, strict=False)
    magnitude = plain.str.slice(-1).replace_strict(_MAGNITUDES, default=1.0, return_dtype=pl.Float64)
    return (number * magnitude).round().cast(pl.Int64, strict=False)


def _time(name: str, options: Options) -> pl.Expr:
    """A time in any of the formats, as UTC without zone."""
    column = pl.col(name).str.strip_chars()
    formats = [options.time_format] if isinstance(options.time_format, str) else options.time_format
    readings = []
    for time_format in formats:
        if time_format in ("unix", "unix_ms"):
            unit = 1_000_000 if time_format == "unix" else 1_000
            readings.append(
                (column.cast(pl.Float64, strict=False) * unit).round().cast(pl.Int64).cast(pl.Datetime("us"))
            )
        elif time_format == "iso":
            zulu = (
                column.str.replace(r"\s*[zZ]$", "+00:00")
                .str.replace(r"(:\d{2}(?:\.\d+)? ?[+-]\d{2})$", "${1}00")
                .str.replace(r" UTC$", "+00:00")
            )
            readings += [_reading(zulu, each, options.timezone) for each in ISO]
        else:
            readings.append(_reading(column, time_format, options.timezone))
    return pl.coalesce(readings)


def _reading(column: pl.Expr, time_format: str, zone: str) -> pl.Expr:
    if "%z" in time_format or "%#z" in time_format:
        return column.str.to_datetime(time_format, time_unit="us", time_zone="UTC", strict=False).dt.replace_time_zone(
            None
        )
    local = (
        column.str.to_datetime(time_format, time_unit="us", strict=False)
        if "%H" in time_format
        else column.str.to_date(time_format, strict=False).cast(pl.Datetime("us"))
    )
    shifted = pl.coalesce(_zoned(local, zone), _zoned(local + pl.duration(hours=1), zone))
    return shifted.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _zoned(local: pl.Expr, zone: str) -> pl.Expr:
    """Local time in its zone: the first of an hour that comes twice, NULL in an hour that is skipped."""
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
