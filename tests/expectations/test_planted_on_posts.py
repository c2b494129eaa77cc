"""Defects planted in posts of the sandbox and in real ones: each is caught by its rule, and no clean row is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from defect import Defect
from planted_defects import DEFECTS, WARNINGS
from posts_as_staged import Posts, real_posts, sandbox_posts
from staged_batches import AS_OF

from expectations.validate import validate
from expectations.verdict import Verdict

UNREADABLE = {"airlines": 563}
"""Rows of the file whose columns are shifted: no row of theirs comes so far."""
BROKEN = {
    "airlines": {"account.handle.is_bare": 7},
    "hackernews": {"mention.text.is_not_mojibake": 75},
    "weibo": {"mention.text.is_plain": 1},
}
"""What warnings find in the posts as they are."""


@dataclass(frozen=True)
class Clean:
    """Posts as they are, and what validation says of them; `name` is the real file's, or ''."""

    name: str
    posts: Posts
    verdict: Verdict


@pytest.fixture(
    scope="module",
    params=[
        ("sandbox", "hackernews"),
        ("sandbox", "microblog"),
        *(pytest.param(("real", name), marks=pytest.mark.real_data) for name in ("airlines", "hackernews", "weibo")),
        pytest.param(("real", "support"), marks=pytest.mark.real_data),
    ],
    ids="-".join,
)
def clean(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    where, name = request.param
    scratch = tmp_path_factory.mktemp(name)
    if where == "real":
        request.getfixturevalue("shared_data")
    posts = sandbox_posts(name, scratch) if where == "sandbox" else real_posts(name, scratch)
    verdict = validate(posts.stage(scratch / "clean"), as_of=AS_OF)
    return Clean(name if where == "real" else "", posts, verdict)


def planted_in(posts: Posts, defects: list[Defect]) -> list[Defect]:
    """The defects that can stand in these posts' rows, as many as there are rows for."""
    fit = [d for d in defects if d.table in posts.tables and (d.only_on is None or posts.platform in d.only_on)]
    room = {table: len(frame) for table, frame in posts.tables.items()}
    return [d for d in fit if room["mention"] > 100 or fit.index(d) % 2 == 0]


def failed(verdict: Verdict) -> Counter[str]:
    return Counter({rule.rule_id: rule.failed for rule in verdict.rules})


def test_no_clean_row_is_refused_and_what_warns_is_known(clean: Clean) -> None:
    assert (clean.verdict.quarantined_items, clean.verdict.is_withheld) == (0, False)
    assert {rule.rule_id for rule in clean.verdict.rules if rule.severity == "critical" and rule.failed} == set()
    assert clean.posts.unreadable == UNREADABLE.get(clean.name, 0)
    found = {rule: count for rule, count in failed(clean.verdict).items() if count and ".told_where_" not in rule}
    assert found == BROKEN.get(clean.name, {})


def test_each_defect_planted_in_posts_is_refused_by_its_rule_and_nothing_else_is(clean: Clean, tmp_path: Path) -> None:
    defects = planted_in(clean.posts, DEFECTS)
    assert len({defect.rule_id for defect in defects}) >= (30 if clean.name != "support" else 20)
    batch = clean.posts.stage_with(defects, tmp_path / "batch")
    verdict = validate(tmp_path / "batch", as_of=AS_OF)
    rows = pl.read_parquet(tmp_path / "batch/quarantine.parquet").to_dicts()
    refused = {(row["page_id"], row["item_no"]): row["reasons"] for row in rows}
    assert refused.keys() == batch.items.keys()
    assert [d.rule_id for item, d in batch.items.items() if d.rule_id not in refused[item]] == []
    assert verdict.quarantined_items == len(defects)


def test_each_warning_planted_in_posts_is_counted_and_refuses_nothing(clean: Clean, tmp_path: Path) -> None:
    defects = planted_in(clean.posts, WARNINGS)
    clean.posts.stage_with(defects, tmp_path / "batch")
    verdict = validate(tmp_path / "batch", as_of=AS_OF)
    before, after = failed(clean.verdict), failed(verdict)
    for rule, count in Counter(defect.rule_id for defect in defects).items():
        # A row that is moved to another platform takes what it told, or did not tell, away from its own.
        is_about_platform = rule.endswith(("told_where_reported", "null_where_never"))
        assert after[rule] >= count + (0 if is_about_platform else before[rule]), rule
    assert verdict.quarantined_items == 0
