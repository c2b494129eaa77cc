"""The life of a platform's source: four nights on the sandbox, and what must be so after each."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest
from staged import COUNTS, Bed
from staged_nights import Night
from staged_worlds import FIRST, LAST, NEXT

from flows.sandbox.platforms import FACADES

PLATFORMS = sorted(FACADES)
of_all = pytest.mark.parametrize("platform", PLATFORMS)
of_all_with_mentions = pytest.mark.parametrize("platform", [each for each in PLATFORMS if FACADES[each].mentions])


KILLED_AT = 4  # the request with which the first night's process ends
WAITED = 3.0  # seconds for which others have used the limits up


@dataclass
class Life:
    """A platform read on a night that is killed and taken up, again at the same clock when others have used its limits
    up, a day later, and two hours after that."""

    bed: Bed
    killed: Night
    first: Night
    again: Night
    next: Night
    last: Night

    @classmethod
    def lived(cls, bed: Bed) -> Life:
        killed = bed.night(FIRST, killed_at=KILLED_AT)
        first = bed.night(FIRST) if killed.was_killed else killed
        return cls(bed, killed, first, bed.night(FIRST, used_up_for=WAITED), bed.night(NEXT), bed.night(LAST))

    @property
    def nights(self) -> tuple[Night, ...]:
        return self.first, self.again, self.next, self.last

    def seen(self, night: Night) -> pl.DataFrame:
        """The mentions that the night was told of, each beside what is true of it then."""
        read = night.tables["mention"].filter((pl.col("seen_at") == night.as_of) & pl.col("deleted_at").is_null())
        truth = self.bed.truth(night.as_of).rename(
            {name: f"true_{name}" for name in COUNTS} | {"parent": "true_parent"}
        )
        assert truth.select("text", "published_at").is_duplicated().sum() == 0
        found: pl.DataFrame = read.join(truth, on=["text", "published_at"], how="left", maintain_order="left")
        return found


def whole_threads(bed: Bed, night: Night, ids: dict[int, str], parents: dict[int, int | None]) -> int:
    """How many of the threads that this night has read have answers; each is complete."""
    rows = {mention_id: row for row, mention_id in ids.items()}
    read = night.tables["thread_read"].filter(pl.col("read_at") == night.as_of)
    edges = set(night.tables["interaction"].filter(kind="reply").select("mention_id", "target_mention_id").rows())
    answered = 0
    for root_id, replies_read, is_complete in read.select("root_id", "replies_read", "is_complete").rows():
        root = rows[root_id]
        written = len(bed.stage.thread(root, night.as_of, with_gone=True)) - 1
        below = [row for row in bed.stage.thread(root, night.as_of) if _stands(row, root, parents)]
        assert len(below) <= replies_read <= written  # some platforms name those that are gone
        assert is_complete or len(below) < written
        assert set(below) <= ids.keys()
        assert {(ids[row], ids[parents[row] if bed.facade.nests else root]) for row in below} <= edges  # type: ignore[index]
        answered += bool(below)
    return answered


def _stands(row: int, root: int, parents: dict[int, int | None]) -> bool:
    """Whether a post answers the root, through posts that can be seen."""
    above = parents[row]
    while above is not None and above != root and above in parents:
        above = parents[above]
    return row != root and above == root
