"""What was fetched, kept verbatim before anything reads it: `landing/<source>/<window_id>/<attempt>/`.

Pages are found again by their request. A window that was interrupted is simply asked for again from its start: what
has landed answers from disk, and the network is asked from the stored page on. `files` writes and proves pages,
`attempts` keeps a window's, `client` is what sources ask, `validators` spares what is unchanged, `history` replays and
forgets, `named` tells which pages name a mention, `scrub` takes it out of them, `gone` knows its words again.
"""

from flows.landing.attempts import Attempt, Outcome
from flows.landing.client import LandingClient
from flows.landing.files import read_page, request_key
from flows.landing.gone import Marks, named_again
from flows.landing.history import finished_windows, prune_landing
from flows.landing.named import Entry, entries, hash_of, unlisted, write_named
from flows.landing.scrub import Parser, scrub_landing
from flows.landing.validators import Validators, keep_validators

__all__ = [
    "Attempt",
    "Entry",
    "LandingClient",
    "Marks",
    "Outcome",
    "Parser",
    "Validators",
    "entries",
    "finished_windows",
    "hash_of",
    "keep_validators",
    "named_again",
    "prune_landing",
    "read_page",
    "request_key",
    "scrub_landing",
    "unlisted",
    "write_named",
]
