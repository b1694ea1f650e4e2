# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The guest's kernel module: where it has no business, and what its calls cost."""

import re

from keelson import keelson


def test_refused_without_svsm(runs):
    """The same kernel on plain QEMU is no SNP guest: the test there wants ENODEV and nothing left behind.

    With one vCPU: two may keep code that text_poke() has changed (docs/field-notes.md), and only our monitor mends that.
    """
    run = keelson(runs, "test", "linux/module-place", "linux/dmesg-clean", "--platform", "plain", "--smp", 1).check(0)
    assert run.verdicts() == {"module-place": "pass", "dmesg-clean": "pass"}


def test_exits_of_a_call(runs):
    """A call accesses the GHCB MSR twice, and no other one (docs/module.md). The boot has some 10,000 such exits itself."""
    run = keelson(runs, "test", "linux/svsm-repeat", "--option", "stats").check(0)
    exits = int(re.search(r"stats: exit\.msr (\d+)", run.text("monitor.log")).group(1))
    assert exits < 20000 + 2 * 10000
