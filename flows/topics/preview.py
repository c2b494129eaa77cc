"""What a query would bring, before one commits to it: hits, near misses and the share of noise."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from flows.topics.candidates import candidates
from flows.topics.match import MATCHES, matched
from flows.topics.plan import Plan, plans
from flows.topics.query import And, Near, Node, Not, Or, is_anchored
from flows.topics.search import search_terms

NEAR_MISSES = pl.Schema({"row_no": pl.UInt32(), "reason": pl.String()})


@dataclass(frozen=True)
class Preview:
    """`hits`: row_no, matched_terms. `near_misses`: row_no, reason (one row a branch of the query that just failed).

    `noise_share` is the part of the rows that a platform's search would bring (`search_terms`) and the query rejects;
    None where it would bring none.
    """

    canonical: str
    hits: pl.DataFrame
    near_misses: pl.DataFrame
    noise_share: float | None


def preview(query: str, frame: pl.DataFrame) -> Preview:
    """Try a query on a frame as for `match`. Raises TopicError where it cannot be read."""
    (each,) = plans([("", query)])
    searched = Or(tuple(And(alternative) for alternative in search_terms(each.query)))
    hits, missed, brought = [pl.DataFrame(schema=MATCHES)], [pl.DataFrame(schema=NEAR_MISSES)], 0
    for _, rows in candidates(frame, [each]):
        hits.append(matched(each, rows))
        missed.extend(_near_misses(each, rows.filter(~each.holds(each.query.root))))
        brought += rows.filter(each.holds(searched)).height
    found = pl.concat(hits).drop("topic_id").sort("row_no")
    misses = pl.concat(missed).sort("row_no", "reason")
    return Preview(str(each.query), found, misses, 1 - found.height / brought if brought else None)


def _near_misses(each: Plan, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows that fail one operand of a branch and no other."""
    root = each.query.root
    parts = []
    for branch in root.operands if isinstance(root, Or) else (root,):
        operands = branch.operands if isinstance(branch, And) else (branch,)
        for operand in operands:
            others = [other for other in operands if other is not operand]
            if any(map(is_anchored, others)) or isinstance(operand, Near):
                missed = rows.filter(~each.holds(operand), _present(each, operand, others), *map(each.holds, others))
                parts.append(missed.select("row_no", pl.lit(_reason(operand)).alias("reason")))
    return parts


def _present(each: Plan, operand: Node, others: list[Node]) -> pl.Expr:
    """A NEAR that stands alone nearly holds where both its sides are found; elsewhere the other operands tell."""
    if isinstance(operand, Near) and not any(map(is_anchored, others)):
        return each.holds(Or(operand.left)) & each.holds(Or(operand.right))
    return pl.lit(value=True)


def _reason(operand: Node) -> str:
    return f"excluded by {operand.operand}" if isinstance(operand, Not) else f"lacks {operand}"
