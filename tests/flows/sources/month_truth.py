"""What must be known after each night of a month: of the hidden worlds and when the runs were, without our plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import polars as pl
from month_worlds import COUNTS, FIRST_DAYS, HOUR, NIGHTS, WORD, Truth
from months import Evening

from flows.sandbox.streams import epoch

LADDER = (1, 3, 6, 24, 72, 168, 720)
"""Hours of age at which counts are to be read: from each to half as much again, but for 24 until 48."""
OVERLAP = 48 * HOUR  # so far back every run looks for what is new
RECHECK = {"reddit": 7}
"""Days after which what nobody has asked for is asked for again; 30 for all others."""
TOLD = frozenset({"hackernews", "reddit", "x"})  # these say what is deleted; of others it is absent twice


_IS_COUNTED = (pl.col("platform") != "hackernews") | ~pl.col("is_reply")  # comments there have no counts


class Seen:
    """The evenings of a month beside the truth. Moments are epoch seconds (`_s`) where they are compared."""

    def __init__(self, truths: Mapping[str, Truth], evenings: Sequence[Evening]) -> None:
        self.truths, self.evenings = truths, evenings
        self.runs = pl.DataFrame({"run_s": [epoch(as_of) for as_of in NIGHTS]}).with_row_index("number")

    @cached_property
    def world(self) -> pl.DataFrame:
        """Every post of every world."""
        return pl.concat(t.rows.with_columns(platform=pl.lit(name)) for name, t in self.truths.items())

    @cached_property
    def posts(self) -> pl.DataFrame:
        """Every post that is known, with mention_id, first_seen_s and the run that found it gone (gone_s, or NULL)."""
        told = pl.concat(_versions(evening).with_columns(as_of=evening.night.as_of) for evening in self.evenings)
        ids = told.select("mention_id", "platform", "row").unique()
        last = self.evenings[-1].night.tables["mention"].select("mention_id", "first_seen_at")
        assert ids["mention_id"].is_duplicated().sum() == ids.select("platform", "row").is_duplicated().sum() == 0
        assert last.join(ids, on="mention_id", how="anti").rows() == []
        gone = pl.concat(
            evening.night.tables["tombstone"].select("mention_id", gone_s=pl.lit(epoch(evening.night.as_of)))
            for evening in self.evenings
        )
        gone = gone.group_by("mention_id").agg(pl.col("gone_s").min())
        seen = last.select("mention_id", first_seen_s=pl.col("first_seen_at").dt.epoch("s"))
        known = ids.join(seen, on="mention_id").join(gone, on="mention_id", how="left")
        return known.join(self.world, on=["platform", "row"])

    def _at_runs(self, posts: pl.DataFrame) -> pl.DataFrame:
        """Each post at each run since it was published: run_s, is_public, is_named_now."""
        is_edited = pl.col("edited_s") <= pl.col("run_s")
        return posts.join(self.runs, how="cross").filter(pl.col("published_s") < pl.col("run_s")).with_columns(
            is_public=pl.col("run_s") < pl.col("deleted_s"),
            is_named_now=pl.when(is_edited).then("is_named_edited").otherwise("is_named"),
            age_s=pl.col("run_s") - pl.col("published_s"),
        )  # fmt: skip

    def findable(self) -> pl.DataFrame:
        """The first run (findable_s) that could find each post of the worlds which names us by its query."""
        back = pl.when(pl.col("number") == 0).then(FIRST_DAYS * 24 * HOUR).otherwise(OVERLAP)
        is_listed = (pl.col("platform") != "hackernews") | (pl.col("age_s") > HOUR)  # its search is up to 40 min late
        found = self._at_runs(self.world).filter(
            pl.col("is_public") & pl.col("is_named_now") & is_listed & (pl.col("age_s") <= back)
        )
        return found.group_by("platform", "row").agg(findable_s=pl.col("run_s").min())

    @cached_property
    def _met(self) -> pl.DataFrame:
        """Each age of the ladder of each known post that has counts × each run since it was known that met it."""
        since = self._at_runs(self.posts.filter(_IS_COUNTED)).filter(pl.col("run_s") >= pl.col("first_seen_s"))
        hours = pl.col("hours") * HOUR
        until = pl.when(pl.col("hours") == 24).then(2.0).otherwise(1.5)
        at_age = pl.col("age_s").is_between(hours, until * hours, "left")
        return since.join(pl.DataFrame({"hours": LADDER}), how="cross").filter(at_age)

    @cached_property
    def _readings(self) -> pl.DataFrame:
        first = self._met.filter("is_public").group_by("platform", "mention_id", "hours").agg(pl.col("run_s").min())
        return first.with_columns(captured_at=_moment("run_s"))

    def readings(self) -> pl.DataFrame:
        """mention_id, hours, captured_at of what must be read: the first run that met the age, if it stood then."""
        return self._readings

    @cached_property
    def _snapshots(self) -> pl.DataFrame:
        told = self.evenings[-1].night.tables["engagement_snapshot"].join(self.posts, on="mention_id")
        told = told.with_columns(captured_s=pl.col("captured_at").dt.epoch("s"))
        parts = []
        for name, truth in self.truths.items():
            mine = told.filter(platform=name)
            true = truth.told(mine["row"].to_numpy(), mine["captured_s"].to_numpy())
            parts.append(pl.concat([mine, true.rename({name: f"true_{name}" for name in COUNTS})], how="horizontal"))
        age = (pl.col("captured_s") - pl.col("published_s")) / HOUR
        return pl.concat(parts).with_columns(true_age_hours=age)

    def snapshots(self) -> pl.DataFrame:
        """All snapshots that are stored, beside the counts (true_…) that the world had at that moment."""
        return self._snapshots

    def texts(self, number: int) -> pl.DataFrame:
        """What is stored of each post after a night, and when it must have been read last: version, last_read_s."""
        run_s = epoch(NIGHTS[number])
        seen = self._at_runs(self.posts).filter("is_public", pl.col("run_s") <= run_s)
        is_listed = (pl.col("platform") != "hackernews") | (pl.col("age_s") > HOUR)
        listed = seen.filter((pl.col("age_s") <= OVERLAP) & pl.col("is_named_now") & is_listed)
        read = self._asked.filter("is_public", pl.col("run_s") <= run_s)
        last = pl.concat([listed.select("mention_id", "run_s"), read.select("mention_id", "run_s")])
        last = last.group_by("mention_id").agg(last_read_s=pl.col("run_s").max())
        stored = _versions(self.evenings[number]).join(self.posts, on=["mention_id", "platform", "row"])
        return stored.with_columns(run_s=pl.lit(run_s)).join(last, on="mention_id")

    def deletions(self) -> pl.DataFrame:
        """Posts that the runs must know to be gone, by when (known_s), and whether they were asked for their counts'
        sake (is_at_age): the first run that asked in vain, or the one after that where the platform says nothing.
        """
        first = self._asked.filter(~pl.col("is_public")).select("mention_id", "number", "is_at_age")  # once each
        first = first.join(self.posts, on="mention_id").with_columns(
            number=pl.col("number") + (~pl.col("platform").is_in(list(TOLD))).cast(pl.UInt32)
        )
        return first.join(self.runs.rename({"run_s": "known_s"}), on="number")

    @cached_property
    def _asked(self) -> pl.DataFrame:
        """Each run that asks for each known post, up to the first in vain: mention_id, number, run_s, is_public,
        is_at_age.

        It asks at each age that it meets and for which nothing was told before: neither by a run that asked, nor, of
        what has counts, by the one that found it. And it asks for what no run has found or asked for in a long time.
        """
        known = self.posts.with_columns(
            is_counted=_IS_COUNTED,
            days=pl.col("platform").replace_strict(RECHECK, default=30, return_dtype=pl.Int64),
        )
        first, published, deleted, is_counted, days = (
            known[name].to_numpy() for name in ("first_seen_s", "published_s", "deleted_s", "is_counted", "days")
        )
        begins = HOUR * np.array(LADDER)
        ends = begins * np.where(begins == 24 * HOUR, 2.0, 1.5)
        is_served = np.zeros((known.height, len(LADDER)), dtype=bool)
        is_gone, last, parts = np.zeros(known.height, dtype=bool), first.copy(), []
        for number, run_s in self.runs.iter_rows():
            age = (run_s - published)[:, None]
            at_age = (age >= begins) & (age < ends)
            is_late = run_s - last >= days * 24 * HOUR
            is_due = (at_age & ~is_served).any(axis=1)
            asks = (first < run_s) & ~is_gone & (is_due | is_late)
            is_public = run_s < deleted
            seen = known.select("mention_id", is_public=pl.Series(is_public), is_at_age=pl.Series(is_due))
            seen = seen.with_columns(number=pl.lit(number, pl.UInt32), run_s=pl.lit(run_s, pl.Int64))
            parts.append(seen.filter(pl.Series(asks)))
            is_served |= at_age & (asks | (is_counted & (first == run_s)))[:, None]
            is_gone |= asks & ~is_public
            last = np.where(asks, run_s, last)
        return pl.concat(parts)

    def words_gone(self, number: int) -> set[bytes]:
        """Words of the texts, old and new, of what is known to be gone after a night."""
        gone = self.posts.filter(pl.col("gone_s") <= epoch(NIGHTS[number]))
        return {word[:-1].encode() + version for word in gone["word"] for version in (b"a", b"b")}

    def words_standing(self, number: int) -> set[bytes]:
        """Words of the texts that are stored after a night."""
        return {word.encode() for word in _versions(self.evenings[number])["word"]}

    def authors_gone(self, number: int) -> set[bytes]:
        """Handles of the public, all of whose posts that a page may have told us are known to be gone after a night."""
        run_s = epoch(NIGHTS[number])
        known = self.posts.select("platform", "row", "gone_s", is_known=pl.lit(value=True))
        shown = self._at_runs(self.world).filter("is_public", pl.col("run_s") <= run_s, pl.col("role") == "public")
        shown = shown.join(known, on=["platform", "row"], how="left")
        told = shown.filter(pl.col("is_known") | pl.col("is_alike") | (pl.col("platform") == "reddit"))
        gone = told.group_by("platform", "handle").agg((pl.col("gone_s") <= run_s).fill_null(value=False).all())
        return {handle.encode() for handle in gone.filter("gone_s")["handle"]}


def _versions(evening: Evening) -> pl.DataFrame:
    """mention_id, platform, row, word and version of the texts that stand after a night."""
    word = pl.col("text").str.extract(f"({WORD.decode()})")
    texts = evening.night.tables["mention"].select("mention_id", "platform", word=word)
    return texts.drop_nulls("word").with_columns(
        row=pl.col("word").str.slice(3, 5).cast(pl.Int64), version=pl.col("word").str.slice(8, 1)
    )


def _moment(name: str) -> pl.Expr:
    return pl.from_epoch(name, "s").cast(pl.Datetime("us"))
