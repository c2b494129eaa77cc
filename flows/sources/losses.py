"""How much of a window lies out of reach, where a platform does not tell."""

from __future__ import annotations

import math
from datetime import datetime

from flows.sources.base import Window


def unread(seen: int, newest: datetime, oldest: datetime, window: Window) -> int:
    """Items before `oldest`, if the window's unread part is as busy as the `seen` ones that were read; at least one."""
    left = (min(oldest, window.end) - window.start).total_seconds()
    return max(1, math.ceil(seen * left / max(1.0, (newest - oldest).total_seconds())))
