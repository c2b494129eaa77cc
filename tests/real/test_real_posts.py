"""Real posts through the whole night, counted again by pandas, which knows nothing of ours."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from flows import runs
from flows.runs import RunStatus
from tests.warehouse_state import differences, state

HERE = Path(__file__).parent
pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@dataclass(frozen=True)
class Night:
    """One night on a configuration, and what it left."""

    config: Path
    data_dir: Path
    status: RunStatus

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.data_dir / "soundings.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def again(self) -> RunStatus:
        return run(self.config, self.data_dir).status


def run(config: Path, data_dir: Path) -> Night:
    from flows.nightly import nightly

    state = nightly(config, data_dir, return_state=True)
    status = runs.latest(data_dir)
    assert status is not None, state.message
    assert state.is_completed(), (state.message, status)
    return Night(config, data_dir, status)


@pytest.fixture
def night(request: pytest.FixtureRequest, shared_data: Path, prefect_api: str, tmp_path: Path) -> Night:
    return run(HERE / f"{request.param}.toml", tmp_path / "data")


def assert_that_outcomes_sum_up(status: RunStatus) -> None:
    sums = runs.totals(status)
    assert sums.fetched == sums.loaded + sums.duplicate + sums.rejected + sums.quarantined


def assert_that_a_second_run_changes_nothing(night: Night) -> None:
    own = ("raw", "marts")
    before = state(night.data_dir / "soundings.duckdb", own)
    second = night.again()
    assert runs.totals(second).loaded == 0
    after = state(night.data_dir / "soundings.duckdb", own)
    books = {"raw.run", "raw.collection", "raw.load", "raw.load_window"}  # a run notes that it ran
    assert set(differences(before, after)) <= books | {"marts.kpi_coverage"}  # how fresh it is, is told anew


def count_by_pattern(texts: pd.Series[str], patterns: dict[str, str]) -> dict[str, int]:
    return {name: int(texts.str.contains(pattern, flags=re.IGNORECASE).sum()) for name, pattern in patterns.items()}


ENTITY_COUNTS = "select entity_id, count(*) from raw.mention_entity group by all"


@pytest.mark.parametrize("night", ["airlines"], indirect=True)
def test_airlines_are_found_by_their_handles(night: Night, shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "posts/airline_tweets.csv", dtype=str)
    rows["at"] = pd.to_datetime(rows.tweet_created, format="%Y-%m-%d %H:%M:%S %z", errors="coerce", utc=True)
    sums = runs.totals(night.status)
    assert sums.fetched == len(rows) == 14_640
    assert sums.duplicate >= 155
    assert_that_outcomes_sum_up(night.status)

    damaged = rows[rows["at"].isna()].drop_duplicates("tweet_id")  # cut at a ';': their columns are shifted
    assert sums.quarantined == len(damaged)
    good = rows[rows["at"].notna()].drop_duplicates("tweet_id")
    handles = {
        "virgin-america": r"@virginamerica\b", "united": r"@united\b", "southwest": r"@southwestair\b",
        "jetblue": r"@jetblue\b", "us-airways": r"@usairways\b", "american": r"@americanair\b",
    }  # fmt: skip
    assert dict(night.rows(ENTITY_COUNTS)) == count_by_pattern(good["text"], handles)

    times = dict(night.rows("select native_id, published_at from raw.mention"))
    expected = good.set_index("tweet_id")["at"].dt.tz_localize(None)
    assert all(expected[native_id] == published_at for native_id, published_at in times.items())
    assert_that_a_second_run_changes_nothing(night)


@pytest.mark.parametrize("night", ["hackernews"], indirect=True)
def test_stories_have_their_points_and_their_times_in_utc(night: Night, shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "posts/hackernews_stories.csv", dtype=str, encoding="utf-8-sig")
    naive = pd.to_datetime(rows["created_at"], format="%m/%d/%Y %H:%M")
    # An hour that comes twice is its first; one that never was is the hour after it.
    local = naive.dt.tz_localize("America/New_York", ambiguous=True, nonexistent=pd.Timedelta(hours=1))  # type: ignore[arg-type]
    rows["at"] = local.dt.tz_convert("UTC").dt.tz_localize(None)
    assert runs.totals(night.status).fetched == len(rows) == 20_100
    assert_that_outcomes_sum_up(night.status)
    title, url = rows["title"], rows["url"].fillna("")
    words = count_by_pattern(title, {"microsoft": r"(?<![^\W_])microsoft(?![^\W_])"})["microsoft"]
    hosts = url.str.contains(r"^https?://(?:[\w-]+\.)*microsoft\.com(?:[/:?#]|$)", flags=re.IGNORECASE)
    both = title.str.contains(r"(?<![^\W_])microsoft(?![^\W_])", flags=re.IGNORECASE) | hosts
    assert dict(night.rows(ENTITY_COUNTS))["microsoft"] == int(both.sum()) >= words

    told = night.rows(
        "select native_id, published_at, upvotes, replies "
        "from raw.mention join raw.engagement_snapshot using (mention_id)"
    )
    expected = rows.set_index("id")
    for native_id, published_at, upvotes, replies in told:
        row = expected.loc[native_id]
        assert (published_at, upvotes, replies) == (row["at"], int(row["num_points"]), int(row["num_comments"]))
    assert_that_a_second_run_changes_nothing(night)


@pytest.mark.parametrize("night", ["weibo"], indirect=True)
def test_chinese_terms_are_found_anywhere_in_the_text(night: Night, shared_data: Path) -> None:
    lines = (shared_data / "posts/weibo_posts.jsonl").read_text("utf-8").rstrip("\n").split("\n")
    rows = pd.DataFrame(json.loads(line) for line in lines)
    assert runs.totals(night.status).fetched == len(rows) == 3_387
    assert_that_outcomes_sum_up(night.status)
    texts = rows["text"]
    expected = {
        "hospital": int(texts.str.contains("医院").sum()),
        "school": int(texts.str.contains("学校|大学|中学").sum()),
        "police": int((texts.str.contains("警察|警方") & ~texts.str.contains("交警")).sum()),
    }
    assert dict(night.rows(ENTITY_COUNTS)) == expected
    sums = night.rows("select sum(likes), sum(replies), sum(reposts) from raw.engagement_snapshot")[0]
    found = rows[
        texts.str.contains("医院|学校|大学|中学") | (texts.str.contains("警察|警方") & ~texts.str.contains("交警"))
    ]
    assert sums == (found["likes"].sum(), found["comments"].sum(), found["reposts"].sum())
    assert_that_a_second_run_changes_nothing(night)


@pytest.mark.parametrize("night", ["support"], indirect=True)
def test_answers_are_linked_to_what_they_answer(night: Night, shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "posts/support_threads.csv", dtype=str)
    assert runs.totals(night.status).fetched == len(rows) == 93
    assert_that_outcomes_sum_up(night.status)
    parents = dict(night.rows("select native_id, parent_id from raw.mention"))
    expected = rows.set_index("tweet_id")["in_response_to_tweet_id"]
    assert all(
        (f"x:{expected[i]}" if isinstance(expected[i], str) else None) == parent for i, parent in parents.items()
    )
    answers = night.rows("select count(*) from raw.mention where found_by <> 'query' and parent_id is not null")[0][0]
    assert answers > 0  # a brand's answers name no brand: they are kept as parts of a thread, or as its account's
    brands = {"x:applesupport", "x:virgintrains"}
    owned = {row[0] for row in night.rows("select distinct author_id from raw.mention where author_id is not null")}
    assert brands <= owned
    assert_that_a_second_run_changes_nothing(night)
