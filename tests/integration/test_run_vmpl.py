# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A loop of RUN_VMPLs that cannot be done looks like a hang: monitor.log says what it is."""

from keelson import finish, start


def test_in_vain(runs):
    run = finish(start(runs, "test", "machine/vmpl-run-in-vain"), runs)
    assert run.code == 0, run.out + run.err
    log = run.text("monitor.log")
    assert log.count("vCPU 0 VMPL 0: RUN_VMPL(1) has failed 1000 times in a row: no VMSA") == 1, log
    assert log.count("RUN_VMPL(") == 1, log
