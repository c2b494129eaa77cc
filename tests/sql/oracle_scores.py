"""Arithmetic of the engagement oracle, each from its definition: imports nothing of ours."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import timedelta
from itertools import pairwise

import numpy as np
from oracle_rows import HOUR, Row


def post_type(post: Row) -> str:
    if post["kind"] != "post":
        return str(post["kind"])
    carried = [kind for kind in ("video", "image", "audio", "poll", "link") if kind in (post["media_formats"] or [])]
    return carried[0] if carried else "text"


def middle_half(values: list[float]) -> float:
    """Mean of the value at each place between n/4 and 3n/4, by the area under the steps."""
    ordered, n = sorted(values), len(values)
    cuts = sorted({n / 4, 3 * n / 4, *(place for place in range(n + 1) if n / 4 < place < 3 * n / 4)})
    area = sum((b - a) * ordered[bisect_right(range(n), (a + b) / 2) - 1] for a, b in pairwise(cuts))
    return area / (n / 2)


def overperformance(a: float, b: float, minimum: float) -> float:
    raised = max(b, minimum)
    if not reaches(a, minimum) and not reaches(b, minimum):
        return a / minimum
    return a / raised if reaches(a, raised) else -raised / max(a, 0.5)


def reaches(a: float, b: float) -> bool:
    """Weighted sums that are equal may differ in their last bits."""
    return a >= b - 1e-9


def geometric(index: list[float]) -> Row:
    """Student's t of 97.5 % by the expansion of Abramowitz and Stegun 26.7.5."""
    names = ("beyond_follower_index_90d", "beyond_follower_index_90d_low", "beyond_follower_index_90d_high")
    n = len(index)
    if n < 10:
        return dict.fromkeys(names)
    logs = np.log(np.array(index) / 100)
    z, v = 1.959963984540054, n - 1
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    t += (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    center, margin = float(logs.mean()), t * float(logs.std(ddof=1)) / math.sqrt(n)
    return dict(zip(names, (100 * math.exp(center + side * margin) for side in (0, -1, 1)), strict=True))


def half_life(post: Row, shots: list[Row]) -> Row:
    """Between which readings the interactions came to half of the newest."""
    told = [(s["captured_at"] - post["published_at"], s["E"]) for s in shots
            if s["E"] is not None]  # fmt: skip
    low = high = None
    reason = "interactions not told"
    if told:
        final_age, final = told[-1]
        at = next((n for n, (_, e) in enumerate(told) if reaches(2 * e, final)), len(told) - 1)
        low, high = max(told[at - 1][0], timedelta()) if at else timedelta(), told[at][0]
        reason = (
            "no interactions" if final <= 0
            else "not read at 7 days or later" if final_age < timedelta(days=7)
            else "readings too far apart" if high - low > 12 * HOUR and high - low > low
            else None
        )  # fmt: skip
    is_known = reason is None and low is not None and high is not None
    ends = (low / HOUR, high / HOUR) if is_known else (None, None)
    return {"half_life_low_hours": ends[0], "half_life_high_hours": ends[1], "half_life_reason": reason}
