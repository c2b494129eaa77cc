"""What must be true of a batch as a whole. Grain: one row a batch, its facts counted after the row rules.

A critical failure here withholds the batch: so many of its items are wrong that the rest is not to be trusted either.
"""

from __future__ import annotations

from expectations import shapes
from expectations.gx import col
from expectations.rules import at_most
from expectations.suites import Suite

FEWEST = 50
"""Below, a share says nothing: two bad items of three are three items."""
_ENOUGH_ITEMS = col("items") >= FEWEST
_ENOUGH_CANDIDATES = col("candidates") >= FEWEST
_ENOUGH_MENTIONS = col("mentions") >= FEWEST
_ENOUGH_RECOUNTED = col("recounted") >= FEWEST

SUITE = Suite(
    table="batch",
    derived={
        "malformed_share": "malformed / items",
        "refused_share": "refused / candidates",
        "mojibake_share": "mojibake / mentions",
        "fallen_share": "fallen / recounted",
        "unmapped_share": "unmapped / items",
    },
    rules=(
        at_most(
            "malformed_share",
            0.5,
            "malformed_share.at_most_half",
            "most items cannot be read: the platform has changed its answers",
            fix="compare a landed page with the source's parse, fix it, then `soundings replay`",
            row_condition=_ENOUGH_ITEMS,
        ),
        at_most(
            "malformed_share",
            0.05,
            "malformed_share.small",
            "4 % of a public export of 14,640 tweets have shifted columns; more is a change of the answers",
            fix="`soundings quarantine list` tells the reasons",
            severity="warning",
            row_condition=_ENOUGH_ITEMS,
        ),
        at_most(
            "refused_share",
            0.5,
            "refused_share.at_most_half",
            "most items break a row rule: a field is mapped wrongly, or the run's clock is wrong",
            fix="see in the Data Docs which rules failed, fix the mapping or the clock, then `soundings replay`",
            row_condition=_ENOUGH_CANDIDATES,
        ),
        at_most(
            "refused_share",
            0.05,
            "refused_share.small",
            f"{shapes.NONE_SEEN} is refused",
            fix="`soundings quarantine list` tells the reasons",
            severity="warning",
            row_condition=_ENOUGH_CANDIDATES,
        ),
        at_most(
            "mojibake_share",
            0.5,
            "mojibake_share.at_most_half",
            "most texts were decoded wrongly: no query would find them, and they would stay. 0.4 % of a public"
            " export of 20,100 titles are spoiled by the site itself",
            fix="set the file's `encoding` in [[sources]], or see how the source decodes, then `soundings replay`",
            row_condition=_ENOUGH_MENTIONS,
        ),
        at_most(
            "fallen_share",
            0.5,
            "fallen_share.at_most_half",
            "most posts lost half of their counts since the last reading: another field is read",
            fix="compare a landed page with the source's parse, fix it, then `soundings replay`",
            row_condition=_ENOUGH_RECOUNTED,
        ),
        at_most(
            "unmapped_share",
            0.01,
            "unmapped_share.small",
            "items have a field of which the source knows nothing: the platform tells something new, or a field"
            " was renamed. Known ones are listed with the source, so any is one too many",
            fix="compare a landed page with the source's fields: map the new one, or add it to those it leaves out",
            severity="warning",
            row_condition=_ENOUGH_ITEMS,
        ),
    ),
)
