"""The demo: the real night on a synthetic world, over real HTTP on this machine."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from flows import present, runs
from flows import settings as configured
from flows.errors import ConfigError
from flows.sandbox.demo import write_configuration
from flows.sandbox.export import write_export
from flows.sandbox.server import Sandbox, serve
from flows.sandbox.world import World
from warehouse import query

MARK = "The demo's configuration"
KPIS = """
with days as (
    select
        *,
        sum(ugc_mentions) over week as ugc_mentions_7d,
        avg(coverage) over week as coverage_7d
    from marts.kpi_entity_daily
    window week as (partition by entity_id order by report_date rows 6 preceding)
)
select
    entity_name as brand,
    mentions_7d as mentions,
    unique_authors_7d as authors,
    interactions_7d::bigint as interactions,
    (interactions_7d / nullif(mentions_7d, 0))::decimal(18, 1) as "per mention",
    (100 * mentions_7d / sum(mentions_7d) over ())::decimal(18, 1) as "voice %",
    (100 * ugc_mentions_7d / nullif(mentions_7d, 0))::decimal(18, 1) as "UGC %",
    (100 * coverage_7d)::decimal(18, 1) as "coverage %"
from days
join marts.dim_entities using (entity_id, entity_kind)
where entity_kind = 'brand' and report_date = (select max(report_date) - 1 from days)
order by mentions desc, brand
"""


def show(folder: Path, seed: int, days: int) -> bool:
    """Backfill the days up to yesterday's night, then run last night; whether both went well."""
    began = time.monotonic()
    _clear(folder)
    now = runs.utc_now()
    end = now.replace(hour=2, minute=0, second=0) - timedelta(days=0 if now.hour >= 2 else 1)
    world = World.make(seed, days, end=end)
    with serve(world) as (url, sandbox):
        present.say(f"A synthetic world of {world.posts.height:,} invented posts over {days} days, served at {url}")
        config = write_configuration(folder, url, world)
        data_dir = configured.load(config).data_dir
        configured.apply(configured.prefect_environment(data_dir, is_quiet=present.is_watched()))
        _hurry()
        went_well = run_both(sandbox, config, days)
    if went_well:
        _tell(data_dir, config, time.monotonic() - began)
    return went_well


def run_both(sandbox: Sandbox, config: Path, days: int) -> bool:
    """The past as of the night before the world's end, then the night at its end, on the sandbox's own clock."""
    night = sandbox.world.end
    return all(live(sandbox, config, days, as_of) for as_of in (night - timedelta(days=1), night))


def live(sandbox: Sandbox, config: Path, days: int, as_of: datetime) -> bool:
    """The night at the world's end, or a backfill of `days` as of an earlier moment; whether it went well."""
    from flows.backfill import backfill
    from flows.nightly import nightly

    _turn_to(sandbox, config.parent, as_of)
    if as_of == sandbox.world.end:
        state = nightly(config, None, as_of, return_state=True)
    else:
        state = backfill(days, config, None, as_of, return_state=True)
    status = runs.latest(configured.load(config).data_dir)
    if status is not None:
        present.status(status)
    return bool(state.is_completed())


def _hurry() -> None:
    """Import what writes the Data Docs while Prefect's server starts: another process, and a core has nothing to do."""
    from flows.documents import prepare_early

    prepare_early()


def _turn_to(sandbox: Sandbox, folder: Path, moment: datetime) -> None:
    """Nobody sees the future: neither the API nor the export files."""
    sandbox.now = moment
    write_export(sandbox.world, folder / "exports", moment)


def _clear(folder: Path) -> None:
    """Begin anew, but only where a demo was: this deletes. Prefect's own database stays, as making it takes time."""
    config = folder / "soundings.toml"
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not config.exists() or MARK not in config.read_text("utf-8"):
        raise ConfigError(f"{folder} holds something else than a demo; name an empty folder with --folder")
    shutil.rmtree(folder / "exports", ignore_errors=True)
    for path in (folder / "data").glob("*"):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.name != "prefect":
            shutil.rmtree(path)


def _tell(data_dir: Path, config: Path, seconds: float) -> None:
    present.say("\nThe last 7 days of three synthetic brands (marts.kpi_entity_daily):")
    with closing(query.open_release(data_dir, "public")) as con:
        present.verbatim("".join(query.run(con, KPIS, "table")))
    present.say(f"Done in {seconds:.0f} s. All of it is synthetic. Where to look next:")
    told = present.near(config)
    present.say(f"  export SOUNDINGS_CONFIG={told}  # for the questions of README.md")
    present.say(f"  .venv/bin/soundings status --config {told}")
    present.say(f"  {present.near(data_dir / 'current' / 'bi.duckdb')} for your BI tool (read-only)")
    present.say(f"  {present.near(data_dir / 'expectations' / 'index.html')} for what was checked")
    present.say('  .venv/bin/soundings init --brand "Your Brand" --query \'"your brand" OR @yourbrand\'')
