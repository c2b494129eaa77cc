"""Page files: one JSON line about the page, then the body as it came, compressed; whole or not there."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
import zstandard

from flows.errors import SourceError
from flows.http.redaction import is_secret
from flows.sources.base import Page, Params

T = TypeVar("T")

FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,149}")  # names of sources and windows
ATTEMPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,149}")  # names of attempts: run ids
PAGE_FILE = re.compile(r"(\d{4,})-([0-9a-f]{24})\.zst")
UNFINISHED = ".writing-"  # what a killed writer leaves behind begins so

_LEVEL = 3  # zstd: 40 items of JSON in a third of a millisecond; more costs more than the disk it saves
_KEPT = threading.local()
_LARGEST = 1 << 30  # bytes; a file that claims to unpack to more is damaged


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a page file: the page but for its body, and what the body must be."""

    page: Page
    run_id: str
    window_id: str
    number: int
    body_bytes: int
    body_blake2: str


def request_key(method: str, url: str, params: Params | None = None, body: Mapping[str, Any] | None = None) -> str:
    """Names a request, whatever the order of its parameters and whatever secrets they carry."""
    place, _, query = url.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    for name, value in (params or {}).items():
        values = [value] if isinstance(value, str | int) else value
        given += [(name, str(each)) for each in values]
    named: list[Any] = [method, place, sorted((name, value) for name, value in given if not is_secret(name))]
    if body is not None:
        named.append({name: value for name, value in body.items() if not is_secret(name)})
    return hashlib.blake2b(msgspec.json.encode(named, order="sorted"), digest_size=12).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a crash."""
    unfinished = path.with_name(UNFINISHED + path.name)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names of the files in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_page(path: Path, page: Page, *, run_id: str, window_id: str, number: int) -> None:
    """Store one page."""
    label = Label(
        page=msgspec.structs.replace(page, body=b""),
        run_id=run_id,
        window_id=window_id,
        number=number,
        body_bytes=len(page.body),
        body_blake2=_digest(page.body),
    )
    content = msgspec.json.encode(label) + b"\n" + page.body
    write_whole(path, _packed(content))


def _packed(content: bytes) -> bytes:
    """Each thread keeps its compressor, which is as long in the making as a page is in the packing."""
    if not hasattr(_KEPT, "compressor"):
        _KEPT.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    packed: bytes = _KEPT.compressor.compress(content)
    return packed


def load_page(path: Path, page_id: str, platform: str) -> Page:
    """Read a page file. Raises SourceError that names it where it is missing, damaged or another page's."""
    return load_label(path, page_id, platform)[1]


def load_label(path: Path, page_id: str, platform: str) -> tuple[Label, Page]:
    """A page with what its file's first line says. Raises SourceError as `load_page` does."""
    try:
        packed = path.read_bytes()
        if zstandard.get_frame_parameters(packed).content_size > _LARGEST:
            raise zstandard.ZstdError("it claims an impossible size")
        line, _, body = zstandard.ZstdDecompressor().decompress(packed).partition(b"\n")
        label = msgspec.json.decode(line, type=Label)
    except (OSError, zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(platform, f"the landed page {path} cannot be read ({error})") from None
    if (label.page.page_id, label.body_bytes, label.body_blake2) != (page_id, len(body), _digest(body)):
        raise SourceError(platform, f"the landed page {path} is damaged: it is not what was written")
    return label, msgspec.structs.replace(label.page, body=body)


def read_page(root: Path, page_id: str) -> Page:
    """A landed page by its id. Raises SourceError that names the file where it is missing or not whole."""
    window_id, _, rest = page_id.partition("/")
    attempt, _, name = rest.partition("/")
    if not (FOLDER.fullmatch(window_id) and ATTEMPT.fullmatch(attempt) and PAGE_FILE.fullmatch(f"{name}.zst")):
        raise SourceError("landing", f"{page_id[:200]!r} is no page id")
    found = list(root.glob(f"*/{page_id}.zst"))
    if len(found) != 1:
        raise SourceError("landing", f"{root}/*/{page_id}.zst names {len(found)} files; there must be one")
    return load_page(found[0], page_id, found[0].relative_to(root).parts[0])


def load_note(path: Path, kind: type[T]) -> T | None:
    """A JSON note beside the pages; None where there is none. Raises SourceError where it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError("landing", f"{path} is damaged ({error}); delete its folder, it is fetched again") from None


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()
