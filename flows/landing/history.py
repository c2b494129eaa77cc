"""What has landed over time: to load again, and to forget."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from flows.errors import SourceError
from flows.landing.attempts import OPENED, OUTCOME, Opened, Outcome
from flows.landing.files import FOLDER, load_note

log = logging.getLogger(__name__)


def finished_windows(
    root: Path, source: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Outcome]:
    """Outcomes of finished windows for replay, oldest first; `since` and `until` bound their `as_of`, half-open."""
    if source is not None and not FOLDER.fullmatch(source):
        raise SourceError("landing", f"{source[:200]!r} is no source's name")
    outcomes = [load_note(path, Outcome) for path in root.glob(f"{source or '*'}/*/*/{OUTCOME}")]
    chosen = [o for o in outcomes if o and (since is None or o.as_of >= since) and (until is None or o.as_of < until)]
    yield from sorted(chosen, key=lambda o: (o.as_of, o.source, o.window_id, o.attempt))


def prune_landing(root: Path, before: datetime, by_source: Mapping[str, datetime] = MappingProxyType({})) -> int:
    """Delete attempts of runs whose `as_of` lies before; how many. What is deleted cannot be replayed any more.

    `by_source`: a later moment for sources whose platforms let nobody keep answers for so long.
    """
    opened = ((path, by_source.get(path.parts[-4], before)) for path in root.glob(f"*/*/*/{OPENED}"))
    old = [path.parent for path, moment in opened if _is_older(path, max(moment, before))]
    for attempt in old:
        shutil.rmtree(attempt)
        with contextlib.suppress(OSError):  # the window has other attempts
            attempt.parent.rmdir()
    return len(old)


def _is_older(path: Path, before: datetime) -> bool:
    try:
        opened = load_note(path, Opened)
    except SourceError as error:
        log.warning("%s", error)  # a damaged note must not end the night that tidies up
        return False
    return opened is not None and opened.as_of < before
