#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Exits by cause, from the `stats` lines of a monitor.log (docs/monitor.md, docs/performance.md).

usage: exits.py monitor.log     prints the table of that run
"""
import collections
import pathlib
import re
import sys

LINE = re.compile(r"stats: (\S+) (\d+)(?: (\d+))?")
CAUSE = re.compile(r"cause\.(\w+)\.vmpl(\d)\.cpl(\d)\.(\S+)")
PHASES = ("start", "kernel", "user")

# What belongs together, first match first; docs/performance.md says where each group comes from.
GROUPS = [
    ("VMGEXIT for port I/O", r"(vmmcall|msr|ioio)\.ghcb_ioio"),
    ("port I/O by PCI", r"ioio\.\w+_pci_\w+"),
    ("port I/O by serial ports", r"ioio\.\w+_com\d"),
    ("other port I/O", r"ioio\."),
    ("GHCB MSR", r"msr\.\w+_ghcb"),
    ("EOI", r"msr\.write_eoi"),
    ("TSC deadline", r"msr\.write_tsc_deadline"),
    ("ICR (IPIs)", r"msr\.write_icr"),
    ("calling area's MSR", r"msr\.read_svsm_caa"),
    ("VMGEXIT for an MSR", r"(vmmcall|msr)\.ghcb_msr"),
    ("calls of the SVSM", r"(vmmcall|msr)\.\w+_run_vmpl"),
    ("page state changes", r"(vmmcall|msr)\.\w+_page_state_change"),
    ("VMGEXIT for MMIO", r"(vmmcall|msr|npf)\.ghcb_mmio_\w+"),
    ("other VMGEXIT", r"(vmmcall|msr)\.(ghcb|msr_protocol)_"),
    ("other MSRs", r"msr\."),
    ("PVALIDATE 4K", r"undefined\.pvalidate_4k"),
    ("PVALIDATE 2M", r"undefined\.pvalidate_2m"),
    ("RMPADJUST 4K", r"undefined\.rmpadjust_4k"),
    ("RMPADJUST 2M", r"undefined\.rmpadjust_2m"),
    ("MMIO of the IOAPIC", r"npf\.mmio_ioapic"),
    ("MMIO of the HPET", r"npf\.mmio_hpet"),
    ("other MMIO", r"npf\.mmio_"),
    ("nested faults", r"npf\."),
    ("interrupts: timer", r"intr\.timer"),
    ("interrupts: other", r"intr"),
    ("interrupt windows", r"window"),
    ("HLT", r"hlt"),
    ("CPUID", r"cpuid\."),
    ("control registers", r"cr\d?_"),
    ("software interrupts", r"0x75"),
    ("the rest", r""),
]


def keys(folder):
    """All `stats` lines of a run: KEY -> count."""
    text = (pathlib.Path(folder) / "monitor.log").read_text(errors="replace")
    return {m[1]: int(m[2]) for m in LINE.finditer(text)}


def total(counts):
    """All exits. By reason, because trees before issue 10 know nothing finer."""
    return sum(n for key, n in counts.items() if key.startswith("exit."))


def group(cause):
    return next(name for name, pattern in GROUPS if re.match(pattern, cause))


class Row:
    def __init__(self):
        self.phases, self.us = collections.Counter(), 0

    @property
    def count(self):
        return sum(self.phases.values())


def sum_of(rows):
    whole = Row()
    for row in rows.values():
        whole.phases.update(row.phases)
        whole.us += row.us
    return whole


def by_group(text):
    """Group -> Row of a monitor.log's text; empty where it has no causes."""
    rows = collections.defaultdict(Row)
    for key, count, us in LINE.findall(text):
        cause = CAUSE.fullmatch(key)
        if cause:
            row = rows[group(cause[4])]
            row.phases[cause[1]] += int(count)
            row.us += int(us)
    return rows


def line(name, row, strict):
    cells = [row.count, *(row.phases[p] for p in PHASES), f"{row.us / max(row.count, 1):.1f}"]
    if strict is not None:
        cells.append(strict.count)
    return f"  {name:<26}" + "".join(f"{cell:>9}" for cell in cells)


def print_groups(rows, strict=None):
    """Strict: the rows of another boot, of which the counts alone are shown."""
    heads = ["all", *PHASES, "us each", *(["strict"] if strict is not None else [])]
    print(f"  {'exits by cause':<26}" + "".join(f"{head:>9}" for head in heads))
    for name in sorted(set(rows) | set(strict or ()), key=lambda name: -rows.get(name, Row()).count):
        print(line(name, rows.get(name, Row()), None if strict is None else strict.get(name, Row())))
    print(line("all", sum_of(rows), None if strict is None else sum_of(strict)), flush=True)


def print_reasons(own, other):
    """By the exit code alone, which every tree tells."""
    print(f"  {'exits by reason':<26}{'here':>8}{'base':>8}")
    for key in sorted((k for k in own | other if k.startswith("exit.")), key=lambda k: -own.get(k, 0)):
        print(f"  {key[5:]:<26}{own.get(key, 0):>8}{other.get(key, 0):>8}", flush=True)


def boot(tree, *more):
    """One boot with `stats`: counts, and the log's text."""
    _, folder = tree.boot("native", "--option", "stats", *more)
    return keys(folder), (folder / "monitor.log").read_text(errors="replace")


def measure(table, here, base):
    own, text = boot(here)
    other = boot(base)[0] if base else {}
    table.row("exits", total(own), total(other) or None,
              f"{own.get('hv.vmpl2.run_vmpl', 0)} calls of the SVSM among them")
    strict, strict_text = boot(here, "--strict")
    table.row("exits_strict", total(strict), total(boot(base, "--strict")[0]) if base else None)
    print_groups(by_group(text), by_group(strict_text))
    if base:
        print_reasons(own, other)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print_groups(by_group(pathlib.Path(sys.argv[1]).read_text(errors="replace")))
