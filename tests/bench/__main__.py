"""`make bench`: what things cost beside a bare version of the same work, in one run. Nothing here passes or fails."""

from __future__ import annotations

import subprocess
import sys

BENCHES = ("bench_topics", "bench_validation", "bench_ingest", "bench_rates", "bench_parse", "bench_spikes")


def main() -> None:
    for bench in BENCHES:  # a process each: peak memory and the number of threads are a process's own
        subprocess.run([sys.executable, "-m", f"tests.bench.{bench}"], check=True)


if __name__ == "__main__":
    main()
