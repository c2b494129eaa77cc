# ruff: noqa: S608 - SQL is put together from names that the warehouse's own catalogue gives, quoted, and our own text
"""Facts about freshly built marts, for the suite that judges them: one pass a mart over what is small or was touched.

What a mart says is held against raw, not against the models between: they would repeat their own mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse.connection import identifier, literal

KEYS: dict[str, tuple[str, ...]] = {
    "dim_accounts": ("account_id",),
    "dim_dates": ("report_date",),
    "dim_entities": ("entity_id",),
    "dim_platforms": ("platform",),
    "fct_engagement_daily": ("mention_id", "captured_date"),
    "fct_follower_fit": ("platform", "bucket_hours", "fit_date"),
    "fct_mention_entities": ("mention_id", "entity_id"),
    "fct_mentions": ("mention_id",),
    "fct_post_buckets": ("mention_id", "bucket_hours"),
    "kpi_account_daily": ("account_id", "report_date"),
    "kpi_campaigns": ("entity_id", "report_date"),
    "kpi_content": ("entity_id", "platform", "post_type", "iso_weekday", "hour_of_day"),
    "kpi_conversation_generations": ("thread_id", "generation"),
    "kpi_conversations": ("thread_id",),
    "kpi_coverage": ("source", "platform", "topic_id?", "report_date"),
    "kpi_departments": ("mention_id", "brand_id"),
    "kpi_departments_daily": ("department", "report_date"),
    "kpi_employer_daily": ("entity_id", "report_date"),
    "kpi_entity_daily": ("entity_id", "report_date"),
    "kpi_entity_platform_daily": ("entity_id", "platform", "report_date"),
    "kpi_episodes": ("entity_id", "scope", "sentiment", "episode_no"),
    "kpi_influence": ("account_id", "entity_id"),
    "kpi_message_accounts": ("entity_id", "week_start_date", "account_id"),
    "kpi_message_consistency": ("entity_id", "week_start_date"),
    "kpi_journey": ("entity_id", "stage", "report_date"),
    "kpi_intents": ("entity_id", "intent", "report_date"),
    "kpi_post_performance": ("mention_id",),
    "kpi_referrals": ("site", "platform", "landing_page?", "visit_date"),
    "kpi_response": ("mention_id", "brand_id"),
    "kpi_response_daily": ("entity_id", "department?", "platform", "report_date"),
    "kpi_response_hours": ("entity_id", "iso_weekday", "hour_of_day"),
    "kpi_spikes": ("entity_id", "scope", "sentiment", "report_date"),
    "kpi_topics": ("entity_id", "report_date", "language", "term"),
    "kpi_targets": ("metric", "entity_id", "month_start_date"),
    "kpi_voices": ("entity_id", "period"),
}
"""The grain of each mart; `?`: NULL is a value of this part. A mart without an entry, or without these columns, is not
checked for rows that stand twice, and that is told."""

_TOUCHED = {"mention_id": "int_touched_mentions", "account_id": "int_touched_accounts"}
"""Where a mart that grows with history is keyed by these, only the keys of this build are looked at."""

_LARGE = ("fct_", "dim_accounts")
_NEEDED = frozenset({"fct_mentions", "kpi_entity_daily", "kpi_coverage"})

_WHOLE = "1.000000001"
"""A part and its whole are sums of doubles: equal ones may differ in their last bits."""
_RECONCILED = Path(__file__).with_name("reconcile_marts.sql")
_FRESHNESS = """
insert into mart_fact
select 'source', source, count(*), 0, epoch($as_of - max(last_covered_at)) / 3600
from marts.kpi_coverage
where topic_id is not null
group by source
"""


def count_facts(con: duckdb.DuckDBPyConnection, reporting_timezone: str, as_of: object, *, is_full: bool) -> None:
    """Make the temporary table `mart_fact`: kind, what, rows looked at, how many of them are wrong, hours."""
    con.execute(
        "create or replace temp table mart_fact (kind varchar, what varchar, rows bigint, wrong bigint, hours double)"
    )
    marts = _columns(con)
    for mart, columns in marts.items():
        for fact in _facts(mart, columns, is_full=is_full):
            con.execute(f"insert into mart_fact {fact}")
    if set(marts) >= _NEEDED:
        con.execute(_RECONCILED.read_text("utf-8"), {"zone": reporting_timezone, "is_full": is_full})
        con.execute(_FRESHNESS, {"as_of": as_of})


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    rows = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' order by all"
    )
    marts: dict[str, dict[str, str]] = {}
    for mart, column, kind in rows.fetchall():
        marts.setdefault(mart, {})[column] = kind
    return marts


def _facts(mart: str, columns: dict[str, str], *, is_full: bool) -> Iterator[str]:
    key = KEYS.get(mart, ())
    names = [part.removesuffix("?") for part in key]
    table = f"marts.{identifier(mart)}"
    if names and mart.startswith(_LARGE) and names[0] in _TOUCHED and not is_full:
        column = identifier(names[0])
        table += f" where {column} in (select {column} from intermediate.{_TOUCHED[names[0]]})"
    if key and set(names) <= set(columns):
        grain = ", ".join(map(identifier, names))
        missing = " or ".join(f"{identifier(part)} is null" for part in key if not part.endswith("?"))
        yield (
            f"select 'key', {literal(mart)}, coalesce(sum(n), 0), coalesce(sum(if({missing}, n, n - 1)), 0), null"
            f" from (select {grain}, count(*) as n from {table} group by {grain})"
        )
    else:
        yield f"select 'no_key', {literal(mart)}, 1, 1, null"
    if shares := list(_shares(columns)):
        counts = ", ".join(
            f"count(*) filter (not coalesce({identifier(name)} between 0 and {_WHOLE}, true))" for _, name in shares
        )
        kinds = ", ".join(f"'{kind}'" for kind, _ in shares)
        whats = ", ".join(literal(f"{mart}.{name}") for _, name in shares)
        yield (
            f"select unnest([{kinds}]), unnest([{whats}]), rows, unnest(counts), null"
            f" from (select count(*) as rows, [{counts}] as counts from {table})"
        )


def _shares(columns: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The columns that are shares by their names, as sql/README.md has them."""
    for name, data_type in columns.items():
        if data_type != "DOUBLE":
            continue
        if name == "coverage" or name.endswith("_coverage"):
            yield "coverage", name
        elif name.startswith("share_of_") or name.endswith("_share"):
            yield "share", name
        elif name.endswith("_ratio"):
            yield "ratio", name
