"""100 entities of 20 terms each over 1M mixed texts, on one core: the time and the memory of `topics.match`.

Run: `POLARS_MAX_THREADS=1 python -m tests.bench.bench_topics [texts]`; the target is a minute.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl

from flows import topics
from flows.sources.base import Topic

BATCH = 100_000
LETTERS = "aaabcdeeefghiijklmnoopqrrssttuuvwyz"
EXTRAS = (
    "https://t.co/Ab3dE",
    "😀",
    "👍🏽",
    "AT&amp;T",
    "l’été",
    "买手机的航空公司",
    "#travel",
    "@someone",
    "Привет мир",
    "—",
    "10%",
)


def _words(rng: random.Random, count: int) -> list[str]:
    return ["".join(rng.choices(LETTERS, k=rng.randint(3, 9))) for _ in range(count)]


def _topic(number: int, terms: list[str], common: list[str]) -> Topic:
    """20 terms: words, phrases, handles, tags, prefixes, a NEAR and two exclusions."""
    a, b = common[:2]
    plain = " OR ".join([*terms[:8], *(f"@{t}" for t in terms[:3]), *(f"#{t}" for t in terms[:2]), f"{terms[8]}*"])
    return Topic(
        f"entity-{number}",
        f'({plain} OR "{a} {terms[9]}" OR {a} NEAR/4 {b} OR "{b} {a}") NOT ({terms[10]} OR {terms[11]})',
    )


def _text(rng: random.Random, common: list[str], brands: list[list[str]]) -> str:
    parts = rng.choices(common, k=rng.randint(14, 42))
    if rng.random() < 0.6:
        parts[rng.randrange(len(parts))] = rng.choice(("", "@", "#")) + rng.choice(rng.choice(brands))
    if rng.random() < 0.5:
        parts[rng.randrange(len(parts))] = rng.choice(EXTRAS)
    return " ".join(parts)[:280]


def main(texts: int = 1_000_000) -> None:
    rng = random.Random(7)
    common, brands = _words(rng, 5_000), [_words(rng, 12) for _ in range(100)]
    wanted = [_topic(number, terms, rng.sample(common, 2)) for number, terms in enumerate(brands)]
    seconds, cpu, matched, characters = 0.0, 0.0, 0, 0
    for _ in range(0, texts, BATCH):
        column = [_text(rng, common, brands) for _ in range(min(BATCH, texts))]
        empty = pl.Series([[]] * len(column), dtype=pl.List(pl.String))
        frame = pl.DataFrame(
            {"text": column, "handles": empty, "hashtags": empty, "links": empty, "language_reported": "en"}
        )
        characters += int(frame["text"].str.len_chars().sum())
        start, cpu_start = time.perf_counter(), time.process_time()
        matched += topics.match(frame, wanted).height
        seconds += time.perf_counter() - start
        cpu += time.process_time() - cpu_start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"topics: {texts:,} texts of {characters // texts} characters × {len(wanted)} entities of 20 terms: "
        f"{seconds:.1f} s ({cpu:.1f} s CPU) on {pl.thread_pool_size()} thread(s), {matched:,} matches, peak {peak} MB"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
