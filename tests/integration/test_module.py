# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The guest's kernel module where it has no business."""

from keelson import keelson


def test_refused_without_svsm(runs):
    """The same kernel on plain QEMU is no SNP guest: the test there wants ENODEV and nothing left behind.

    With one vCPU: two may keep code that text_poke() has changed (docs/field-notes.md), and only our monitor mends that.
    """
    run = keelson(runs, "test", "linux/module-place", "linux/dmesg-clean", "--platform", "plain", "--smp", 1).check(0)
    assert run.verdicts() == {"module-place": "pass", "dmesg-clean": "pass"}
