"""PageRank of who acts on whom: shares as the definition has them, from the acts that belong to an entity."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import signals
from flows.signals.graph import page_rank
from warehouse.connection import connect
from warehouse.ledger import LoadCounts
from warehouse.migrate import migrate

AT = datetime(2026, 4, 1, 3)
Edge = tuple[int, int, float]


def by_power(accounts: int, edges: list[Edge]) -> np.ndarray:
    """The definition: who acts passes on 0.85 of their share by weight, all else goes to all alike."""
    passed = np.zeros((accounts, accounts))
    for source, target, weight in edges:
        passed[target, source] += weight
    given_away = passed.sum(axis=0)
    passed[:, given_away == 0] = 1
    passed /= passed.sum(axis=0)
    shares = np.full(accounts, 1 / accounts)
    for _ in range(300):
        shares = 0.85 * passed @ shares + 0.15 / accounts
    return shares


def drawn_edges(seed: int, accounts: int) -> list[Edge]:
    dice = random.Random(seed)
    pairs = {(dice.randrange(accounts), dice.randrange(accounts)) for _ in range(3 * accounts)}
    return [(a, b, dice.choice((1.0, 2.0, dice.random() + 0.01))) for a, b in sorted(pairs) if a != b]


def test_three_accounts_share_as_worked_out_by_hand() -> None:
    # 0 acts on 1 and, three times as much, on 2; 1 acts on 2; 2 acts on nobody and gives to all alike.
    # a = 0.05 + 0.85 c/3, b = a + 0.85 a/4, c = a + 0.85·3a/4 + 0.85 b: with a + b + c = 1,
    # b = 1.2125 a and c = a + 0.6375 a + 1.030625 a = 2.668125 a, so a = 1/4.880625.
    a = 1 / 4.880625
    assert page_rank(3, [(0, 1, 1.0), (0, 2, 3.0), (1, 2, 7.0)]) == pytest.approx(
        [a, 1.2125 * a, 2.668125 * a], rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), accounts=st.integers(2, 60))
def test_shares_are_those_of_the_definition(seed: int, accounts: int) -> None:
    edges = drawn_edges(seed, accounts)
    shares = page_rank(accounts, edges)
    np.testing.assert_allclose(shares, by_power(accounts, edges), rtol=1e-9)
    assert page_rank(accounts, edges) == pytest.approx(shares, rel=1e-12)


class House:
    """A warehouse in which accounts write and act."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number, self.load_seq = folder, 0, 0
        self.con = connect(folder / "soundings.duckdb")
        migrate(self.con)
        for entity in ("acme", "bolt"):
            self.con.execute("insert into raw.entity values ($1, $1, 'brand', true, null, 's')", [entity])
        self.con.execute("insert into raw.tracked_account values ('x', 'acme', 'acme', 'owned', null)")
        self.con.execute(
            "insert into raw.account (account_id, platform, native_id, handle, first_seen_at, seen_at, load_seq) "
            "values ('x:us', 'x', 'us', 'acme', $1, $1, 1)",
            [AT],
        )
        self.enter()

    def enter(self) -> None:
        """Something was loaded."""
        self.load_seq = int(str(self.con.execute("select coalesce(max(load_seq), 0) from raw.load").fetchone()[0])) + 1
        book = [f"batch-{self.load_seq}", self.load_seq, "run", "s", *([0] * 7), AT]
        self.con.execute("insert into raw.load values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", book)

    def say(self, author: str, *entities: str) -> str:
        """A mention, and its id."""
        self.number += 1
        key = f"x:{self.number}"
        self.con.execute(
            "insert into raw.mention (mention_id, platform, native_id, kind, author_id, text, published_at, found_by, "
            "source, first_seen_at, seen_at, content_hash, load_seq) "
            "values ($1, 'x', $1, 'post', $2, 'said', $3, 'query', 's', $3, $3, 0, 1)",
            [key, f"x:{author}", AT],
        )
        for entity in entities:
            self.con.execute("insert into raw.mention_entity values (?, ?, [], 1)", [key, entity])
        return key

    def act(
        self,
        author: str,
        target: str,
        *entities: str,
        kind: str = "reply",
        days_ago: float = 0,
        whom: str | None = None,
    ) -> str:
        """An act on a mention, or on what only its author is known of, and its id."""
        key = self.say(author, *entities)
        at = AT - timedelta(days=days_ago)
        row = [key, kind, f"x:{author}", target, f"x:{whom}" if whom else None, at]
        self.con.execute("insert into raw.interaction values (?, ?, ?, ?, ?, ?, 1)", row)
        return key

    def rank(self, as_of: datetime = AT) -> LoadCounts | None:
        return signals.rank_accounts(self.con, self.folder / "staging", "run", as_of=as_of, loaded_at=AT)

    def ranks(self, entity: str) -> dict[str, float]:
        rows = self.con.execute(
            "select split_part(account_id, ':', 2), pagerank from raw.account_rank where entity_id = ?", [entity]
        )
        return dict(rows.fetchall())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.con.close()


