"""The record for people: rule results go through a Great Expectations checkpoint into a site of Data Docs on disk.

It holds counts only, never a post. Importing Great Expectations is what costs here, and nothing that a run publishes
waits for the site: write it beside the models' build or after the release.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.plans import Rule, load_plans
from expectations.suites import MARTS, MODULES, load_suites
from expectations.verdict import RuleResult, Verdict

if TYPE_CHECKING:
    import pandas as pd

KEPT_RUNS = 30
_WHERE = ["source", "batch"]


def prepare() -> None:
    """Do now the import that `write_data_docs` needs."""
    import expectations.gx  # noqa: F401


def write_data_docs(site_dir: Path, verdicts: Sequence[Verdict], run_id: str, as_of: datetime) -> Path:
    """Add a page per suite for this run to the site, drop runs beyond the last 30, return the index page.

    The same run written again replaces its pages. Without verdicts the site stays as it is, and nothing is imported.
    """
    index = site_dir / "index.html"
    if not verdicts:
        return index
    from expectations.gx import gx

    context = _context(site_dir)
    asset = context.data_sources.add_pandas("rules").add_dataframe_asset("kept")
    frame = asset.add_batch_definition_whole_dataframe(run_id)
    definitions = [
        context.validation_definitions.add(
            gx.ValidationDefinition(name=suite.name, data=frame, suite=context.suites.add(suite))
        )
        for suite in _suites_of_results([result for verdict in verdicts for result in verdict.rules])
    ]
    checkpoint = gx.Checkpoint(
        name=run_id,
        validation_definitions=definitions,
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": _WHERE},
    )
    outcome = context.checkpoints.add(checkpoint).run(
        batch_parameters={"dataframe": _shares(verdicts)},
        run_id=gx.RunIdentifier(run_name=run_id, run_time=as_of.replace(tzinfo=UTC)),
    )
    _drop_old_runs(site_dir / "results")
    context.build_data_docs(resource_identifiers=[*outcome.run_results, *_store_typed_suites(context)])
    shutil.rmtree(site_dir / "static", ignore_errors=True)  # fonts and pictures that our pages do not use
    return index


def _shares(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """One row a batch: its source and id, and for each rule the share of rows that keep it."""
    import pandas as pd

    shares = pd.DataFrame(
        {
            "source": verdict.source,
            "batch": verdict.batch_id,
            **{r.rule_id: (r.checked - r.failed) / r.checked if r.checked else None for r in verdict.rules},
        }
        for verdict in verdicts
    ).astype({r.rule_id: "float64" for verdict in verdicts for r in verdict.rules})
    return shares.copy()  # as one block of numbers: each rule takes rows of the frame, and paid for a block a column


def _suites_of_results(results: Sequence[RuleResult]) -> list[Any]:
    """For each table judged, a suite that says of each rule: the share of rows that keep it reaches its tolerance."""
    from expectations.gx import gx, gxe

    counts: dict[str, tuple[int, int]] = {}
    for result in results:
        failed, checked = counts.get(result.rule_id, (0, 0))
        counts[result.rule_id] = (failed + result.failed, checked + result.checked)
    suites = []
    for plan in load_plans((*MODULES, MARTS)):
        rules = {f"{plan.table}.{rule.name}": rule for rule in plan.rules if f"{plan.table}.{rule.name}" in counts}
        expectations = [
            gxe.ExpectColumnValuesToBeBetween(
                column=rule_id,
                min_value=rule.mostly,
                severity=rule.severity,
                meta=_about(rule, *counts[rule_id]),
            )
            for rule_id, rule in rules.items()
        ]
        if expectations:
            suites.append(gx.ExpectationSuite(name=plan.table, expectations=expectations))
    return suites


def _about(rule: Rule, failed: int, checked: int) -> dict[str, object]:
    """What the rule's line on the page tells besides the verdict."""
    return {"failed": failed, "checked": checked, "why": rule.why, "fix": rule.fix}


def _store_typed_suites(context: Any) -> list[Any]:
    """Put the suites as they are written in the place of the results' ones: the pages on suites show the rules."""
    from expectations.gx import ExpectationSuiteIdentifier, gx

    for judged in list(context.suites.all()):
        context.suites.delete(judged.name)
    suites = load_suites()
    for suite in suites:
        context.suites.add(gx.ExpectationSuite(name=suite.table, expectations=[rule.copy() for rule in suite.rules]))
    return [ExpectationSuiteIdentifier(suite.table) for suite in suites]


def _drop_old_runs(results_dir: Path) -> None:
    """Results lie in <suite>/<run>/<time>/; what has no result loses its page when the site is built."""
    runs = {path.parts[-2:][::-1] for path in results_dir.glob("*/*/*") if path.is_dir()}
    for time, run in sorted(runs)[:-KEPT_RUNS]:
        for suite_dir in results_dir.iterdir():
            shutil.rmtree(suite_dir / run / time, ignore_errors=True)


def _context(site_dir: Path) -> Any:
    """A context that keeps nothing but results and pages, and tells nobody."""
    from expectations.gx import DataContextConfig, gx

    def on_disk(folder: Path) -> dict[str, str]:
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())}

    def store(class_name: str) -> dict[str, Any]:
        return {"class_name": class_name, "store_backend": {"class_name": "InMemoryStoreBackend"}}

    results = {"class_name": "ValidationResultsStore", "store_backend": on_disk(site_dir / "results")}

    def pages(view: str, **arguments: str) -> dict[str, Any]:
        ours = {"module_name": "expectations.docs_pages"}
        return {"renderer": {**ours, "class_name": "Renderer"}, "view": {**ours, "class_name": view, **arguments}}

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": on_disk(site_dir),
        "site_section_builders": {
            "validations": pages("ResultPage"),
            "expectations": pages("SuitePage"),
            "profiling": "None",
        },
        "site_index_builder": {
            "class_name": "DefaultSiteIndexBuilder",
            **pages("IndexPage", results=str(site_dir / "results")),
        },
    }
    config = DataContextConfig(
        config_version=4.0,
        analytics_enabled=False,
        stores={
            "expectations_store": store("ExpectationsStore"),
            "validation_results_store": results,
            "checkpoint_store": store("CheckpointStore"),
            "validation_definition_store": store("ValidationDefinitionStore"),
        },
        expectations_store_name="expectations_store",
        validation_results_store_name="validation_results_store",
        checkpoint_store_name="checkpoint_store",
        data_docs_sites={"soundings": site},
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False}
    return context
