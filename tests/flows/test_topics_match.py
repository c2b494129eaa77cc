"""Which texts a term finds, script by script; the expectations are worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from flows import records, topics
from flows.sources.base import Topic

LISTS = pl.List(pl.String)
COLUMNS = ("text", "handles", "hashtags", "links", "language_reported")
SCHEMA = pl.Schema((name, records.schema(records.Mention)[name]) for name in COLUMNS)


def frame(texts: list[str | None], **columns: list[object]) -> pl.DataFrame:
    empty: list[object] = [[]] * len(texts)
    lists = {name: columns.get(name, empty) for name in ("handles", "hashtags", "links")}
    language = columns.get("language_reported", [None] * len(texts))
    return pl.DataFrame({"text": texts, **lists, "language_reported": language}, schema=SCHEMA)


def found(query: str, *texts: str | None, **columns: list[object]) -> list[str | None]:
    rows = topics.match(frame(list(texts), **columns), [Topic("t", query)])["row_no"]
    return [texts[row] for row in rows]


@pytest.mark.parametrize(
    ("query", "hits", "others"),
    [
        (
            "cat",
            ["a Cat.", "CAT!", "cat-food", "the cat’s tail", "#cat", "(cat)", "买cat的", "_cat_"],
            ["concatenate", "cats", "@cat"],
        ),
        ("cat*", ["cats", "#CATS", "catalogue"], ["bobcat", "@cats"]),
        ("кот", ["Мой КОТ спит", "кот,"], ["который", "скот"]),
        (
            "acme",
            ["买Acme的", "ａｃｍｅ", "ac\u200bme", "Acme™", "@acme and acme", "acme😀"],
            ["@acme", "acmes", "acme1"],
        ),
        ("小米", ["我买小米手机", "#小米手机#", "小米", "@小米手机 好"], ["大小，米饭", "小 米", "小@米"]),
        ("acme航空", ["我坐acme航空", "ACME 航空公司"], ["acme的航空"]),
        ("タワー", ["東京タワーへ"], ["タワ"]),
        ("กาแฟ", ["ร้านกาแฟดี"], ["กา แฟ"]),
        ("애플", ["애플은 비싸다"], ["애 플"]),
        ("İstanbul", ["istanbul", "ISTANBUL", "ıstanbul", "İSTANBUL’da"], ["istanbullu"]),
        ("ıstanbul", ["İstanbul", "Istanbul"], []),
        ("STRASSE", ["Straße", "strasse"], ["Strase"]),
        ("ΟΔΟΣ", ["οδος", "οδός"], []),
        ("nestle", ["Nestlé", "NESTLE", "Nestle\u0301"], ["nestles"]),
        ("Nestlé", ["NESTLÉ", "nestle\u0301"], ["nestle"]),
        ("macy's", ["Macy’s", "MACY'S", "macy´s"], ["Macy Gray", "macys"]),
        ("macy", ["Macy’s"], ["macys"]),
        ("oréal", ["L’Oréal", "l'oréal"], ["oreal"]),
        ("t", ["plan T"], ["don’t", "can't"]),
        ("AT&T", ["AT&amp;T", "at&t.", "AT&#38;T", "AT & T", "at&#x26;t"], ["at t mobile", "I am at T-Mobile"]),
        ("C++", ["c++ and C", "C++"], ["C", "c+"]),
        ("C#", ["C# developer", "c#,"], ["c", "C #sharp"]),
        ("👍", ["ok👍", "👍🏽"], ["👎"]),
        ("👍🏽", ["so👍🏽so"], ["👍", "👍🏿"]),
        ("👩‍💻", ["a 👩‍💻!"], ["👩"]),
        ("❤", ["❤️"], ["♥"]),
        ("🇩🇪", ["go 🇩🇪!"], ["🇨🇩🇪🇸"]),
        (
            '"acme air"',
            ["Acme Air", "acme-air", "acme, air", "love #Acme Air", "acme\nair"],
            ["acme https://x.y/z air", "acme my air"],
        ),
        ("air", ["air https://acme.com/x"], ["https://x.com/air", "see bit.ly/air", "www.x.com/?q=air"]),
        ("acme", ["https://t.co/x，acme", "看https://t.co/x Acme"], ["https://t.co/acme"]),
    ],
)
def test_a_term_finds_what_its_script_means_by_it(query: str, hits: list[str], others: list[str]) -> None:
    assert found(query, *hits, *others) == hits


@pytest.mark.parametrize(
    ("query", "hits", "others"),
    [
        (
            "@JetBlue",
            [
                "@jetblue thanks",
                ".@JETBLUE",
                "@jetblue's",
                "thx @jetblue.",
                "@JetBlueさん",
                "@jetblue-rebooked",
                "感谢@jetblue",
                "＠jetblue",
            ],
            ["jetblue", "@jetblues", "a@jetblue.com", "#jetblue", "@jetblue_fan"],
        ),
        ("@acme.bsky.social", ["hi @acme.bsky.social!"], ["@acme", "@acme.example.social"]),
        ("@acme", ["@acme.bsky.social", "@acme@mastodon.social"], ["@other@acme.social"]),
        ("@航空公司", ["@航空公司：好", "转发@航空公司 好", "@甲@航空公司"], ["航空公司", "@航空"]),
        ("#acme", ["#Acme", "(#acme)", "#acme，好", "a #acme😀"], ["acme", "#acmeair", "#acme_air", "# acme", "@acme"]),
        ("#话题", ["#话题#好", "说#话题"], ["话题", "#话题王"]),
        ("@acm*", ["@acmeair"], ["acme"]),
    ],
)
def test_handles_and_tags_are_names_of_their_own(query: str, hits: list[str], others: list[str]) -> None:
    assert found(query, *hits, *others) == hits


def test_handles_tags_and_links_count_from_their_columns_too() -> None:
    assert found("@acme", "a", "b", handles=[["x", "Acme"], ["acmes"]]) == ["a"]
    assert found("#acme", "a", "b", hashtags=[["acme"], ["acmeair"]]) == ["a"]
    assert found("acme", "a", "b", hashtags=[["acme"], []], handles=[[], ["acme"]]) == ["a"]
    assert found('"acme air"', "acme", hashtags=[["air"]]) == []
    assert found("acme NEAR/5 air", "acme", hashtags=[["air"]]) == []


def test_domain_finds_links_to_the_host_and_below_it() -> None:
    hosts = [
        "https://acme.com",
        "HTTP://www.Acme.com/x?y",
        "https://me@shop.acme.com:8080",
        "//acme.com",
        "acme.com/deals",
    ]
    others = [
        "https://notacme.com",
        "https://acme.com.evil.org",
        "https://evil.org/acme.com",
        "https://evil.org?u=@acme.com",
    ]
    for link in hosts:
        assert found("domain:acme.com", "x", links=[[link]]) == ["x"], link
    for link in others:
        assert found("domain:acme.com", "x", links=[[link]]) == [], link
    assert found("domain:acme.com", "see https://acme.com/a", "acme.com", "www.acme.com ok") == [
        "see https://acme.com/a",
        "www.acme.com ok",
    ]
    assert found("domain:münchen.de", "x", links=[["https://www.xn--mnchen-3ya.de"]]) == ["x"]


def test_lang_reads_the_primary_subtag_and_unknown_is_no_language() -> None:
    languages: list[object] = ["en", "EN-us", "de", None, "zh_Hans", "eng"]
    texts = [f"acme {n}" for n in range(6)]
    assert found("acme lang:en", *texts, language_reported=languages) == ["acme 0", "acme 1"]
    assert found("acme NOT lang:en", *texts, language_reported=languages) == ["acme 2", "acme 3", "acme 4", "acme 5"]


@pytest.mark.parametrize(
    ("query", "hits", "others"),
    [
        (
            "refund NEAR/3 flight",
            ["refund my late flight", "flight refund", "flight: no more refund", "refund my mother’s flight"],
            ["refund of my late flight", "refund", "refund flights"],
        ),
        ("refund NEAR/1 flight", ["refund, flight"], ["refund my flight"]),
        ('"big delay" NEAR/2 @acme', ["@acme a big delay", "big delay, thanks @acme"], ["@acme with a big delay"]),
        (
            "(refund OR cancel) NEAR/2 (flight OR 航班)",
            ["cancel my flight", "refund 我航班"],
            ["refund the whole flight"],
        ),
        ("退款 NEAR/3 航班", ["航班不给退款", "退款，航班"], ["航班一直不给退款"]),
        ("acme NEAR/2 acme", ["acme Acme", "acme x acme"], ["acme", "acme x y acme"]),
        ('"acme air" NEAR/2 air', ["acme air air"], ["acme air"]),
        ("#acme NEAR/1 refund", ["refund #acme"], ["acme refund x #acme"]),
        ("nestlé NEAR/1 refund", ["refund Nestlé"], ["refund x nestlé", "refund nestle"]),
        ("a NEAR/1 b", ["a x x x x b x a b"], ["a https://x.y/z b", "a x b x a"]),
    ],
)
def test_near_counts_tokens_in_either_order(query: str, hits: list[str], others: list[str]) -> None:
    assert found(query, *hits, *others) == hits


def test_matched_terms_are_the_querys_own_spellings_and_never_an_excluded_one() -> None:
    topic = Topic("t", '"Acme  Air" OR @AcmeAir OR Air* OR (beta NOT recipe) OR domain:acme.com')
    rows = topics.match(frame(["ACME AIR @acmeair recipe", "airline BETA", "www.acme.com"]), [topic])
    assert rows["matched_terms"].to_list() == [["Acme Air", "@AcmeAir", "Air*"], ["Air*", "beta"], ["domain:acme.com"]]


def test_matched_terms_come_in_the_order_in_which_the_query_asks_for_them() -> None:
    topic = Topic("t", "beta NOT (acme NEAR/1 acme) acme")
    assert topics.match(frame(["acme beta"]), [topic])["matched_terms"].to_list() == [["beta", "acme"]]
    topic = Topic("t", "x NOT (b NEAR/1 b) a b")
    assert topics.match(frame(["b a x"]), [topic])["matched_terms"].to_list() == [["x", "a", "b"]]


def test_null_and_empty_values_match_nothing_and_do_not_move_the_rows() -> None:
    posts = frame([None, "", "acme", None], handles=[None, [], None, [None, "acme"]], links=[None, None, None, [None]])
    rows = topics.match(posts, [Topic("b", "acme OR domain:x.y"), Topic("a", "@acme NOT lang:en")])
    assert rows.rows() == [(2, "b", ["acme"]), (3, "a", ["@acme"])]
    assert rows.schema == {"row_no": pl.UInt32, "topic_id": pl.String, "matched_terms": LISTS}
    assert topics.match(posts.clear(), [Topic("b", "acme")]).is_empty()
    assert topics.match(posts, []).is_empty()


def test_rows_keep_their_numbers_and_topics_their_order_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = frame([f"acme {n}" if n % 3 else f"beta acme {n}" for n in range(20)])
    wanted = [Topic("z", "acme"), Topic("a", "beta NEAR/1 acme")]
    whole = topics.match(posts, wanted)
    monkeypatch.setattr("flows.topics.candidates.CHUNK_ROWS", 7)
    assert topics.match(posts, wanted).equals(whole)
    assert whole.rows()[:3] == [(0, "z", ["acme"]), (0, "a", ["beta", "acme"]), (1, "z", ["acme"])]


def test_hostile_texts_cost_no_more_than_their_length() -> None:
    spam = [
        "refund flight " * 20_000,
        "&amp;" * 50_000,
        "@a#b'" * 20_000,
        "\u0301" * 50_000,
        "🇩" * 9_999,
        "http://" * 9_999,
    ]
    assert found("refund NEAR/1 flight", *spam) == spam[:1]


def test_a_preview_tells_hits_near_misses_with_their_reason_and_the_noise() -> None:
    posts = frame(["refund flight", "refund", "refund flight meal", "cancel one two three trip", "nothing", None])
    tried = topics.preview("refund flight NOT meal OR cancel NEAR/2 trip", posts)
    assert tried.canonical == "(refund AND flight AND NOT meal) OR cancel NEAR/2 trip"
    assert tried.hits.rows() == [(0, ["refund", "flight"])]
    assert tried.near_misses.rows() == [(1, "lacks flight"), (2, "excluded by meal"), (3, "lacks cancel NEAR/2 trip")]
    assert tried.noise_share == pytest.approx(2 / 3)
    assert topics.preview("absent", posts).noise_share is None
