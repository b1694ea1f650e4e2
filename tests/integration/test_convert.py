# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Pages that become shared by an access (suite convert): the user is told."""

import re

from keelson import finish, start


def test_told_and_counted(runs):
    """Each such page has its line with who touched it and where, and they are counted."""
    run = finish(start(runs, "test", "convert/contents", "--option", "stats"), runs)
    assert run.code == 0, run.out + run.err
    log = run.text("monitor.log")
    assert re.findall(r"vCPU 0 VMPL 0: private 0x8205000 becomes shared by an access, RIP 0x2", log), log
    assert "stats: hv.vmpl0.to_shared 1\n" in log, log
    assert "stats: hv.vmpl0.to_private 1\n" in log, log


def test_lines_are_bounded(runs):
    """A guest that touches one page again and again does not fill the disk."""
    run = finish(start(runs, "test", "convert/race"), runs)
    assert run.code == 0, run.out + run.err
    log = run.text("monitor.log")
    assert log.count(" becomes shared by an access") <= 32, log
    assert log.count("more pages become shared by accesses") <= 1, log


def test_strict_ends(runs):
    """With --strict such an access ends the run, with a line that names the page."""
    run = finish(start(runs, "test", "convert/unvalidated", "--strict"), runs)
    assert run.code == 5, run.out + run.err
    assert "nested page fault: shared access to a private page (0x8205000)" in run.out, run.out
