"""Spikes on a warehouse of planted days: equal to the oracle's plain Python, and built by night as built at once."""

from __future__ import annotations

import math
import shutil
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from kpi_oracle import Oracle
from oracle_campaigns import Campaigns
from oracle_spikes import Day, spikes
from test_incremental import differences as differences_in

from warehouse.connection import StorageSettings
from warehouse.models import build

pytestmark = pytest.mark.xdist_group("spikes")  # one warehouse
MIGRATIONS = sorted((Path(__file__).parents[2] / "warehouse/migrations").glob("*.sql"))
FIRST = date(2026, 1, 1)
DAYS = 90
ENTITIES = {"acme": None, "bolt": None, "cora": None, "acme-lounge": "acme"}
PLATFORMS = ("x", "weibo")
FAMILY = {entity: parent or entity for entity, parent in ENTITIES.items()}
UNCOVERED = {("x", 20), ("x", 61), ("weibo", 70)}  # days of incomplete collection
Mart = dict[tuple[str, str, str, date], dict[str, Any]]


class Planted:
    """Posts by entity, platform and day, with what is out of the ordinary about some of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.dice, self.number, self.load_seq = path, np.random.default_rng(5), 0, 0
        with duckdb.connect(str(path)) as con:
            for migration in MIGRATIONS:
                con.execute(migration.read_text("utf-8"))
            rows = [(entity, entity, "product" if up else "brand", True, up, "s") for entity, up in ENTITIES.items()]
            con.executemany("insert into raw.entity values (?, ?, ?, ?, ?, ?)", rows)
            days = [FIRST + timedelta(days=number) for number in (62, 80)]
            con.execute("insert into raw.campaign values ('acme-lounge', ?, ?, 95, 'EUR')", days)

    def night(self, first: int, last: int, extra: list[tuple[int, str, str]] | None = None) -> None:
        """Load the days [first, last), as seen the morning after; `extra` are posts of older days that come late."""
        self.load_seq += 1
        as_of = datetime.combine(FIRST + timedelta(days=last), datetime.min.time()) + timedelta(hours=2)
        posts = [post for day in range(first, last) for post in self._day(day)]
        posts += [self._post(day, entity, platform, "negative") for day, entity, platform in extra or []]
        with duckdb.connect(str(self.path)) as con:
            run = f"run-{self.load_seq}"
            con.execute("insert into raw.run values (?, ?, ?)", [run, as_of, as_of])
            con.execute(
                "insert into raw.load values (?, ?, ?, 's', 0, 0, 0, 0, 0, 0, 0, ?)",
                [f"b-{self.load_seq}", self.load_seq, run, as_of],
            )
            self._insert(con, posts, as_of)
            for day in range(first, last):
                self._collect(con, run, day, as_of)

    def _day(self, day: int) -> list[tuple[Any, ...]]:
        posts: list[tuple[Any, ...]] = []
        weekday = (1.2, 1.0, 1.1, 1.0, 0.9, 0.6, 0.5)[day % 7]
        for entity, base in (("acme", 18), ("bolt", 20), ("cora", 17), ("acme-lounge", 3)):
            for platform in PLATFORMS:
                mean = base * weekday * (2.6 if day == 50 and platform == "x" else 1)  # the platform is loud as a whole
                mean *= 1 + max(0, day - 78) * 0.14 if entity == "cora" else 1  # rises slowly
                moods = self.dice.choice(
                    ["negative", "positive", "neutral"], self.dice.poisson(mean), p=[0.2, 0.3, 0.5]
                )
                posts += [self._post(day, entity, platform, str(mood)) for mood in moods]
        if day in (66, 67):
            posts += [self._post(day, "acme", "x", "negative") for _ in range(40)]
        if day == 72:  # one author shouts
            posts += [self._post(day, "bolt", "x", "negative", "x:loud") for _ in range(60)]
        return posts

    def _post(self, day: int, entity: str, platform: str, mood: str, author: str | None = None) -> tuple[Any, ...]:
        self.number += 1
        at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(
            seconds=self.number % 80_000
        )
        return (
            f"{platform}:{self.number}",
            platform,
            author or f"{platform}:a{self.dice.integers(400)}",
            at,
            entity,
            mood,
        )

    def _insert(self, con: duckdb.DuckDBPyConnection, posts: list[tuple[Any, ...]], as_of: datetime) -> None:
        said = self.path.with_name("said.parquet")
        names = ["id", "platform", "author", "said_at", "entity", "mood"]
        pl.DataFrame(posts, schema=names, orient="row").write_parquet(said)
        con.execute("create temp table post as from read_parquet(?)", [str(said)])
        con.execute(
            "insert into raw.mention by name select id as mention_id, platform, id as native_id, 'post' as kind, "
            "author as author_id, 'said' as text, said_at as published_at, 'query' as found_by, 's' as source, "
            "$as_of as first_seen_at, $as_of as seen_at, 0 as content_hash, $seq as load_seq from post",
            {"as_of": as_of, "seq": self.load_seq},
        )
        con.execute("insert into raw.mention_entity select id, entity, ['said'], ? from post", [self.load_seq])
        con.execute(
            "insert into raw.text_signal by name select id as mention_id, 'm1' as model_version, $as_of as scored_at, "
            "mood as sentiment, 0.9 as sentiment_confidence, ['said', mood] as terms, $seq as load_seq from post "
            "where said_at::date <> '2026-02-05'",  # a day whose texts nobody scored
            {"as_of": as_of, "seq": self.load_seq},
        )
        con.execute(
            "insert into raw.touched select ?, id, entity, platform, author, null, said_at, 'new' from post",
            [self.load_seq],
        )

    def _collect(self, con: duckdb.DuckDBPyConnection, run: str, day: int, as_of: datetime) -> None:
        start = datetime.combine(FIRST + timedelta(days=day), datetime.min.time())
        for platform in PLATFORMS:
            row = [run, platform, platform, f"{platform}-{day}", start, start + timedelta(days=1), as_of]
            con.execute(
                "insert into raw.collection values "
                "(?, ?, ?, 'discover', null, ?, ?, ?, ?, ?, 1, 1, 0, 0, 0, 0, null, ?)",
                [*row, (platform, day) not in UNCOVERED, self.load_seq],
            )

    def delete(self, day: int, entity: str, count: int) -> None:
        """What was said is taken back."""
        self.load_seq += 1
        with duckdb.connect(str(self.path)) as con:
            con.execute(
                "insert into raw.load values (?, ?, 'run-1', 's', 0, 0, 0, 0, 0, 0, 0, now()::timestamp)",
                [f"b-{self.load_seq}", self.load_seq],
            )
            gone = con.execute(
                "select mention_id, platform, author_id, published_at from raw.mention join raw.mention_entity using "
                "(mention_id) where entity_id = ? and published_at::date = ? order by 1 limit ?",
                [entity, FIRST + timedelta(days=day), count],
            ).fetchall()
            for key, platform, author, at in gone:
                con.execute("update raw.mention set deleted_at = published_at where mention_id = ?", [key])
                for state in ("old", "new"):
                    con.execute(
                        "insert into raw.touched values (?, ?, ?, ?, ?, null, ?, ?)",
                        [self.load_seq, key, entity, platform, author, at, state],
                    )


def expected(path: Path) -> dict[tuple[str, str, str, int], dict[str, Any]]:
    """The oracle's rows from what is in schema raw."""
    with duckdb.connect(str(path), read_only=True) as con:
        posts = con.execute(
            "select entity_id, platform, published_at::date, author_id, sentiment from raw.mention "
            "join raw.mention_entity using (mention_id) left join raw.text_signal using (mention_id) "
            "where deleted_at is null"
        ).fetchall()
        asked = con.execute("select platform, window_start::date, is_covered from raw.collection").fetchall()
    covered = defaultdict(dict)
    for platform, day, is_covered in asked:
        covered[day][platform] = is_covered
    found = defaultdict(list)
    for entity, platform, day, author, mood in posts:
        found[entity, platform, day].append((author, mood))
    series = {}
    for entity in ENTITIES:
        for scope, parts in (("*", PLATFORMS), *((platform, (platform,)) for platform in PLATFORMS)):
            for sentiment in ("all", "negative", "positive"):
                days = []
                for day, by_platform in sorted(covered.items()):
                    said = [post for platform in parts for post in found[entity, platform, day]]
                    chosen = [author for author, mood in said if sentiment in ("all", mood)]
                    scored = sum(mood is not None for _, mood in said)
                    told = sentiment == "all" or not said or scored / len(said) >= 0.9
                    counts = Counter(chosen)
                    days.append(Day(
                        (day - FIRST).days, len(chosen) if told else None,
                        all(by_platform[platform] for platform in parts) and told,
                        len(counts), max(counts.values(), default=None),
                    ))  # fmt: skip
                series[entity, scope, sentiment] = days
    return spikes(series, FAMILY)


