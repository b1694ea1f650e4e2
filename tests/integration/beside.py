# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Two tests at once (pytest-xdist, `make integration`): which stay together, which stay alone, and in what order.

A file's tests stay in one process, in their order, and so do those of a suite, which runs once. A test marked `alone`
looks at the time of this host: it begins when nobody else runs, and nobody begins meanwhile.
"""

import contextlib
import fcntl
import os

import pytest

from keelson import BUILD

# Those that take longest come first, so that neither process has a long one left when the other has none.
LONGEST = ["vtpm-tools", "vtpm-tss", "test_harness", "test_conformance", "vtpm-long-icount", "vtpm-raw", "test_reproducible",
           "test_protocol", "test_hostile", "vtpm-long-alone", "ovmf", "test_dma"]

# Suites that hold the host to its clock, or take all of its CPUs by themselves.
ALONE = {"crowd", "timer-bare", "timer-linux", "vtpm-long"}


def group(item):
    """What stays in one process: a suite, or a file."""
    name = item.path.stem
    if name == "test_suites":
        return item.callspec.params["suite"]
    return "test_make" if name == "test_install" else name  # both call make in this tree


def alone(item):
    return group(item) in ALONE or item.get_closest_marker("alone") is not None


def rank(item):
    name = group(item)
    return alone(item), LONGEST.index(name) if name in LONGEST else len(LONGEST)


def arrange(items):
    """All that are alone are one group, the last: one process waits for the other once."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group("alone" if alone(item) else group(item)))
    items.sort(key=rank)


@contextlib.contextmanager
def turn(item):
    """Who waits to be alone holds the gate, so that nobody begins before."""
    with open(BUILD / "beside.gate", "w") as gate, open(BUILD / "beside.lock", "w") as lock:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone(item) else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


def is_worker():
    return "PYTEST_XDIST_WORKER" in os.environ
