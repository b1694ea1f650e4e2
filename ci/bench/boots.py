# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Boots of the same kernel and initramfs, plain and under the SVSM, in rounds: all see the same noise."""
import statistics
import sys

from table import number


class Boot:
    def __init__(self, record, start_ms, cpu_s):
        timeline = record["boots"][0]["timeline_ms"]
        self.ready = timeline["ready"]
        self.user = self.ready - timeline["phase_user_space"]
        self.start_ms, self.cpu = start_ms, cpu_s
        self.record = record


def one(tree, platform, *more):
    record, _ = tree.boot(platform, *more)
    return Boot(record, tree.start_ms, tree.cpu_s)


def rounds(here, base, count, *more):
    """A list for each of plain, here and base; the order turns round each time. more: words for the harness."""
    who = {"plain": (here, "plain"), "here": (here, "native")}
    if base:
        who["base"] = (base, "native")
    boots = {name: [] for name in who}
    for n in range(count):
        order = list(who) if n % 2 == 0 else list(reversed(who))
        for name in order:
            boots[name].append(one(*who[name], *more))
        said = ", ".join(f"{name} {b[-1].user}/{b[-1].ready} ms" for name, b in boots.items())
        print(f"  round {n + 1}: {said}", file=sys.stderr, flush=True)
    return boots


def ratios(boots, name, part):
    """Round by round, sorted."""
    return sorted(getattr(b, part) / getattr(p, part) for b, p in zip(boots[name], boots["plain"]))


def print_ratio(table, boots, key, part, unit="ms"):
    own = ratios(boots, "here", part)
    base = statistics.median(ratios(boots, "base", part)) if "base" in boots else None
    each = {name: statistics.median(getattr(b, part) for b in list_) for name, list_ in boots.items()}
    table.row(key, statistics.median(own), base,
              f"median of {len(own)} rounds, {own[0]:.2f}..{own[-1]:.2f}; " +
              ", ".join(f"{name} {number(value)} {unit}" for name, value in each.items()))


def starts(boots):
    return sorted(b.start_ms for b in boots if b.start_ms is not None)


def print_start(table, key, own, base):
    """The least of each: what the host does beside it only ever adds."""
    table.row(key, own[0], base[0] if base else None, f"least of {len(own)} boots, median {statistics.median(own):.0f}")


def large(trees, count):
    """The SVSM's start with 4 GiB, so many boots of each tree in turn."""
    found = {tree: [] for tree in trees if tree}
    for _ in range(count):
        for tree, list_ in found.items():
            tree.boot("native", "--mem", "4096")
            list_.append(tree.start_ms)
    return [sorted(found.get(tree, [])) for tree in trees]


def measure(table, here, base, count):
    """Prints; returns the record of a boot."""
    boots = rounds(here, base, count)
    print_ratio(table, boots, "boot_user", "user")
    print_ratio(table, boots, "boot_whole", "ready")
    print_start(table, "start_512", starts(boots["here"]), starts(boots.get("base", [])))
    print_start(table, "start_4096", *large((here, base), max(count // 2, 1)))
    return boots["here"][-1].record
