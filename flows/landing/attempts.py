"""One attempt at one window: its pages by request, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from flows.errors import SourceError
from flows.landing.files import (
    ATTEMPT,
    FOLDER,
    PAGE_FILE,
    UNFINISHED,
    load_note,
    load_page,
    request_key,
    sync_folder,
    write_page,
    write_whole,
)
from flows.landing.validators import Validator
from flows.sources.base import Page, Verb, Window

log = logging.getLogger(__name__)


OPENED = "attempt.json"
OUTCOME = "window.json"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a window is; without start and end where it is no span of time (a file, a batch of ids)."""

    source: str
    platform: str
    verb: Verb
    topic_id: str | None
    window_id: str
    window_start: datetime | None
    window_end: datetime | None
    ids: list[str] = []  # refresh: the native ids that are asked for


class Opened(Asked, frozen=True, kw_only=True):
    """`attempt.json`: since when a window is worked on, and by which runs."""

    as_of: datetime  # of the run that began it
    run_ids: list[str]


class Outcome(Asked, frozen=True, kw_only=True):
    """`window.json`: how an attempt ended, and its pages that hold items, in order."""

    attempt: str
    run_id: str  # of the run that ended it, as is as_of
    as_of: datetime
    pages: list[str]
    is_covered: bool
    rate_limited: int
    lost_items: int
    error: str | None
    validators: dict[str, Validator] = {}  # of answers that may be unchanged the next time, by request key