def test_a_quote_counts_twice_and_an_act_half_a_month_later(house: House) -> None:
    loud, calm = house.say("loud", "acme"), house.say("calm", "acme")
    house.act("ann", loud, kind="quote", days_ago=30)  # 2 · ½
    house.act("ann", calm, kind="repost", days_ago=60)  # 1 · ¼
    house.act("ann", loud, days_ago=90.1)  # too old
    house.rank()
    weights = page_rank(3, [(0, 1, 1.0), (0, 2, 0.25)])
    assert house.ranks("acme") == pytest.approx(dict(zip(("ann", "loud", "calm"), weights, strict=True)), rel=1e-9)


def test_brands_oneself_and_what_is_deleted_are_not_in_the_graph(house: House) -> None:
    ours, hers = house.say("us", "acme"), house.say("ann", "acme")
    house.act("ben", ours)
    house.act("us", hers)
    house.act("ann", hers)
    gone = house.act("cem", hers)
    house.con.execute("update raw.mention set deleted_at = ? where mention_id = ?", [AT, gone])
    assert house.rank() is None
    house.act("ben", hers)
    house.rank()
    assert house.ranks("acme").keys() == {"ann", "ben"}


def test_an_act_belongs_to_what_it_names_and_to_what_it_answers(house: House) -> None:
    post = house.say("ann", "acme")
    house.act("ben", post, "bolt")
    house.act("cem", "x:unseen", "bolt", whom="far")  # the target is known by its author only
    house.act("dia", post, "acme")  # names and answers the same: once
    noise = house.act("eve", "x:unseen", "bolt", whom="far")
    row = [noise, "bolt", "irrelevant", "true", AT]
    house.con.execute("insert into raw.correction values (?, ?, ?, ?, ?, 1)", row)
    house.rank()
    assert house.ranks("acme") == pytest.approx(
        dict(zip(("ben", "dia", "ann"), page_rank(3, [(0, 2, 1.0), (1, 2, 1.0)]), strict=True))
    )
    assert house.ranks("bolt").keys() == {"ben", "ann", "cem", "far"}


def test_only_the_newest_ranking_is_kept_and_none_is_made_without_need(house: House) -> None:
    post = house.say("ann", "acme")
    reply = house.act("ben", post)
    first = house.rank()
    assert first is not None
    assert house.rank(AT + timedelta(days=1)) is None  # nothing was loaded since
    house.enter()
    house.rank(AT + timedelta(days=2))
    assert house.con.execute("select distinct ranked_at from raw.account_rank").fetchall() == [
        (AT + timedelta(days=2),)
    ]
    house.enter()
    house.con.execute("delete from raw.interaction where mention_id = ?", [reply])
    assert house.rank(AT + timedelta(days=3)) is None  # nobody acts any more: nobody is named
    assert house.ranks("acme") == {}
