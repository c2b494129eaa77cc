"""Presets: a made-up sample of each export goes through the file source as the operator's own file would."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.errors import SourceError
from flows.sources import file
from flows.sources.base import Page, Parsed
from flows.sources.file_presets import presets

AS_OF = datetime(2026, 11, 22, 2)
SAMPLES = Path(__file__).parent / "presets"
FIRST = datetime(2026, 11, 10, 9, 30)  # as the samples write it
LINKEDIN, WECHAT = "https://www.linkedin.com/feed/update/urn:li:activity", "http://mp.weixin.qq.com/s?__biz=MzA1"


def options(preset: str, **other: Any) -> file.Options:
    return file.Options(**{"name": "export", "type": "file", "preset": preset, "path": f"{preset}.*", **other})


def parsed(chosen: file.Options, folder: Path = SAMPLES) -> Parsed:
    (path,) = file.files(chosen, folder)
    (body,) = file.read(chosen, path)
    page = Page(
        page_id="w/a/1", source="export", platform=chosen.platform, verb="read", topic_id=None, as_of=AS_OF,
        fetched_at=AS_OF, request="READ", status=200, body=body,
    )  # fmt: skip
    found = file.parse(page, chosen)
    assert found.malformed.is_empty(), found.malformed["reason"].to_list()
    return found


def counts(found: Parsed, *names: str) -> list[tuple[int | None, ...]]:
    return found.tables["engagement_snapshot"].select(names).rows()


@pytest.mark.parametrize("preset", sorted(presets()))
def test_every_preset_reads_its_sample_and_tells_the_same_columns_it_maps(preset: str) -> None:
    chosen = options(preset)
    mentions = parsed(chosen).tables["mention"]
    assert mentions.height == 2
    assert mentions["text"].str.contains("(?i)acme|boarding|winter|sorry|finally|riga").all()
    assert mentions["published_at"].is_between(datetime(2026, 11, 9), datetime(2026, 11, 13)).all()
    (path,) = file.files(chosen, SAMPLES)
    assert [field for field in chosen.optional if getattr(chosen.columns, field) is None] == []
    if path.suffix == ".csv":  # a mapped name that no sample has would be a name nobody has seen
        header = path.read_text("utf-8").split("\n")[1 if preset == "linkedin" else 6 if preset == "brandwatch" else 0]
        names = [name for name in chosen.columns.model_dump(exclude_none=True).values() if isinstance(name, str)]
        assert [name for name in names if name not in header] == []


@pytest.mark.parametrize(
    ("preset", "native_id", "published_at", "told"),
    [
        ("meta_business_suite_facebook", "122158000000000001", datetime(2026, 11, 10, 17, 30), (20, 3, 1, 15_000)),
        ("meta_business_suite_instagram", "18010000000000001", datetime(2026, 11, 10, 17, 30), (610, 57, 88, 12_400)),
        ("linkedin", f"{LINKEDIN}:7000000000000000001", datetime(2026, 11, 10), (41, 5, 2, 1_200)),
        ("tiktok", "https://www.tiktok.com/@acmeair/video/7400000000000000001", FIRST, (1_200, 48, 31, 18_400)),
        ("x_archive", "1990000000000000001", FIRST, (12, None, 3, None)),
        ("wechat", f"{WECHAT}&mid=1&idx=1", datetime(2026, 11, 9, 16), (None, None, 31, 1_200)),
        ("weibo", "5100000000000001", FIRST, (41, 5, 3, None)),
        ("youscan", "https://www.facebook.com/groups/1/posts/2", FIRST, (4, 2, 0, None)),
        ("brandwatch", "https://twitter.com/ann1/status/1", FIRST, (4, 2, 0, 300)),
        ("brand24", "https://www.facebook.com/ann1/posts/2", FIRST, (4, 2, 0, None)),
    ],
)  # fmt: skip
def test_the_first_row_of_a_sample_is_read_field_by_field(
    preset: str, native_id: str, published_at: datetime, told: tuple[int | None, ...]
) -> None:
    found = parsed(options(preset))
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["native_id"], mention["published_at"]) == (native_id, published_at)
    assert counts(found, "likes", "replies", "reposts", "views")[0] == told


def test_rows_of_one_export_may_be_of_several_platforms() -> None:
    for preset, platform in (("youscan", "facebook"), ("brandwatch", "x"), ("brand24", "facebook")):
        mentions = parsed(options(preset)).tables["mention"]
        assert mentions["platform"].to_list() == [platform, preset]
        assert mentions["mention_id"].str.extract("^([a-z0-9]+):").to_list() == [platform, preset]
    own = parsed(options("brand24", platforms={"news": "news"})).tables["mention"]
    assert own["platform"].to_list() == ["brand24", "news"]


def test_a_telegram_message_is_known_by_its_chat_and_its_text_is_whole() -> None:
    first, second = parsed(options("telegram")).tables["mention"].rows(named=True)
    assert (first["mention_id"], first["text"]) == ("telegram:1500000001/1", "Acme Air flies to Riga.")
    assert (first["published_at"], first["parent_id"]) == (FIRST, None)
    assert (second["parent_id"], second["edited_at"]) == (first["mention_id"], datetime(2026, 11, 11, 19))
    assert second["author_id"] == "telegram:user77"


def test_an_archive_tells_its_owner_by_the_operator_alone() -> None:
    found = parsed(options("x_archive", account="@AcmeAir"))
    assert found.tables["mention"]["author_id"].to_list() == ["x:acmeair"] * 2
    assert found.tables["interaction"]["target_mention_id"].to_list() == ["x:1980000000000000009"]
    assert found.tables["mention"]["text"][0].startswith("Acme Air & Riga")


def test_the_operators_own_keys_win_column_by_column(tmp_path: Path) -> None:
    (tmp_path / "tiktok.csv").write_text(
        "Titel,Video link,Post time,Total views\nAcme,https://t.example/1,2026-11-10 09:30,7\n"
    )
    mine = options("tiktok", columns={"text": "Titel"}, timezone="Europe/Riga")
    found = parsed(mine, tmp_path)
    assert found.tables["mention"]["published_at"].to_list() == [datetime(2026, 11, 10, 7, 30)]
    assert counts(found, "views", "likes") == [(7, None)]
    with pytest.raises(SourceError, match="no column 'Video title'"):
        parsed(options("tiktok"), tmp_path)  # what a mention cannot do without must be there
    with pytest.raises(SourceError, match="no column 'Likes'"):
        parsed(options("tiktok", columns={"text": "Titel", "likes": "Likes"}), tmp_path)  # and what is asked for


def test_an_unknown_preset_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match=r"preset 'myspace' is unknown; there are brand24, .*youscan"):
        options("myspace")


def test_a_json_object_without_its_rows_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "telegram.json").write_text('{"chats": {"list": []}}')
    with pytest.raises(SourceError, match=r"no list 'messages'; mend sources\.rows_at"):
        parsed(options("telegram"), tmp_path)


def test_columns_that_a_verified_export_does_not_have_are_counted(tmp_path: Path) -> None:
    for preset in ("meta_business_suite_instagram", "tiktok"):
        assert parsed(options(preset)).unmapped_fields == {}
    text = (SAMPLES / "tiktok.csv").read_text("utf-8")
    (tmp_path / "tiktok.csv").write_text(text.replace("Average watch time", "Minutes"))
    assert parsed(options("tiktok"), tmp_path).unmapped_fields == {"Minutes": 2}
    assert parsed(options("linkedin")).unmapped_fields is None  # nobody has seen which columns it has
    own = options("tiktok", ignored=["Minutes", "Total play time", "Watched full video"])
    assert parsed(own, tmp_path).unmapped_fields == {}
