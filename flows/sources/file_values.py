"""Times and counts as people's exports write them, read column by column.

The patterns name ASCII digits and blanks: compiling Unicode's `\\d` and `\\s` costs more than a page of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

EPOCHS = {"unix": 1_000_000, "unix_ms": 1_000}  # microseconds
_MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}


def count(name: str) -> pl.Expr:
    """A count, NULL where it is none: 1234, 1,234, 1 234, 12.0, 1.2K."""
    plain = pl.col(name).str.to_lowercase().str.replace_all(r"[ ,\t\u{a0}\u{202f}'’]", "")
    number = plain.str.replace(r"[kmb]$", "").cast(pl.Float64, strict=False)
    magnitude = plain.str.slice(-1).replace_strict(_MAGNITUDES, default=1.0, return_dtype=pl.Float64)
    return (number * magnitude).round().cast(pl.Int64, strict=False)


def time(name: str, formats: Sequence[str], zone: str) -> pl.Expr:
    """A time in the first format that fits, as UTC without zone; NULL where none fits."""
    column = pl.col(name).str.strip_chars()
    return pl.coalesce([reading for each in formats for reading in _readings(column, each, zone)])


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
    if "%z" in time_format or "%#z" in time_format:
        moment = column.str.to_datetime(time_format, time_unit="us", time_zone="UTC", strict=False)
        return moment.dt.replace_time_zone(None)
    if "%H" in time_format or "%I" in time_format:
        local = column.str.to_datetime(time_format, time_unit="us", strict=False)
    else:
        local = column.str.to_date(time_format, strict=False).cast(pl.Datetime("us"))
    if zone == "UTC":
        return local
    moment = pl.coalesce(_zoned(local, zone), _zoned(local + pl.duration(hours=1), zone))
    return moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _zoned(local: pl.Expr, zone: str) -> pl.Expr:
    """Local time in its zone: the first of an hour that comes twice, NULL in an hour that is skipped."""
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
