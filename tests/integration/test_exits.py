# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A boot's exits by cause, under --icount: what costs time must not come back, and what no longer comes is no gain that
nobody noticed.

QEMU's random numbers (RDRAND, so KASLR and all that Linux draws) and its clock are fixed: what is left to chance is
when the harness answers the guest. The causes that are work (port I/O, page states, calls, CPUID) then come as often in
every boot, to a half per cent; those that follow the scheduler (EOI, IPIs, HLT) vary by ten and more, and move when
anything before them moves. exits.txt has the bounds.
"""

import os
import re
import shutil
import sys

import pytest

from keelson import ROOT, keelson

sys.path.insert(0, str(ROOT / "ci/bench"))

import exits  # noqa: E402

TABLE = ROOT / "tests/integration/exits.txt"
ALL = "all but the timer's"
SLACK = 8  # exits: a few that come once in a while are no per cent
ROW = re.compile(r"(?P<name>[^|#]+?) *\| *(?P<count>\d+) *\| *(?P<percent>\d+) *%$")


def read(text):
    """Name -> (exits, per cent)."""
    rows = {}
    for line in text.splitlines():
        if "|" in line and not line.startswith("#"):
            row = ROW.fullmatch(line.strip())
            assert row, f"exits.txt: no row: {line}"
            rows[row["name"]] = (int(row["count"]), int(row["percent"]))
    return rows


def word(text, key):
    return re.search(rf"^{key} (\S+)$", text, re.M)[1]


def judge(table, counts):
    """What does not fit, a line each."""
    wrong = [f"{name}: {counts[name]} exits of a cause that exits.txt does not have" for name in counts if name not in table]
    for name, (expected, percent) in table.items():
        seen, slack = counts.get(name, 0), max(SLACK, expected * percent // 100)
        if abs(seen - expected) > slack:
            wrong.append(f"{name}: {seen} exits, {'more' if seen > expected else 'fewer'} than {expected} +- {slack}")
    return wrong


def written(text, counts):
    """The table with these counts; the bounds stay, and a new cause gets one of 5 %."""
    old = read(text)
    head = [line for line in text.splitlines() if "|" not in line or line.startswith("#")]
    rows = sorted(counts.items(), key=lambda x: -x[1])
    return "\n".join(head + [f"{name:<26} | {count:>6} | {old.get(name, (0, 5))[1]:>3} %" for name, count in rows]) + "\n"


def fixed_qemu(home):
    """A QEMU whose random numbers and time of day are the same each time."""
    real = shutil.which(os.environ.get("QEMU", "qemu-system-x86_64"))
    path = home / "qemu"
    path.write_text(f'#!/bin/sh\ncase " $* " in *" -kernel "*) set -- -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm "$@" ;; esac\n'
                    f'exec {real} "$@"\n')
    path.chmod(0o755)
    return path


def boot(runs, *more):
    """One boot: its causes' counts, their sum, and the run."""
    run = keelson(runs, "run", "linux", "--icount", 0, "--option", "stats", "--qemu", fixed_qemu(runs.parent), *more).check(0)
    log = run.text("monitor.log")
    counts = {name: row.count for name, row in exits.by_group(log).items()}
    total = sum(counts.values())
    counts[ALL] = total - counts["interrupts: timer"]
    return counts, total, run


def test_a_boots_exits_by_cause(runs, linux):
    text = TABLE.read_text()
    counts, total, run = boot(runs)
    record, log = run.json(), run.text("monitor.log")
    kernel, qemu = record["boots"][0]["info"]["kernel"], record["qemu_version"]
    if not kernel.startswith(word(text, "kernel") + ".") or f"version {word(text, 'qemu')}." not in qemu:
        pytest.skip(f"exits.txt is of kernel {word(text, 'kernel')} and QEMU {word(text, 'qemu')}, this is {kernel} on {qemu}")
    assert "cause.lost" not in log
    by_reason = sum(int(n) for n in re.findall(r"stats: exit\.\S+ (\d+)", log))
    assert total == pytest.approx(by_reason, abs=4), "each exit has one cause; the last CPUs still run while this is told"
    if os.environ.get("EXITS_UPDATE"):
        TABLE.write_text(written(text, counts))
        return
    assert not judge(read(text), counts)


TWO = {"EOI": (1000, 10), "CPUID": (40, 5)}


@pytest.mark.parametrize("counts, complaint", [
    ({"EOI": 1000, "CPUID": 40}, None),
    ({"EOI": 1100, "CPUID": 48}, None),
    ({"EOI": 900, "CPUID": 32}, None),
    ({"EOI": 1101, "CPUID": 40}, "EOI: 1101 exits, more than 1000 +- 100"),
    ({"EOI": 899, "CPUID": 40}, "EOI: 899 exits, fewer than 1000 +- 100"),
    ({"EOI": 1000, "CPUID": 49}, "CPUID: 49 exits, more than 40 +- 8"),
    ({"EOI": 1000}, "CPUID: 0 exits, fewer than 40 +- 8"),
    ({"EOI": 1000, "CPUID": 40, "HLT": 1}, "HLT: 1 exits of a cause that exits.txt does not have"),
])
def test_what_does_not_fit_is_told(counts, complaint):
    assert judge(TWO, counts) == ([complaint] if complaint else [])


def test_a_cause_belongs_to_one_group():
    log = "\n".join(f"stats: cause.{key} {n} 5" for key, n in [
        ("kernel.vmpl2.cpl0.msr.write_ghcb", 7), ("user.vmpl2.cpl0.msr.read_ghcb", 2), ("user.vmpl2.cpl0.msr.ghcb_ioio", 3),
        ("start.vmpl0.cpl0.undefined.pvalidate_4k", 4), ("kernel.vmpl2.cpl0.hlt", 1), ("kernel.vmpl2.cpl0.wbinvd", 6)])
    rows = exits.by_group(log + "\nstats: cause.lost 9\nstats: exit.msr 12\n")
    assert {name: row.count for name, row in rows.items()} == {
        "GHCB MSR": 9, "VMGEXIT for port I/O": 3, "PVALIDATE 4K": 4, "HLT": 1, "the rest": 6}
    assert rows["GHCB MSR"].phases == {"kernel": 7, "user": 2}


def test_the_table_is_written_as_it_is_read():
    assert read(written(TABLE.read_text(), {"HLT": 5, "new": 3}))["new"] == (3, 5)
    assert set(read(written(TABLE.read_text(), {"HLT": 5}))) == {"HLT"}
