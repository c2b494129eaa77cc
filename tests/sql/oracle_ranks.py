"""Places of accounts among their peers, by each measure: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict

from oracle_rows import Key, Row

MEASURES = {
    "pagerank": "pagerank", "h_index": "h_index_90d", "overperformance": "mean_overperformance_log2",
    "followers": "followers",
}  # fmt: skip


def with_ranks(rows: dict[Key, Row]) -> dict[Key, Row]:
    """The rows of (account, entity), each with its places among the accounts of its entity, platform and kind."""
    groups = defaultdict(list)
    for (_, entity), row in rows.items():
        groups[entity, row["platform"], row["is_owned"]].append(row)
    for group in groups.values():
        for name, measure in MEASURES.items():
            values = [row[measure] for row in group if row[measure] is not None]
            for row in group:
                own = row[measure]
                row[f"{name}_rank"] = None if own is None else 1 + sum(other > own for other in values)
    return rows
