"""The last look before anything is published: facts about the marts, judged by their suite."""

from __future__ import annotations

from datetime import datetime

import duckdb

from expectations.judge_marts import judge_marts
from expectations.verdict import Verdict
from warehouse.errors import WarehouseError
from warehouse.ledger import record_verdict
from warehouse.mart_facts import count_facts


def check_marts(
    con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime, reporting_timezone: str, *, is_full: bool
) -> Verdict:
    """The verdict on what was built, kept with the run; `is_withheld` says that it must not be published.

    Looks at all that was built: everything where `is_full`, else what the `int_touched_*` tables name.
    """
    with con.cursor() as work:
        try:
            count_facts(work, reporting_timezone, as_of, is_full=is_full)
        except duckdb.Error as error:
            raise WarehouseError(f"the marts cannot be checked: {str(error).splitlines()[0]}") from error
        verdict = judge_marts(work, run_id, as_of)
    record_verdict(con, run_id, verdict)
    return verdict
