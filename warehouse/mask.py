"""What the public audience sees of personal columns: keyed hashes and blanked texts, computed column-wise in SQL."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.connection import identifier
from warehouse.errors import WarehouseError

Mask = Literal["drop", "key", "blank_text", "tracked_only"]
"""drop: not published. key: HMAC-SHA256 as <name>_key. blank_text: see `blank`. tracked_only: NULL unless tracked."""

KEY_BYTES = 32
_BLOCK = 64  # bytes of SHA-256's block, by RFC 2104

# Letters, digits and marks of all scripts, and the invisible ones that people put into a handle so that none is pinged.
_NAME = r"[\p{L}\p{M}\p{N}_\p{Cf}]"
_LONG_NAME = rf"{_NAME}(?:(?:{_NAME}|[.-])*{_NAME})?"
TOKEN = "|".join(  # the first that matches at a place wins
    (
        r"(?i:https?://|www\.)\S+",
        r"(?i:[a-z0-9-]+\.)+(?i:[a-z]{2,})/\S+",
        rf"{_NAME}[\p{{L}}\p{{M}}\p{{N}}_.%+-]*[@＠][\p{{L}}\p{{N}}-]+(?:\.[\p{{L}}\p{{N}}-]+)+",
        rf"[@＠]\p{{Cf}}*{_LONG_NAME}(?:[@＠]{_LONG_NAME})?",
        r"\b(?i:u)/[A-Za-z0-9_-]{3,}",
        r"\+?\(?\p{Nd}(?:[ ().\-/\x{00a0}]{0,3}\p{Nd}){6,}",
    )
)
"""What may name or reach a person in a text: URL, bare address with a path, e-mail, @handle, u/handle, phone number."""

MACROS = """
create temp macro keyed(id) as sha256(
    unhex(getvariable('mask_outer')) || unhex(sha256(unhex(getvariable('mask_inner')) || encode(id)))
);
create temp macro bare_handle(handle) as lower(regexp_replace(handle, '^[@＠]|^[uU]/|\\p{Cf}', '', 'g'));
create temp macro is_tracked(handle) as list_contains(getvariable('mask_tracked'), bare_handle(handle));
create temp macro blank_token(token) as case
    when token is null then '' -- after the last one
    when regexp_matches(token, '^(?i:https?://|www\\.)|^(?i:[a-z0-9-]+\\.)+(?i:[a-z]{2,})/') then
        regexp_extract(token, '^(?i:https?://)?(?:[^/?#\\s]*@)?([^/?#:\\s]*)', 1) || '/…'
    when is_tracked(token) then token
    when regexp_matches(token, '^[@＠]') then '@…'
    when regexp_matches(token, '^[uU]/') then 'u/…'
    when regexp_matches(token, '[@＠]') then '…@…'
    else '…'
end;
create temp macro blank(body) as if(
    body is null,
    null,
    array_to_string(
        list_transform(
            list_zip(
                regexp_split_to_array(body, getvariable('mask_token')),
                regexp_extract_all(body, getvariable('mask_token'))
            ),
            lambda piece: piece[1] || blank_token(piece[2])
        ),
        ''
    )
);
"""


def load_key(data_dir: Path, given: str | None = None) -> bytes:
    """The key of the public audience: the operator's own (hex), else `keys/mask.key`, made once.

    Raises WarehouseError on a key that is not 32 bytes in hex. A new key gives every mention a new mention_key.
    """
    path = data_dir / "keys" / "mask.key"
    if given is None and not path.exists():
        _make_key(path)
    where = "the mask key in the environment" if given is not None else str(path)
    text = given if given is not None else path.read_text("ascii")
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WarehouseError(f"{where} is not {KEY_BYTES} bytes in hex: restore it from your backup")
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_suffix(".tmp")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secrets.token_hex(KEY_BYTES) + "\n")
    fresh.rename(path)


def install(con: duckdb.DuckDBPyConnection, key: bytes, tracked_handles: Iterable[str]) -> str:
    """Make the masks usable in this session; a fingerprint of all that decides what they give, but for the key."""
    tracked = sorted({handle.strip().lstrip("@").lower() for handle in tracked_handles})
    padded = key.ljust(_BLOCK, b"\0")
    variables = {
        "mask_inner": bytes(byte ^ 0x36 for byte in padded).hex(),
        "mask_outer": bytes(byte ^ 0x5C for byte in padded).hex(),
        "mask_tracked": tracked,
        "mask_token": f"(?:{TOKEN})",
    }
    for name, value in variables.items():
        con.execute(f"set variable {name} = ?", [value])
    con.execute("set variable mask_tracked = getvariable('mask_tracked')::varchar[]")  # an empty list has no type
    con.execute(MACROS)
    return hashlib.sha256("\n".join([MACROS, TOKEN, *tracked]).encode()).hexdigest()


def public_name(column: str, mask: Mask) -> str:
    """mention_id is published as mention_key."""
    return f"{column.removesuffix('_id')}_key" if mask == "key" else column


def public_expression(column: str, mask: Mask) -> str:
    """The SQL of a masked column, named as it is published; `drop` has none."""
    name = identifier(column)
    masked = {
        "key": f"keyed({name})",
        "blank_text": f"blank({name})",
        "tracked_only": f"if(is_tracked({name}), {name}, null)",
    }[mask]
    return f"{masked} as {identifier(public_name(column, mask))}"


def keyed(key: bytes, text: str) -> str:
    """HMAC-SHA256 in hex, as the SQL macro `keyed` gives it: to find one's own mention in the public audience."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
