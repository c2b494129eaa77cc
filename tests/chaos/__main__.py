"""`make chaos`: as many kills as you like, at instants uniform over a measured run."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from tests.chaos.kills import Reader, arena, instants


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bad = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(prefect_test_harness(server_startup_timeout=180))
        field = stack.enter_context(arena(folder, str(PREFECT_API_URL.value())))
        print(f"an undisturbed run takes {field.seconds:.1f} s")
        for number, instant in enumerate(instants(given.seed, given.kills, field.seconds)):
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
    print(f"{given.kills - bad} of {given.kills} equal")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
