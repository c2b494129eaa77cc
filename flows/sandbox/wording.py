"""Gives posts their words: a text of the phrase table, and for some an edit that adds or removes a name."""

from __future__ import annotations

import numpy as np
import polars as pl

from flows.sandbox import phrases
from flows.sandbox.accounts import MICROBLOG
from flows.sandbox.streams import Bools, Drafts, Ints

_EDITED = 0.025  # share of posts that are edited at all
_STORY = np.array([theme.startswith("story_") for theme in phrases.THEMES])
_TALK = np.isin(phrases.THEMES, ["praise", "complaint", "question"])
_NOISE = np.array(phrases.THEMES) == "noise"

_NOTE, _WITHDRAWN, _NAMED = range(3)  # kinds of edit: a note added, the text withdrawn, a brand named


def words(rng: np.random.Generator, posts: Drafts, language: Ints, public: Bools) -> pl.DataFrame:
    """One row a post: title, text, mask, spoken, sentiment, intent, edited_s, text_edited, mask_edited.

    Only the public edits: what tracked accounts wrote stays as it is.
    """
    picked = _pick(rng, posts.theme, posts.subject, language)
    number = rng.integers(100, 1000, len(picked))
    copied = posts.copy_of >= 0
    picked[copied], number[copied] = picked[posts.copy_of[copied]], number[posts.copy_of[copied]]
    said = _said(picked, number)
    story = _STORY[posts.theme] & (posts.parent < 0)
    with_body = story & (rng.random(len(story)) < 0.35)
    body_theme = np.full(len(story), phrases.THEMES.index("story_body"))
    body = _said(_pick(rng, body_theme, np.full(len(story), phrases.NOBODY), language), number)["said"]
    feeling = [phrases.FEELING[theme] for theme in phrases.THEMES]
    frame = said.with_columns(
        title=pl.when(pl.Series(story)).then("said"),
        text=pl.when(pl.Series(with_body)).then(body).when(pl.Series(story)).then(pl.lit("")).otherwise("said"),
        sentiment=pl.Series([feeling[theme][0] for theme in posts.theme]),
        intent=pl.Series([feeling[theme][1] for theme in posts.theme], dtype=pl.String),
    ).drop("said")
    return frame.with_columns(*_edits(rng, posts, frame, public & ~story))


def _pick(rng: np.random.Generator, theme: Ints, subject: Ints, language: Ints) -> Ints:
    """For each post a row of the phrase table, evenly within its theme, subject and language."""
    table = phrases.table()
    shape = (len(phrases.THEMES), phrases.BRANDS + 1, len(phrases.LANGUAGES))
    group = np.ravel_multi_index((table["theme"], table["subject"] + 1, table["language"]), shape)
    start = np.searchsorted(group, np.arange(np.prod(shape)), side="left")
    size = np.bincount(group, minlength=int(np.prod(shape)))
    wanted = np.ravel_multi_index((theme, subject + 1, language), shape)
    return np.asarray(start[wanted] + np.floor(rng.random(len(wanted)) * size[wanted]), dtype=np.int64)


def _said(picked: Ints, number: Ints) -> pl.DataFrame:
    rows = phrases.table()[picked].with_columns(number=pl.Series(number).cast(pl.String))
    filled = (
        pl.when(pl.col("tail").is_null())
        .then("head")
        .otherwise(pl.concat_str("head", "number", "tail", ignore_nulls=True))
    )
    return rows.select("spoken", "mask", filled.alias("said"))


def _edits(rng: np.random.Generator, posts: Drafts, frame: pl.DataFrame, editable: Bools) -> list[pl.Series]:
    """Edits that add or remove a name come within two hours, as on Hacker News; notes on the microblog also days on."""
    draw = rng.random(len(editable))
    edited = np.flatnonzero((draw < _EDITED) & editable)
    share = draw[edited] / _EDITED
    kind = np.where(_TALK[posts.theme[edited]] & (share < 0.35), _WITHDRAWN, _NOTE)
    english = frame["spoken"].to_numpy()[edited] == "en"
    kind = np.where(_NOISE[posts.theme[edited]] & english & (share < 0.8), _NAMED, kind)
    late = (kind == _NOTE) & (posts.platform[edited] == MICROBLOG) & (share > 0.6)
    delay = np.where(late, rng.integers(86_400, 5 * 86_400, len(edited)), rng.integers(60, 7_000, len(edited)))
    brand = rng.integers(0, phrases.BRANDS, len(edited))
    texts, masks = frame["text"].to_list(), frame["mask"].to_numpy()
    moment = np.full(len(editable), np.iinfo(np.int64).max)
    moment[edited] = posts.published[edited] + delay
    rewritten: list[str | None] = [None] * len(editable)
    after = masks.copy()
    for row, how, which in zip(edited.tolist(), kind.tolist(), brand.tolist(), strict=True):
        rewritten[row], after[row] = _rewritten(texts[row], int(masks[row]), how, which, frame["spoken"][row])
    return [
        pl.Series("edited_s", moment),
        pl.Series("text_edited", rewritten, dtype=pl.String),
        pl.Series("mask_edited", after),
    ]


def _rewritten(text: str, mask: int, how: int, brand: int, language: str) -> tuple[str, int]:
    if how == _WITHDRAWN:
        return str(phrases.themed(language, "retracted")), 0
    if how == _NAMED:
        named = str(phrases.themed(language, "named"))
        return named.format(t=text, b=phrases.ENTITIES[brand].name), mask | 1 << brand
    return str(phrases.themed(language, "edited")).replace("{t}", text), mask
