"""What can be wrong with a clean row, and by which rule it must be found; what only warns; what is odd but true."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from defect import Defect, moved
from staged_batches import AS_OF

from expectations.beside import COUNTERS
from expectations.shapes import BORN_AT, NATIVE_IDS, SCORED

LATE = AS_OF + timedelta(minutes=2, seconds=1)


_day = datetime.fromisoformat


def _on(platform: str, native_id: str) -> dict[str, Any]:
    return {"platform": platform, "native_id": native_id, "mention_id": f"{platform}:{native_id}"}


def _bad_ids(column: str, table: str, rule_column: str | None = None) -> list[Defect]:
    rule = f"{rule_column or column}.is_platform_and_native_id"
    return [Defect(table, {column: value}, rule) for value in ("t1_4", "reddit:", "Reddit:t1_4", "reddit:t1\n4")]


_M, _E, _A, _S, _I, _R, _T = (
    "mention", "engagement_snapshot", "account", "account_snapshot", "interaction", "referral_daily", "text_signal",
)  # fmt: skip
_NUMBERED = frozenset({"x", "twitter", "hackernews"})
_NOT_SCORED = frozenset({"x", "twitter", "weibo", "microblog"})

DEFECTS: list[Defect] = [
    Defect(_M, {"mention_id": None}, "mention_id.not_null"),
    *_bad_ids("mention_id", _M),
    Defect(_M, {"mention_id": "lemmy:t1_4"}, "mention_id.agrees_with_platform"),
    Defect(_M, {"native_id": "t1_5"}, "mention_id.agrees_with_platform"),
    Defect(_M, {}, "mention_id.once_an_item", is_doubled=True),
    Defect(_M, {"platform": None}, "platform.not_null"),
    Defect(_M, {"native_id": None}, "native_id.not_null"),
    Defect(_M, {"native_id": ""}, "native_id.length"),
    Defect(_M, {"native_id": "x" * 513}, "native_id.length"),
    Defect(_M, {"native_id": "5.70306E+17"}, "native_id.not_rounded"),
    Defect(_M, {"native_id": "570306133677760513.0"}, "native_id.not_rounded"),
    *(Defect(_M, _on(platform, "status-7"), f"native_id.as_{platform}_numbers") for platform in sorted(_NUMBERED)),
    Defect(_M, {"kind": "story"}, "kind.in_set"),
    Defect(_M, {"kind": None}, "kind.not_null"),
    Defect(_M, {"found_by": "luck"}, "found_by.in_set"),
    Defect(_M, {"found_by": None}, "found_by.not_null"),
    Defect(_M, {"author_id": "somebody"}, "author_id.is_platform_and_native_id"),
    Defect(_M, {"author_id": "reddit:" + "x" * 600}, "author_id.length"),
    Defect(_M, {"text": None}, "text.not_null"),
    Defect(_M, {"text": "漢" * 100_001}, "text.length"),
    Defect(_M, {"text": "cut\0here"}, "text.has_no_nul"),
    Defect(_M, {"text": "so " + "\ufffd" * 8}, "text.is_decoded"),
    Defect(_M, {"url": "javascript:alert(1)"}, "url.is_http"),
    Defect(_M, {"url": "https:///path"}, "url.is_http"),
    Defect(_M, {"url": " https://a.example/"}, "url.is_http"),
    Defect(_M, {"url": "https://a.example/" + "x" * 4_096}, "url.length"),
    Defect(_M, {"published_at": None}, "published_at.not_null"),
    Defect(_M, {"published_at": _day("2003-01-01")}, "published_at.not_before_platform", only_on=frozenset(BORN_AT)),
    Defect(_M, {"published_at": _day("0001-10-14")}, "published_at.not_before_platform"),
    Defect(_M, {"published_at": LATE}, "published_at.not_after_as_of"),
    Defect(_M, {"edited_at": LATE}, "edited_at.not_after_as_of"),
    Defect(_M, {"deleted_at": LATE}, "deleted_at.not_after_as_of"),
    *_bad_ids("parent_id", _M)[:1],
    Defect(_M, lambda row: {"parent_id": row["mention_id"]}, "parent_id.is_another"),
    *_bad_ids("root_id", _M)[:1],
    Defect(_E, {"mention_id": None}, "mention_id.not_null"),
    *_bad_ids("mention_id", _E)[:2],
    Defect(_E, {"captured_at": None}, "captured_at.not_null"),
    Defect(_E, {}, "mention_id.once_an_item", is_doubled=True),
    Defect(_E, {"captured_at": LATE}, "captured_at.not_after_as_of"),
    Defect(_E, {"age_hours": float("nan")}, "age_hours.not_null"),
    Defect(_E, {"age_hours": -0.04}, "age_hours.in_range"),
    Defect(_E, {"age_hours": float("inf")}, "age_hours.in_range"),
    *(
        Defect(_E, {counter: value}, f"{counter}.in_range")
        for counter in COUNTERS
        for value in (-1, 1_000_000_000_001)
        if counter != "upvotes"
    ),
    Defect(_E, {"upvotes": -1}, "upvotes.in_range", only_on=_NOT_SCORED),
    Defect(_E, moved("x", upvotes=-1), "upvotes.in_range"),
    Defect(_E, {"upvotes": -1_000_001}, "score.in_range", only_on=frozenset(SCORED)),
    Defect(_E, moved("reddit", upvotes=1_000_000_000_001), "score.in_range"),
    *(Defect(_E, {counter: 99}, f"{counter}.not_collapsed", earlier={counter: 1_000}) for counter in COUNTERS),
    Defect(_A, {"account_id": None}, "account_id.not_null"),
    *_bad_ids("account_id", _A)[:2],
    Defect(_A, {"account_id": "reddit:t2_x"}, "account_id.agrees_with_platform"),
    Defect(_A, {}, "account_id.once_an_item", is_doubled=True),
    Defect(_A, {"native_id": ""}, "native_id.length"),
    Defect(_A, {"native_id": "1.5e+9"}, "native_id.not_rounded"),
    Defect(_A, {"handle": "a\0b"}, "handle.has_no_nul"),
    Defect(_A, {"display_name": "a\0b"}, "display_name.has_no_nul"),
    Defect(_A, {"handle": "x" * 1_001}, "handle.length"),
    Defect(_A, {"display_name": "x" * 1_001}, "display_name.length"),
    Defect(_A, {"url": "data:text/html,hello"}, "url.is_http"),
    Defect(_A, {"url": "https://a.example/" + "x" * 4_096}, "url.length"),
    Defect(_S, {"account_id": None}, "account_id.not_null"),
    *_bad_ids("account_id", _S)[:2],
    Defect(_S, {"captured_at": None}, "captured_at.not_null"),
    Defect(_S, {}, "account_id.once_an_item", is_doubled=True),
    Defect(_S, {"captured_at": LATE}, "captured_at.not_after_as_of"),
    *(Defect(_S, {counter: -1}, f"{counter}.in_range") for counter in ("followers", "following", "posts")),
    Defect(_I, {"mention_id": None}, "mention_id.not_null"),
    *_bad_ids("mention_id", _I)[:1],
    Defect(_I, {"kind": None}, "kind.not_null"),
    Defect(_I, {"kind": "like"}, "kind.in_set"),
    Defect(_I, {}, "mention_id.once_an_item", is_doubled=True),
    *(_bad_ids(column, _I)[0] for column in ("actor_id", "target_mention_id", "target_id")),
    Defect(_I, lambda row: {"target_mention_id": row["mention_id"]}, "target_mention_id.is_another"),
    Defect(_I, {"occurred_at": None}, "occurred_at.not_null"),
    Defect(_I, {"occurred_at": _day("1970-01-01")}, "occurred_at.not_before_platform"),
    Defect(_I, {"occurred_at": LATE}, "occurred_at.not_after_as_of"),
    Defect(_R, {"site": None}, "site.not_null"),
    Defect(_R, {"site": ""}, "site.length"),
    Defect(_R, {"visit_date": None}, "visit_date.not_null"),
    Defect(_R, {"visit_date": date.fromisoformat("1970-01-01")}, "visit_date.not_before_the_web"),
    Defect(_R, {"visit_date": date.fromisoformat("2026-03-03")}, "visit_date.not_after_captured"),
    Defect(_R, {"referrer": None}, "referrer.not_null"),
    Defect(_R, {"referrer": "r" * 4_097}, "referrer.length"),
    Defect(_R, {"referrer": "a\0b"}, "referrer.has_no_nul"),
    Defect(_R, {"landing_page": None}, "landing_page.not_null"),
    Defect(_R, {"landing_page": "/" * 4_097}, "landing_page.length"),
    Defect(_R, {"landing_page": "/a\0b"}, "landing_page.has_no_nul"),
    Defect(_R, {}, "visit_date.once_an_item", is_doubled=True),
    Defect(_R, {"platform": "Reddit.com"}, "platform.is_a_platform"),
    *(Defect(_R, {counter: -1}, f"{counter}.in_range") for counter in ("sessions", "engaged_sessions", "conversions")),
    Defect(_R, {"engaged_sessions": 10}, "engaged_sessions.within_sessions"),
    Defect(_R, {"captured_at": None}, "captured_at.not_null"),
    Defect(_R, {"captured_at": LATE}, "captured_at.not_after_as_of"),
    Defect(_T, {"mention_id": None}, "mention_id.not_null"),
    *_bad_ids("mention_id", _T)[:1],
    Defect(_T, {"model_version": None}, "model_version.not_null"),
    Defect(_T, {"model_version": ""}, "model_version.length"),
    Defect(_T, {}, "mention_id.once_a_model", is_doubled=True),
    Defect(_T, {"scored_at": None}, "scored_at.not_null"),
    Defect(_T, {"scored_at": LATE}, "scored_at.not_after_as_of"),
    Defect(_T, {"language": "German"}, "language.is_iso_639"),
    Defect(_T, {"language_confidence": 1.01}, "language_confidence.in_range"),
    Defect(_T, {"sentiment": "angry"}, "sentiment.in_set"),
    Defect(_T, {"sentiment_confidence": -0.01}, "sentiment_confidence.in_range"),
    Defect(_T, {"intents": ["complaint", "other"], "intent_confidences": [0.5, 0.5]}, "intents.in_set"),
    Defect(_T, {"intents": ["complaint", "praise"]}, "intents.have_their_confidences"),
    Defect(_T, {"intent_confidences": [-0.1]}, "intent_confidences.not_negative"),
    Defect(_T, {"intent_confidences": [1.1]}, "intent_confidences.at_most_one"),
    Defect(_T, {"terms": ["word"] * 100_001}, "terms.not_too_many"),
]
"""Each takes its item into quarantine, and no other item."""

_MOJIBAKE = "Die VerspÃ¤tung"
_X_TELLS = dict.fromkeys(("likes", "replies", "reposts", "quotes", "views", "bookmarks"), 3) | {"upvotes": None}

WARNINGS: list[Defect] = [
    *(
        Defect(_M, _on(platform, "status 7"), f"native_id.as_{platform}_numbers")
        for platform in sorted(NATIVE_IDS.keys() - _NUMBERED)
    ),
    Defect(_M, {"author_id": "reddit:t2_unheard"}, "author_id.has_an_account"),
    Defect(_M, {"text": "one \ufffd lost"}, "text.has_no_replacement"),
    Defect(_M, {"text": _MOJIBAKE}, "text.is_not_mojibake"),
    Defect(_M, {"text": "Ð¡Ð°Ð¼Ð¾Ð»ÐµÑ‚"}, "text.is_not_mojibake"),
    Defect(_M, {"text": "èˆªè‰²"}, "text.is_not_mojibake"),
    Defect(_M, {"text": "itâ€™s late ðŸ˜€"}, "text.is_not_mojibake"),
    Defect(_M, {"text": "it\x92s late"}, "text.has_no_controls"),
    Defect(_M, {"text": "fish &amp; chips"}, "text.is_plain"),
    Defect(_M, {"text": "two<br/>lines"}, "text.is_plain"),
    Defect(_M, {"text": r"caf\u00e9"}, "text.has_no_escapes"),
    Defect(_M, {"text": "", "links": [], "media_formats": [], "kind": "post"}, "text.not_empty_alone"),
    Defect(_M, {"links": ["https://a.example", "mailto:a@b.example"]}, "links.are_http"),
    Defect(_M, {"language_reported": "in German"}, "language_reported.is_a_tag"),
    Defect(_M, {"media_formats": ["image", "hologram"]}, "media_formats.in_set"),
    Defect(_M, {"edited_at": _day("2000-01-01")}, "edited_at.not_before_published"),
    Defect(_M, {"found_by": "thread", "parent_id": "reddit:t1_unheard"}, "parent_id.is_known"),
    *(
        Defect(_E, moved("x", **_X_TELLS | {counter: None}), f"{counter}.told_where_reported")
        for counter in ("likes", "replies", "reposts", "quotes", "views", "bookmarks")
    ),
    Defect(_E, moved("reddit", upvotes=None), "upvotes.told_where_reported"),
    Defect(_E, moved("lemmy", downvotes=None), "downvotes.told_where_reported"),
    *(
        Defect(_E, moved("reddit", **{counter: 1}), f"{counter}.null_where_never")
        for counter in ("likes", "quotes", "views", "bookmarks", "downvotes", "clicks")
    ),
    *(
        Defect(_E, moved("feed", **{counter: 1}), f"{counter}.null_where_never")
        for counter in ("replies", "reposts", "upvotes")
    ),
    Defect(_E, {"replies": 49}, "counters.not_fallen", earlier={"replies": 100}),
    Defect(_E, dict.fromkeys(COUNTERS), "counters.one_told"),
    Defect(_A, {"handle": "two words"}, "handle.is_bare"),
    Defect(_A, {"handle": "@acme"}, "handle.is_bare"),
    Defect(_A, {"handle": "Acme"}, "handle.is_lower_case"),
    Defect(_A, {"created_at": _day("1970-01-01")}, "created_at.not_before_platform"),
    Defect(_A, {"created_at": LATE}, "created_at.not_after_as_of"),
    Defect(_S, {"followers": 49}, "followers.not_fallen", earlier={"followers": 100}),
    Defect(_I, {"target_mention_id": None, "target_id": None}, "target.is_told"),
    Defect(_T, {"sentiment_confidence": None}, "sentiment.has_its_confidence"),
]
"""Each is counted, and refuses nothing. A flood takes many rows: it has a test of its own."""

HARMLESS: list[Defect] = [
    Defect(_M, {"text": "", "links": ["https://a.example"]}, "nothing.is_wrong"),
    Defect(_M, {"text": "", "media_formats": ["image"]}, "nothing.is_wrong"),
    Defect(_M, {"text": "", "kind": "repost"}, "nothing.is_wrong"),
    Defect(_M, {"text": "«Café», «Spaß»… ‘é’ – „Öl“ £2 30 °C Ã, &c; <3 <b \\u"}, "nothing.is_wrong"),
    Defect(_M, {"text": "\ttab\r\nlines\n"}, "nothing.is_wrong"),
    Defect(_M, {"text": "𝒳" * 100_000}, "nothing.is_wrong"),
    Defect(
        _M, {"author_id": None, "url": None, "edited_at": None, "parent_id": None, "root_id": None}, "nothing.is_wrong"
    ),
    Defect(_M, {"root_id": "reddit:t1_4"}, "nothing.is_wrong"),
    Defect(_M, {"url": "HTTPS://例え.example/pfad mit ümlaut"}, "nothing.is_wrong"),
    Defect(
        _M,
        {"published_at": AS_OF + timedelta(minutes=2), "edited_at": AS_OF + timedelta(minutes=2)},
        "nothing.is_wrong",
    ),
    Defect(_M, {"published_at": _day("2005-06-23")}, "nothing.is_wrong"),
    Defect(_M, {"language_reported": "zh-Hant-TW", "media_formats": ["image", "link"]}, "nothing.is_wrong"),
    Defect(_M, _on("x", "570306133677760513"), "nothing.is_wrong"),
    Defect(_M, _on("bluesky", "at://did:plc:abc/app.bsky.feed.post/3k2a"), "nothing.is_wrong"),
    Defect(_M, _on("youtube", "dQw4w9WgXcQ"), "nothing.is_wrong"),
    Defect(_M, _on("my-forum", "7"), "nothing.is_wrong"),
    Defect(_M, {"found_by": "thread", "parent_id": "reddit:t1_0"}, "nothing.is_wrong"),
    Defect(_E, {"captured_at": AS_OF + timedelta(minutes=2), "age_hours": -2 / 60}, "nothing.is_wrong"),
    Defect(_E, moved("x", **_X_TELLS | {"views": 1_000_000_000_000, "likes": 0}), "nothing.is_wrong"),
    Defect(_E, {"upvotes": -40}, "nothing.is_wrong"),
    Defect(_S, {"followers": None}, "nothing.is_wrong"),
    Defect(
        _A,
        {"handle": "name@host.example", "display_name": "Two Words", "created_at": _day("2006-01-01")},
        "nothing.is_wrong",
    ),
    Defect(_I, {"target_mention_id": None, "target_id": "reddit:t2_9"}, "nothing.is_wrong"),
    Defect(
        _R,
        {"visit_date": date.fromisoformat("2026-03-02"), "platform": None, "referrer": "", "conversions": 99},
        "nothing.is_wrong",
    ),
    Defect(_R, {"sessions": None, "engaged_sessions": 3}, "nothing.is_wrong"),
    Defect(
        _T,
        {"intents": [], "intent_confidences": [], "sentiment": None, "sentiment_confidence": None, "language": None},
        "nothing.is_wrong",
    ),
]
