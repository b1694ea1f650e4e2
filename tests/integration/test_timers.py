# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Linux's timers, against what plain QEMU shows in the same run; and that the suite's search for complaints can fail."""

import re

import pytest

from keelson import keelson

FIGURE = re.compile(r"< INFO ((?:ticks|wakes)_cpu\d) (\d+)")
# CONFIG_HZ=250 for 800 ms, and a timer of 1 kHz; two vCPUs.
RULE = {f"{name}_cpu{cpu}": count for name, count in (("ticks", 200), ("wakes", 1000)) for cpu in (0, 1)}


@pytest.fixture(autouse=True)
def image(tools):
    """The guest image with the test programs."""
    return tools


def figures(runs, platform):
    """Time goes by instructions: no host makes a tick late, so none is merged with the next."""
    run = keelson(runs / platform, "test", "timer-linux-icount/ticks", "timer-linux-icount/wakes", "--platform", platform).check(0)
    return {key: int(count) for key, count in FIGURE.findall(run.text("control.log"))}


def test_ticks_and_wakes_are_plain_qemu_s(runs):
    runs.mkdir()
    assert figures(runs, "native") == figures(runs, "plain") == RULE


def test_an_unstable_tsc_is_found(runs):
    """Documentation/admin-guide/kernel-parameters.txt: tsc=unstable; the kernel then says why it marks it so."""
    run = keelson(runs, "test", "timer-linux/propolis-328-tsc-unstable", "--smp", 1, "--append", "tsc=unstable").check(1)
    assert "Marking TSC unstable due to boot parameter" in run.detail("propolis-328-tsc-unstable")
