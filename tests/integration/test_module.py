# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The guest's kernel module: where it has no business, and what its calls cost."""

import sys

from keelson import ROOT, keelson

sys.path.insert(0, str(ROOT / "ci/bench"))

import exits  # noqa: E402


def test_refused_without_svsm(runs):
    """The same kernel on plain QEMU is no SNP guest: the test there wants ENODEV and nothing left behind.

    With one vCPU: two may keep code that text_poke() has changed (docs/field-notes.md), and only our monitor mends that.
    """
    run = keelson(runs, "test", "linux/module-place", "linux/dmesg-clean", "--platform", "plain", "--smp", 1).check(0)
    assert run.verdicts() == {"module-place": "pass", "dmesg-clean": "pass"}


def test_exits_of_a_call(runs):
    """A call accesses the GHCB MSR twice, and no other one (docs/module.md). The boot has some 2,200 such exits itself; those
    of timers and IPIs, which a busy host makes more, are not among them."""
    run = keelson(runs, "test", "linux/svsm-repeat", "--option", "stats").check(0)
    seen = exits.by_group(run.text("monitor.log"))["GHCB MSR"].count
    assert 2 * 10000 < seen < 2 * 10000 + 4000
