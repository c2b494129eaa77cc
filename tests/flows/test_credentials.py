"""A source whose credentials are missing, refused or of no use: what is asked, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from testbed import NOW, job, no_progress, proven, search

from flows.credentials import Access
from flows.errors import ConfigError
from flows.extract import _extract as extracted
from flows.sources.access import Credentials
from tests.flows.fault_server import FaultServer, reply

GIVEN = Access({"token": "s3cr3t-token"}, mend="check SOUNDINGS_BED_TOKEN")


async def test_a_source_without_its_secret_is_asked_nothing_and_says_where_to_get_it(
    server: FaultServer, tmp_path: Path
) -> None:
    missing = Access(missing={"SOUNDINGS_BED_TOKEN": "an access token: Settings, Development"})
    asks = [search("one"), search("two")]
    outcomes = await extracted(job(tmp_path, server.url, proven(), access=missing), asks, no_progress)
    assert [outcome.is_covered for outcome in outcomes] == [False, False]
    assert "set SOUNDINGS_BED_TOKEN in the environment or in .env: an access token" in str(outcomes[0].error)
    assert server.asked == []


@pytest.mark.parametrize(("status", "asked"), [(401, 1), (403, 3)])
async def test_a_source_whose_credentials_are_refused_stops_and_goes_on_in_the_next_run(
    server: FaultServer, tmp_path: Path, status: int, asked: int
) -> None:
    server.on("/search", *[reply(status=status)] * asked, reply(b'[{"id": 1}]'))
    asks = [search(name) for name in ("one", "two", "three", "four")]
    outcomes = await extracted(job(tmp_path, server.url, proven(), access=GIVEN), asks, no_progress)
    assert len(server.asked) == asked
    assert GIVEN.mend in str(outcomes[0].error)
    assert str(outcomes[3].error).startswith("not asked: ")
    again = job(tmp_path, server.url, proven(), access=GIVEN, run_id="r2", as_of=NOW + timedelta(hours=1))
    assert all(outcome.is_covered for outcome in await extracted(again, asks, no_progress))


async def test_credentials_that_a_source_cannot_use_are_named_without_telling_them(
    server: FaultServer, tmp_path: Path
) -> None:
    def unusable(_options: Any, secrets: Any) -> Credentials:
        raise ValueError(f"{secrets['token']} has no colon")

    broken = replace(proven(), credentials=unusable)
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        await extracted(job(tmp_path, server.url, broken, access=GIVEN), [search()], no_progress)
    assert "s3cr3t" not in "".join(f"{e}" for e in (caught.value, caught.value.__context__))
