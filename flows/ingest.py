"""What was landed for one source, on its way into the warehouse: batch by batch, validated, then loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

import duckdb

from expectations.validate import validate
from expectations.verdict import Verdict
from flows import batch as batching
from flows.batch import Job
from flows.landing import Outcome
from flows.runs import utc_now
from warehouse.load import load_batch


def ingest(
    job: Job, outcomes: Sequence[Outcome], con: duckdb.DuckDBPyConnection, on_batch: Callable[[], None]
) -> list[Verdict]:
    """Load a source's windows. A withheld batch loads nothing but the word that its windows are not covered."""
    verdicts: list[Verdict] = []
    withheld: dict[str, str] = {}
    for folder in batching.batches(job, outcomes):
        verdict = validate(folder, as_of=job.as_of)
        verdicts.append(verdict)
        if verdict.is_withheld:
            reason = f"withheld: {'; '.join(verdict.reasons)}"
            withheld |= dict.fromkeys(batching.windows_of(folder), reason)
            batching.withhold(folder)
        else:
            batching.attach_payloads(job, folder)
        batching.uncover(folder, withheld)
        load_batch(con, folder, loaded_at=utc_now())
        shutil.rmtree(folder)
        on_batch()
    return verdicts
