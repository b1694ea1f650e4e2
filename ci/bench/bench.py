#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Figures of one run on one machine, beside what they are to reach (goals.txt): docs/performance.md.

BENCH_PAIRS sets how many rounds of boots there are (default 7), BENCH_COUNT and BENCH_KEYS the repetitions of the vTPM's
commands (default 300, 20 where RSA keys are generated). BENCH_BASE=DIR: another built checkout, whose boots and runs
alternate with this one's. BENCH_ONLY='boots firmware exits calls barriers vtpm attest timers sizes': only these parts.
"""
import os
import subprocess

import attest
import barriers
import boots
import calls
import exits
import firmware
import table
import timers
import tree
import vtpm

PAIRS = int(os.environ.get("BENCH_PAIRS", "7"))
PARTS = ("boots", "firmware", "exits", "calls", "barriers", "vtpm", "attest", "timers", "sizes")


def sizes(rows, here):
    out = subprocess.run(["size", str(here.build / "svsm.elf")], stdout=subprocess.PIPE, text=True, check=True)
    text, data, bss = (int(x) for x in out.stdout.splitlines()[1].split()[:3])
    record, _ = here.boot("native")
    rows.plain("SVSM image", f"{(text + data) / 1024:.0f} KiB", f"text {text}, data {data}, bss {bss}")
    for name in ("vtpm", "attest"):
        rows.plain(f"service {name}", f"{(here.build / 'services' / name).stat().st_size / 1024:.0f} KiB")
    rows.plain("whole IGVM", f"{record['files']['igvm']['size'] / 1024:.0f} KiB")
    rows.plain("monitor", f"{(here.build / 'monitor.elf.mb').stat().st_size / 1024:.0f} KiB", "with symbols")


def measure(here, base, only):
    rows = table.Table(base is not None)
    if "boots" in only:
        boots.measure(rows, here, base, PAIRS)
    if "firmware" in only:
        firmware.measure(rows, here, PAIRS)
    if "exits" in only:
        exits.measure(rows, here, base)
    if "calls" in only:
        calls.measure(rows, here, base)
        calls.machine(rows, here)
        calls.user_mode(rows, here)
    if "barriers" in only:
        barriers.measure(rows, here, base)
    if "vtpm" in only:
        vtpm.measure(rows, here, base)
    if "attest" in only:
        attest.measure(rows, here)
    if "timers" in only:
        timers.measure(rows, here, base)
    if "sizes" in only:
        sizes(rows, here)


def main():
    here, base = tree.here(), tree.base()
    try:
        measure(here, base, os.environ.get("BENCH_ONLY", " ".join(PARTS)).split())
    finally:
        here.close()
        if base:
            base.close()


if __name__ == "__main__":
    main()
