"""Times and counts as people's exports write them, read column by column.

The patterns name ASCII digits and blanks: compiling Unicode's `\\d` and `\\s` costs more than a page of rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

EPOCHS = {"unix": 1_000_000, "unix_ms": 1_000}  # microseconds
# What a Python datetime holds, less a day at both ends: no time zone and no second more leads out of it.
FIRST, AFTER_LAST = datetime(1, 1, 2), datetime(9999, 12, 31)  # noqa: DTZ001 - times are UTC without zone
_MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}
_GROUPS = "|".join(f"(?:{mark}[0-9]{{3}})+" for mark in (" ", ",", "'", "’", r"\u{a0}", r"\u{202f}"))
_WHOLE = rf"^-?(?:[0-9]+|[0-9]{{1,3}}(?:{_GROUPS}))(?:\.00?)?$"
_SHORT = r"^([0-9]+(?:\.[0-9]+)?)[kmb]$"
_HOUR = re.compile(r"%[-_0]?[HIklTRrXcs+]")
_OFFSET = re.compile(r"%(?::{0,3}z|#z|\+)")


def count(name: str) -> pl.Expr:
    """A count, NULL where it is none or means one thing here and another there (1.234; 1,5K).

    1234, 12.0, 1,234 and the like in groups of three, 1.2K.
    """
    written = pl.col(name).str.strip_chars().str.to_lowercase()
    digits = written.str.replace(r"\.00?$", "").str.replace_all(r"[^0-9-]", "")
    whole = pl.when(written.str.contains(_WHOLE)).then(digits).cast(pl.Int64, strict=False)
    magnitude = written.str.slice(-1).replace_strict(_MAGNITUDES, default=None, return_dtype=pl.Float64)
    short = (written.str.extract(_SHORT).cast(pl.Float64, strict=False) * magnitude).round()
    return pl.coalesce(whole, short.cast(pl.Int64, strict=False))


def fault_of(time_format: str, zone: str) -> str | None:
    """Why a format can read no time, tried on one that is written in it; None where it can."""
    if time_format in EPOCHS or time_format == "iso":
        return None
    moment = pl.Series([datetime(2026, 11, 22, 13, 5, 6, tzinfo=UTC)])
    try:
        written = moment.dt.to_string(time_format.replace("%#z", "%z"))
        read = pl.DataFrame({"written": written}).select(time("written", [time_format], zone)).item()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        return str(error).strip().partition("\n")[0][:200]
    return None if read is not None else "it lacks the date or contradicts itself"


def time(name: str, formats: Sequence[str], zone: str) -> pl.Expr:
    """A time in the first format that fits, as UTC without zone; NULL where none fits."""
    column = pl.col(name).str.strip_chars()
    readings = [reading for each in formats for reading in _readings(column, each, zone)]
    return pl.coalesce([_held(reading) for reading in readings])


def _held(moment: pl.Expr) -> pl.Expr:
    return moment.map_batches(_within, pl.Datetime("us"), is_elementwise=True)  # an expression would read it all twice


def _within(moments: pl.Series) -> pl.Series:
    inside = moments.is_between(FIRST, AFTER_LAST, closed="left")
    return moments if inside.all() else moments.set(~inside, None)


def _readings(column: pl.Expr, time_format: str, zone: str) -> list[pl.Expr]:
    if time_format in EPOCHS:
        microseconds = column.cast(pl.Float64, strict=False) * EPOCHS[time_format]
        return [microseconds.round().cast(pl.Int64, strict=False).cast(pl.Datetime("us"))]
    if time_format == "iso":
        full = _full_iso(column)
        return [_reading(full, each, zone) for each in ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f")]
    return [_reading(column, time_format, zone)]


def _full_iso(column: pl.Expr) -> pl.Expr:
    """ISO 8601 as people's tools write it, with 'T', seconds, and the offset as +hh:mm or +hhmm."""
    date = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
    full = column.str.replace(rf"{date}$", "${1}T00:00:00").str.replace(rf"{date}[ tT]+", "${1}T")
    full = full.str.replace(r"[ \t]*(?:[zZ]|UTC)$", "+0000").str.replace(r"[ \t]+([+-][0-9:]+)$", "$1")
    return full.str.replace(r"T([0-9]{2}:[0-9]{2})($|[+-])", "T$1:00$2").str.replace(r"(T.*[+-][0-9]{2})$", "${1}00")


def _reading(column: pl.Expr, time_format: str, zone: str) -> pl.Expr:
    if _OFFSET.search(time_format):
        moment = column.str.to_datetime(time_format, time_unit="us", time_zone="UTC", strict=False)
        return moment.dt.replace_time_zone(None)
    if _HOUR.search(time_format):
        local = column.str.to_datetime(time_format, time_unit="us", strict=False)
    else:
        local = column.str.to_date(time_format, strict=False).cast(pl.Datetime("us"))
    if zone == "UTC":
        return local
    local = _held(local)
    moment = pl.coalesce(_zoned(local, zone), _zoned(local + pl.duration(hours=1), zone))
    return moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _zoned(local: pl.Expr, zone: str) -> pl.Expr:
    """Local time in its zone: the first of an hour that comes twice, NULL in an hour that is skipped."""
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
