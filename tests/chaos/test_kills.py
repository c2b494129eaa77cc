"""An operator pulls the plug: the next run finishes as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.kills import Reader, arena, instants

KILLS = 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_killed_at_any_instant_and_run_again_leaves_what_an_undisturbed_run_leaves(
    tmp_path: Path, prefect_api: str
) -> None:
    with arena(tmp_path, prefect_api) as field:
        struck = 0
        for number, instant in enumerate(instants(11, KILLS, field.seconds)):
            stage = tmp_path / f"killed-{number}"
            was_killed, stage = field.attempt(stage.name, instant)
            with Reader(stage / "data") as reader:
                assert field.finish(stage) == {}, f"killed after {instant:.2f} s of {field.seconds:.2f} s"
            assert reader.reads > 0
            assert reader.failures == []
            struck += was_killed
        assert struck >= KILLS - 1  # one may come when the run has just ended
