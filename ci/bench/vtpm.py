# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""guests/bench: the vTPM and the same library inside a program of the guest, command by command."""
import os

import exits
from tree import kernel

COUNT = int(os.environ.get("BENCH_COUNT", "300"))
KEYS = int(os.environ.get("BENCH_KEYS", "20"))
# Repetitions under --icount. One is as good as the next, but for the first second of Linux, in which a thread of its own
# takes turns of 4 ms from program and library alike.
INSTRUCTIONS = 120
READS = 2000


class Row:
    """In us, of the device and of the library."""

    def __init__(self, text):
        self.count, self.p50, self.p99, self.mean, self.lib50, self.lib99, self.lib_mean, _ = map(float, text.split())

    @property
    def ratio(self):
        return self.p50 / self.lib50


def rows(tree, words, *more):
    """A run of guests/bench: its rows, and how long the guest was held at most."""
    info = tree.info("test", "vtpm-bench/bench", *kernel("BENCH"), "--append", words, *more)
    found = {k[5:]: Row(v) for k, v in info.items() if k.startswith("vtpm_") and " " in v}
    return found, int(info["vtpm_held_ns"])


def exits_of_reads(tree, reads):
    _, folder = tree.run("test", "vtpm-bench/reads", *kernel("BENCH"), "--append", f"bench.reads={reads}", "--option", "stats")
    return exits.total(exits.keys(folder))


def exits_per_read(tree):
    """From two runs, so that only reads count."""
    return (exits_of_reads(tree, 2 * READS) - exits_of_reads(tree, READS)) / READS


def overhead(found):
    return found["pcr_read"].p50 - found["pcr_read"].lib50


def cold_ratio(row, cold):
    """By p50, to a library that has two exits before each command, as the service has at least."""
    return f"{row.p50 / cold.lib50:8.2f}" if row.count > 1 else "       -"


def print_commands(found, cold):
    print("  vTPM, us                count        p50        p99       mean   library p50        p99       mean"
          "   p50 ratio  mean ratio   cold library")
    for name, r in found.items():
        print(f"  {name:<22} {r.count:6.0f} {r.p50:10.1f} {r.p99:10.1f} {r.mean:10.1f}    {r.lib50:10.1f} {r.lib99:10.1f} "
              f"{r.lib_mean:10.1f}    {r.ratio:8.2f}    {r.mean / r.lib_mean:8.2f}       {cold_ratio(r, cold[name])}", flush=True)


def print_ratios(table, own, other, names):
    for key, name in names:
        table.row(key, own[name].ratio, other[name].ratio if other else None,
                  f"{own[name].p50:.0f} us, the library's {own[name].lib50:.0f}")


def measure(table, here, base):
    words = f"bench.count={COUNT} bench.keys={KEYS}"
    own, held = rows(here, words)
    other = rows(base, f"bench.count={COUNT} bench.keys=1")[0] if base else None
    table.row("read_exits", exits_per_read(here), exits_per_read(base) if base else None)
    table.row("read_overhead", overhead(own), overhead(other) if other else None, "p50, against the library's call")
    print_ratios(table, own, other, (("quote_ecc", "quote_ecc"), ("ecc_primary", "ecc_primary"), ("quote_rsa", "quote_rsa")))
    few = f"bench.count={INSTRUCTIONS} bench.keys=0"
    print_ratios(table, rows(here, few, "--icount", "0")[0], rows(base, few, "--icount", "0")[0] if base else None,
                 (("icount_quote", "quote_ecc"), ("icount_primary", "ecc_primary"), ("icount_rsa", "quote_rsa")))
    print_commands(own, rows(here, f"bench.count={COUNT} bench.keys=1 bench.cold=1")[0])
    table.plain("longest in one call", f"{held / 1e6:.1f} ms", "of the guest's time, all of the above")
