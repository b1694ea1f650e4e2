# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A host that keeps the SVSM from ending, or strikes where only an end is left."""

from keelson import finish, start


def ends(runs, test, *words):
    """A run that VMPL0 must end; the log of the SVSM, and that of the machine."""
    options = [o for w in words for o in ("--option", w)]
    run = finish(start(runs, "test", test, *options, "--timeout", "30"), runs)
    assert run.code == 5, run.out + run.err
    return run.text("svsm.log"), run.text("monitor.log")


def test_no_rdrand(runs):
    """Without the processor's random numbers there is no canary that the host cannot know."""
    _, machine = ends(runs, "core/query-protocol", "no-rdrand")
    assert "VMPL 0 terminated: set 2 reason 1 (no random numbers from the processor)" in machine, machine