NAMES = {
    "expected_posts": "mean", "standard_deviation": "sd", "z": "z", "cusum": "cusum", "lift": "lift", "volume_p": "p",
    "volume_q": "q", "others": "others", "others_lift": "others_lift", "surge_check": "surge_check",
    "baseline_basis": "basis", "baseline_days": "n", "negative_author_p": "negative_p",
    "top_negative_author_share": "negative_top", "positive_author_p": "positive_p",
    "top_positive_author_share": "positive_top", "is_spike": "is_spike", "is_crisis": "is_negative",
    "is_opportunity": "is_positive",
}  # fmt: skip


def agrees(found: object, right: object) -> bool:
    if isinstance(found, float) and isinstance(right, float | int):
        return math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-12)
    return found == right


def mart(path: Path) -> Mart:
    with duckdb.connect(str(path), read_only=True) as con:
        cursor = con.execute("from marts.kpi_spikes")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["entity_id"], row["scope"], row["sentiment"], row["report_date"]): row for row in rows}


def rows_of(path: Path, table: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(f"from marts.{table} order by all").fetchall()


def differences(path: Path) -> list[str]:
    rows, right = mart(path), expected(path)
    keys = {(*key[:3], FIRST + timedelta(days=key[3])) for key in right}
    wrong = [f"{key}: only in one" for key in rows.keys() ^ keys]
    for key in rows.keys() & keys:
        want = right[*key[:3], (key[3] - FIRST).days]
        wrong += [
            f"{key} {name}: {rows[key][name]!r} should be {want.get(other)!r}"
            for name, other in NAMES.items()
            if not agrees(rows[key][name], want.get(other))
        ]
    return wrong


def built(path: Path, data_dir: Path, *, full: bool = False) -> None:
    build(path, data_dir, StorageSettings(), reporting_timezone="UTC", full_refresh=full)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A warehouse built by nights (months at once, then late posts, deletions, new days), and what was wrong."""
    folder = tmp_path_factory.mktemp("spikes")
    planted = Planted(folder / "soundings.duckdb")
    planted.night(0, DAYS - 2)
    built(planted.path, folder)
    wrong = differences(planted.path)
    planted.delete(66, "acme", 30)
    planted.night(DAYS - 2, DAYS, extra=[(40, "bolt", "weibo")] * 25)
    built(planted.path, folder)
    return planted.path, wrong + differences(planted.path)


def test_every_cell_is_what_plain_python_makes_of_raw(lived: tuple[Path, list[str]]) -> None:
    assert lived[1][:10] == []


def test_a_night_gives_what_a_full_rebuild_gives(lived: tuple[Path, list[str]], tmp_path: Path) -> None:
    copy = tmp_path / lived[0].name
    shutil.copy(lived[0], copy)
    built(copy, tmp_path, full=True)
    for table in ("kpi_spikes", "kpi_episodes"):
        nightly, whole = (rows_of(path, table) for path in (lived[0], copy))
        assert nightly == whole
        assert len(whole) > 0


def test_a_campaign_is_controversial_in_its_brands_crisis(lived: tuple[Path, list[str]]) -> None:
    with duckdb.connect(str(lived[0]), read_only=True) as con:
        oracle = Campaigns(con, Oracle(con, "UTC"))
        assert differences_in(con, "kpi_campaigns", ["entity_id", "report_date"], oracle.days) == []
    verdicts = [row["is_controversial"] for row in oracle.days.values()]
    assert 0 < sum(verdicts) < len(verdicts)


def test_what_was_planted_is_called_by_its_name(lived: tuple[Path, list[str]]) -> None:
    rows = mart(lived[0])

    def at(entity: str, scope: str, day: int, sentiment: str = "all") -> dict[str, Any]:
        return rows[entity, scope, sentiment, FIRST + timedelta(days=day)]

    assert at("acme", "*", 67)["is_crisis"]
    assert at("acme", "*", 67)["top_terms"].startswith("said, negative")
    shouted = at("bolt", "x", 72)
    assert shouted["is_spike"]
    assert not shouted["is_crisis"]  # one author is no crisis
    assert {at(entity, "x", 50)["surge_check"] for entity in ("acme", "bolt", "cora")} == {"surge"}
    assert not any(at(entity, "x", 50)["is_spike"] for entity in ENTITIES)
    assert any(at("cora", "*", day)["is_spike"] for day in range(80, DAYS))  # what rises slowly
    assert not at("acme", "x", 61)["is_complete"]
