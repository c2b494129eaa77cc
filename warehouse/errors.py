"""What can go wrong between the rows and the files that hold them."""

from __future__ import annotations

from expectations.errors import SoundingsError


class WarehouseError(SoundingsError):
    """The warehouse cannot be opened, carried forward, built or published."""


class LockedError(WarehouseError):
    """Another run holds the warehouse."""
