"""The root of the error tree (the lowest room holds it) and this room's branch."""

from __future__ import annotations


class SoundingsError(Exception):
    """Something an operator can act on: the message says what was wrong, where, and what to do."""


class ExpectationError(SoundingsError):
    """A suite cannot be compiled or run: an unknown expectation, an argument without meaning, a missing column."""
