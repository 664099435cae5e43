"""Times a call in turns with another: many calls, so that neither has a fast minute for itself."""

import time
from collections.abc import Callable

PAUSE = 0.05
"""Seconds between turns: longer than OpenBLAS or OpenMP let idle threads run."""


def turn(call: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Return the CPU and the wall milliseconds of a call, over all calls of a turn."""
    time.sleep(PAUSE)
    call()
    count = 0
    begin, begin_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < seconds:
        call()
        count += 1
    cpu, wall = time.process_time() - begin_cpu, time.perf_counter() - begin
    return 1e3 * cpu / count, 1e3 * wall / count
