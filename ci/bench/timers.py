# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""guests/bench/jitter.c: how late a timer wakes a program, under the SVSM and plain in turn, and what a tick costs."""
import os
import statistics

import exits
from tree import kernel

ROUNDS = int(os.environ.get("BENCH_TIMER_ROUNDS", "3"))
TICKS = 2000
PARTS = ("p50", "p99", "max")


def run(tree, platform, ticks, *more):
    """A run's record, and its folder."""
    return tree.run("test", "vtpm-bench/jitter", "--platform", platform, *kernel("BENCH"), "--append", f"bench.ticks={ticks}", *more)


def late(tree, platform):
    """us: p50, p99, max."""
    record, _ = run(tree, platform, TICKS)
    return [float(word) for word in record["boots"][0]["info"]["timer_late"].split()[1:]]


def exits_per_tick(tree):
    """From two runs, so that only ticks count."""
    few, many = (exits.total(exits.keys(run(tree, "native", n * TICKS, "--option", "stats")[1])) for n in (1, 2))
    return (many - few) / TICKS


def measure(table, here, base):
    who = {"plain": (here, "plain"), "here": (here, "native")}
    if base:
        who["base"] = (base, "native")
    found = {name: [] for name in who}
    for n in range(ROUNDS):
        for name in list(who) if n % 2 == 0 else reversed(list(who)):
            found[name].append(late(*who[name]))
    for i, part in enumerate(PARTS):
        each = {name: statistics.median(run[i] for run in runs) for name, runs in found.items()}
        table.row(f"timer_{part}", each["here"], each.get("base"),
                  f"plain {each['plain']:.0f} us, {each['here'] / each['plain']:.2f} times; median of {ROUNDS} rounds")
    table.row("timer_exits", exits_per_tick(here), exits_per_tick(base) if base else None)
