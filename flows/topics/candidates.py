"""Rows that hold terms of a query: one Aho-Corasick pass a stream over the terms of all topics, then NEAR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from flows.topics.near import near_rows
from flows.topics.plan import Plan
from flows.topics.query import Near, Or
from flows.topics.streams import FIELD_END, Place, cut, cut_hosts

Streams = Mapping[Place, pl.Series]
CHUNK_ROWS = 100_000  # bounds the memory: about 250 MB for posts


def candidates(frame: pl.DataFrame, wanted: Sequence[Plan]) -> Iterator[tuple[Plan, pl.DataFrame]]:
    """For each chunk and plan the rows that hold any of its terms: row_no, found, language and a column a NEAR."""
    vocabulary = _vocabulary(wanted)
    places = [Place(*place) for place in vocabulary.select("name", "has_accents").unique().iter_rows()]
    for offset in range(0, frame.height, CHUNK_ROWS):
        chunk = frame.slice(offset, CHUNK_ROWS)
        streams = cut(chunk["text"], places)
        hits = [_hits(part, vocabulary) for part in (streams, _field_streams(chunk, places))]
        language = chunk["language_reported"].str.to_lowercase().str.extract("^([a-z]+)")
        for (number,), found in pl.concat(hits).partition_by("plan", as_dict=True, include_key=False).items():
            rows = found.group_by("row_no").agg(pl.col("found").unique().sort())
            rows = rows.with_columns(language.gather(rows["row_no"]).alias("language"))
            rows = _with_nears(wanted[number], rows, streams)
            yield wanted[number], rows.with_columns(pl.col("row_no") + offset)


def _vocabulary(wanted: Sequence[Plan]) -> pl.DataFrame:
    """One row a plan, term and pattern."""
    rows = [
        (pattern.place.name, pattern.place.has_accents, pattern.text, number, each.numbers[term])
        for number, each in enumerate(wanted)
        for term, found in each.patterns.items()
        for pattern in found
    ]
    schema = {"name": pl.String, "has_accents": pl.Boolean, "pattern": pl.String, "plan": pl.UInt32, "found": pl.UInt16}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _field_streams(chunk: pl.DataFrame, places: Sequence[Place]) -> Streams:
    """The chunk's list columns as streams: handles and hashtags, and the hosts of links where they are wanted."""
    handles = pl.col("handles").list.eval("@" + pl.element()).fill_null([])
    hashtags = pl.col("hashtags").list.eval("#" + pl.element()).fill_null([])
    listed = chunk.select(fields=pl.concat_list(handles, hashtags).list.join(FIELD_END, ignore_nulls=True))["fields"]
    streams = cut(listed, places) if listed.str.len_bytes().max() else {}
    hosts = Place("hosts")
    return {**streams, hosts: cut_hosts(chunk["links"], chunk["text"])} if hosts in places else streams


def _hits(streams: Streams, vocabulary: pl.DataFrame) -> pl.DataFrame:
    """row_no × plan × found (the term's number), perhaps repeated."""
    parts = []
    for place, stream in streams.items():
        wanted = vocabulary.filter(name=place.name, has_accents=place.has_accents).select("pattern", "plan", "found")
        if not wanted.is_empty():
            found = stream.str.extract_many(wanted["pattern"].unique().to_list(), overlapping=True)
            hits = pl.DataFrame({"pattern": found}).with_row_index("row_no").explode("pattern").drop_nulls()
            parts.append(hits.join(wanted, on="pattern").drop("pattern"))
    schema = {"row_no": pl.UInt32, "plan": pl.UInt32, "found": pl.UInt16}
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _with_nears(each: Plan, rows: pl.DataFrame, streams: Streams) -> pl.DataFrame:
    """NEAR is looked at only where both its sides were found."""
    for number, near in enumerate(each.nears):
        close = rows.filter(each.holds(Or(near.left)) & each.holds(Or(near.right)))["row_no"]
        rows = rows.with_columns(
            pl.col("row_no").is_in(_near(each, near, close, streams).implode()).alias(f"near_{number}")
        )
    return rows


def _near(each: Plan, near: Near, row_nos: pl.Series, streams: Streams) -> pl.Series:
    part = {place: stream.gather(row_nos) for place, stream in streams.items()}
    left, right = ([found for term in side for found in each.patterns[term]] for side in (near.left, near.right))
    return row_nos.gather(near_rows(part, left, right, near.distance))