class Attempt:
    """An attempt open for finding and adding pages. One process at a time: the run's lock sees to it."""

    def __init__(self, folder: Path, opened: Opened, run_id: str, as_of: datetime) -> None:
        self._folder, self._opened = folder, opened
        self._run_id, self._as_of = run_id, as_of
        files = (PAGE_FILE.fullmatch(path.name) for path in folder.iterdir())
        self._validators: dict[str, Validator] = {}
        self._numbers = {match[2]: int(match[1]) for match in files if match}
        self.outcome = load_note(folder / OUTCOME, Outcome)
        self._is_finished = self.outcome is not None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        source: str,
        platform: str,
        verb: Verb,
        topic_id: str | None,
        window_id: str,
        run_id: str,
        as_of: datetime,
        max_age: timedelta,
        window: Window | None = None,
        ids: Sequence[str] = (),
    ) -> Attempt:
        """Take up what there is of this window, or begin anew in a folder named by the run.

        The same run gets its own attempt again, finished or not. Another run takes up an unfinished one that was
        begun less than `max_age` before; the pages in it keep the `as_of` at which they were fetched.
        """
        for name, pattern in ((source, FOLDER), (window_id, FOLDER), (run_id, ATTEMPT)):
            if not pattern.fullmatch(name):
                raise SourceError(platform, f"{name[:200]!r} cannot name a folder; use a-z, 0-9, '-' and '_'")
        asked = Asked(
            source=source,
            platform=platform,
            verb=verb,
            topic_id=topic_id,
            window_id=window_id,
            window_start=window.start if window else None,
            window_end=window.end if window else None,
            ids=list(ids),
        )
        parent = root / source / window_id
        folder, opened = _choose(parent, asked, run_id, as_of, max_age)
        folder.mkdir(parents=True, exist_ok=True)
        for torn in folder.glob(f"{UNFINISHED}*"):
            torn.unlink()
        if run_id not in opened.run_ids:
            opened = msgspec.structs.replace(opened, run_ids=[*opened.run_ids, run_id])
            write_whole(folder / OPENED, msgspec.json.encode(opened))
        return cls(folder, opened, run_id, as_of)

    @property
    def is_finished(self) -> bool:
        """Whether the window has come to its end, in this run or before."""
        return self._is_finished

    def find(self, key: str) -> Page | None:
        """The page that answers this request; None where none has landed, or the file does not prove itself."""
        name = self._name(key)
        if name not in self._numbers:
            return None
        page_id = self._page_id(name)
        try:
            return load_page(self._path(page_id), page_id, self._opened.platform)
        except SourceError as error:
            log.warning("%s; it is asked for again", error)
            return None

    def put(
        self,
        key: str,
        body: bytes,
        *,
        request: str,
        fetched_at: datetime,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Keep one answer, from the network or from a file. `request` and `headers` must hold no secret."""
        name = self._name(key)
        number = self._numbers.setdefault(name, max(self._numbers.values(), default=0) + 1)
        page = Page(
            page_id=self._page_id(name),
            source=self._opened.source,
            platform=self._opened.platform,
            verb=self._opened.verb,
            topic_id=self._opened.topic_id,
            as_of=self._as_of,
            fetched_at=fetched_at,
            request=request,
            status=status,
            headers=dict(headers or {}),
            body=body,
        )
        path = self._path(page.page_id)
        write_page(path, page, run_id=self._run_id, window_id=self._opened.window_id, number=number)
        return page

    def note_validator(self, key: str, page: Page) -> None:
        """Note what an answer says of its version; it counts once the window is committed."""
        if page.status != 304:  # what it was asked with still holds
            etag, modified = page.headers.get("etag"), page.headers.get("last-modified")
            self._validators[key] = Validator(etag=etag, last_modified=modified, as_of=page.as_of)

    def pause(
        self, pages: Sequence[str], *, is_covered: bool, rate_limited: int, lost_items: int, error: str | None
    ) -> Outcome:
        """How the window stands, without ending it: the next run goes on from what has landed."""
        self.outcome = Outcome(
            **_asked(self._opened),
            attempt=self._folder.name,
            run_id=self._run_id,
            as_of=self._as_of,
            pages=list(pages),
            is_covered=is_covered,
            rate_limited=rate_limited,
            lost_items=lost_items,
            error=error,
            validators=self._validators,
        )
        return self.outcome

    def finish(
        self, pages: Sequence[str], *, is_covered: bool, rate_limited: int, lost_items: int, error: str | None
    ) -> Outcome:
        """Write how the window ended, naming its pages that hold items in order; it is never taken up again."""
        outcome = self.pause(
            pages, is_covered=is_covered, rate_limited=rate_limited, lost_items=lost_items, error=error
        )
        sync_folder(self._folder)  # the pages first: an outcome must not outlive what it names
        write_whole(self._folder / OUTCOME, msgspec.json.encode(outcome))
        sync_folder(self._folder)
        self._is_finished = True
        return outcome

    def _name(self, key: str) -> str:
        """The key with the source in it: page ids do not name the source, and must differ between two all the same."""
        return request_key(self._opened.source, key)

    def _page_id(self, name: str) -> str:
        return f"{self._opened.window_id}/{self._folder.name}/{self._numbers[name]:04d}-{name}"

    def _path(self, page_id: str) -> Path:
        return self._folder / f"{page_id.rpartition('/')[2]}.zst"


def _choose(parent: Path, asked: Asked, run_id: str, as_of: datetime, max_age: timedelta) -> tuple[Path, Opened]:
    """The attempt to go on with; without one, a new one that no run has worked on yet."""
    found = [(path.parent, load_note(path, Opened)) for path in parent.glob(f"*/{OPENED}")]
    known = [(folder, opened) for folder, opened in found if opened and _asked(opened) == _asked(asked)]
    own = [(folder, opened) for folder, opened in known if run_id in opened.run_ids]
    young = [
        (folder, opened)
        for folder, opened in known
        if timedelta(0) <= as_of - opened.as_of < max_age and not (folder / OUTCOME).exists()
    ]
    fresh = parent / run_id, Opened(**_asked(asked), as_of=as_of, run_ids=[])
    return max(own or young or [fresh], key=lambda attempt: attempt[1].as_of)


def _asked(window: Asked) -> dict[str, Any]:
    return {name: getattr(window, name) for name in Asked.__struct_fields__}
