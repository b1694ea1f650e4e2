# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The figures of suite timer-bare where time goes by instructions: the same to the tick in each run, and no interrupt
later than the machine's exits make it (docs/timers.md). There is no service CPU: it would make the TPM meanwhile, and
all CPUs share one thread then."""

import json

from keelson import keelson

RUNS = 2

# Upper bounds of each sample, in ns, which are instructions: an exit and an entry for a deadline, two of either
# and a request by the GHCB for an IPI. What they are now stands in docs/timers.md.
BOUNDS = {
    "timer_deadline_running_ns": 6000,
    "timer_deadline_halted_ns": 6000,
    "ipi_self_ns": 12000,
    "ipi_running_ns": 15000,
    "ipi_halted_ns": 15000,
}
PERIOD = "timer_period_1ms_ns"

# Both vCPUs run: what the host sends to QEMU meanwhile ends the turn of one, and a sample of the 32 is off. In the
# others one CPU runs at a time, and every sample is the same.
BOTH_RUN = "ipi_running_ns"


def figures(runs, number):
    """Key to the smallest, median and largest sample; of BOTH_RUN the median alone."""
    folder = runs / str(number)
    folder.mkdir(parents=True)
    run = keelson(folder, "test", "timer-bare/lat*", "--icount", "0", "--service-cpus", "0").check(0)
    found = {}
    for boot in run.json()["boots"]:
        found.update((k, v) for k, v in boot["info"].items() if k.endswith("_ns"))
    found = {k: tuple(map(int, v.split())) for k, v in found.items()}
    found[BOTH_RUN] = found[BOTH_RUN][1:2]
    return found


def test_figures_by_instructions(runs):
    first = figures(runs, 0)
    assert set(first) == {*BOUNDS, PERIOD}
    for number in range(1, RUNS):
        assert figures(runs, number) == first, json.dumps(first)
    for key, bound in BOUNDS.items():
        assert 0 < first[key][0] and first[key][-1] <= bound, (key, first[key])
    low, middle, high = first[PERIOD]
    assert middle == 1000000  # it does not drift: half of the ticks are exactly a period apart
    late = BOUNDS["timer_deadline_running_ns"]
    assert 1000000 - late <= low and high <= 1000000 + late


def test_one_vcpu(runs):
    """What needs a second vCPU is skipped with one, and nothing else is."""
    run = keelson(runs, "test", "timer-bare/[!p]*", "--smp", "1").check(0)
    skipped = {t for t, v in run.verdicts().items() if v == "skip"}
    assert skipped == {"ap-start-lost", "clocks-unstable", "latency-ipi"}
    assert set(run.verdicts().values()) == {"pass", "skip"}
