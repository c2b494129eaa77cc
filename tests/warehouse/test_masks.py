"""What the public audience sees of personal columns."""

from __future__ import annotations

import hashlib
import hmac
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import mask
from warehouse.connection import connect
from warehouse.errors import WarehouseError

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as opened:
        mask.install(opened, KEY, ["@Acme", "acme.air", "北风"])
        yield opened


def _blank(con: duckdb.DuckDBPyConnection, text: str) -> str:
    row = con.execute("select blank(?)", [text]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("text", "blanked"),
    [
        ("hi @jane, @ACME!", "hi @…, @ACME!"),
        ("@acme. @acme's @acmeair @acme.air", "@acme. @acme's @… @acme.air"),
        ("mail jane.doe+x@ex-ample.co.uk now", "mail …@… now"),
        ("toot @jane@social.example and @acme@other.example", "toot @… and @…"),
        ("＠花子さん @北风 @北风你好", "@… @北风 @…"),
        ("@\u200bjane j@\u200bjane", "@… j@…"),
        ("call +1 (555) 123-4567 or 0711/123 45 67!", "call … or …!"),
        ("٠١٢٣٤٥٦٧٨٩", "…"),
        ("1,000,000 people, 2026, 12345", "1,000,000 people, 2026, 12345"),
        ("see https://user:pass@x.example:8443/jane?x=1#y.", "see x.example/…"),
        ("HTTP://X.example www.y.example/~jane z.example/jane", "X.example/… www.y.example/… z.example/…"),
        ("ask u/spez or /u/spez", "ask u/… or /u/…"),
        ("a @ b, 50/50, and/or, 3@", "a @ b, 50/50, and/or, 3@"),
        ("", ""),
    ],
)
def test_texts_are_blanked(con: duckdb.DuckDBPyConnection, text: str, blanked: str) -> None:
    assert _blank(con, text) == blanked


@settings(max_examples=15, deadline=None)
@given(st.text(st.sampled_from("ab@＠.:/ 1-+u北\u200b\n\0é😀")), st.sampled_from(["jane", "花子", "j.d", "jane_1"]))
def test_no_handle_survives_between_any_characters(con: duckdb.DuckDBPyConnection, around: str, handle: str) -> None:
    blanked = _blank(con, f"{around} @{handle} {around}")
    assert not re.search(rf"[@＠]{re.escape(handle)}\b", blanked)


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=40))
def test_what_names_nobody_stays_as_it_is(con: duckdb.DuckDBPyConnection, text: str) -> None:
    plain = re.sub(r"[@＠/.\d]|\b[uU]\b|www", "", text)
    if not any(character.isnumeric() for character in plain):
        assert _blank(con, plain) == plain


@settings(max_examples=15, deadline=None)
@given(st.text())
def test_keys_are_hmac_sha256(con: duckdb.DuckDBPyConnection, text: str) -> None:
    expected = hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()
    assert con.execute("select keyed(?)", [text]).fetchone() == (expected,)
    assert mask.keyed(KEY, text) == expected


def test_nothing_stays_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select keyed(null), blank(null), is_tracked(null)").fetchone() == (None, None, None)


def test_without_tracked_accounts_every_handle_is_blanked() -> None:
    with connect(None) as opened:
        mask.install(opened, KEY, [])
        assert _blank(opened, "@acme") == "@…"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = mask.load_key(tmp_path)
    assert mask.load_key(tmp_path) == key
    assert len(key) == 32
    file = tmp_path / "keys" / "mask.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert mask.load_key(tmp_path, given="ab" * 32) == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31])
def test_a_broken_key_is_refused_and_not_told(tmp_path: Path, text: str) -> None:
    mask.load_key(tmp_path)
    (tmp_path / "keys" / "mask.key").write_text(text)
    for given_key in (None, text):
        with pytest.raises(WarehouseError, match="is not 32 bytes in hex") as caught:
            mask.load_key(tmp_path, given_key)
        assert not text or text not in str(caught.value)
