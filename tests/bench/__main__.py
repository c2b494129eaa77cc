"""`make bench`: what things cost beside a bare version of the same work, in one run. Nothing here passes or fails."""

from __future__ import annotations

import argparse
import subprocess
import sys

BENCHES = ("bench_topics", "bench_validation", "bench_ingest", "bench_rates", "bench_parse", "bench_spikes")

LONG = ("bench_build",)  # an hour or more and tens of gigabytes; by itself it takes smaller sizes, too


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="those that take an hour, too")
    for bench in (
        *BENCHES,
        *(LONG if parser.parse_args().long else ()),
    ):  # a process each: peak memory and the number of threads are a process's own
        subprocess.run([sys.executable, "-m", f"tests.bench.{bench}"], check=True)


if __name__ == "__main__":
    main()
