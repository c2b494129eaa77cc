"""The night as a Prefect deployment: its cron, and the runner that starts what falls due."""

from __future__ import annotations

import hashlib

from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.nightly import nightly
from flows.settings import Settings
from flows.starter import slug


def deployment_name(settings: Settings) -> str:
    """One for each data folder: several installations may share a Prefect server."""
    place = hashlib.blake2b(str(settings.data_dir).encode(), digest_size=4).hexdigest()
    return f"{slug(settings.project.name)}-{place}"


async def run_on_schedule(settings: Settings, *, is_night_missed: bool) -> None:
    """Serve the night's deployment until stopped; a missed night is asked for once, at the start."""
    deployment = await nightly.ato_deployment(
        name=deployment_name(settings),
        schedule=Cron(settings.schedule.cron, timezone=settings.schedule.timezone),
        parameters={"config": str(settings.path), "data_dir": str(settings.data_dir)},
        concurrency_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    runner = Runner(name="soundings", limit=1, pause_on_shutdown=False)
    deployment_id = await runner.aadd_deployment(deployment)
    if is_night_missed:
        async with get_client() as client:
            await client.create_flow_run_from_deployment(deployment_id)
    await runner.start()
