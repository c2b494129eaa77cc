"""`make chaos`: runs killed at instants uniform over a measured run, and drawn sequences of nights."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from tests.chaos.kills import Reader, arena, instants
from tests.chaos.sequences import lived


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bad = killed(given.kills, given.seed) if given.kills else 0
    bad += told(given.sequences, given.seed)
    return int(bad > 0)


def told(sequences: int, seed: int) -> int:
    """How many of the drawn sequences of nights end otherwise than a full rebuild or the oracle, or lack a change."""
    bad = 0
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as cores:  # a process for each
        for found in cores.map(lived, range(seed, seed + sequences)):
            bad += not found.is_equal
            print(found, flush=True)
    print(f"{sequences - bad} of {sequences} sequences equal a full rebuild and the oracle")
    return bad


def killed(kills: int, seed: int) -> int:
    """How many of the killed runs end otherwise than one that nobody disturbs."""
    bad = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(prefect_test_harness(server_startup_timeout=180))
        field = stack.enter_context(arena(folder, str(PREFECT_API_URL.value())))
        print(f"an undisturbed run takes {field.seconds:.1f} s")
        for number, instant in enumerate(instants(seed, kills, field.seconds)):
            was_killed, stage = field.attempt(f"killed-{number}", instant)
            with Reader(stage / "data") as reader:
                found = field.finish(stage)
            verdict = "equal" if not found and not reader.failures else f"DIFFERS {found} {reader.failures[:3]}"
            bad += verdict != "equal"
            struck = "killed" if was_killed else "had ended"
            print(
                f"{number + 1:>3}: {struck} after {instant:6.2f} s, {reader.reads} reads meanwhile: {verdict}",
                flush=True,
            )
    print(f"{kills - bad} of {kills} killed runs equal an undisturbed one")
    return bad


if __name__ == "__main__":
    sys.exit(main())
