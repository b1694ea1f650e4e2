# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Two tests at once (`make integration`, by pytest-xdist): which stay together, which alone, and in what order.

A file's tests stay in one process, in their order, and so do those of a suite, which runs once. A test marked `alone`
looks at the time of this host: it begins when nobody else runs, and nobody begins meanwhile.
"""

import contextlib
import fcntl
import os
import pathlib

import pytest

# Those that take longest come first, so that neither process has a long one left when the other has none.
LONGEST = ["vtpm-tools", "test_harness", "test_conformance", "vtpm-tss", "test_vtpm_boot", "test_hostile", "vtpm-long-icount",
           "vtpm-raw", "test_vtpm_tools", "test_failstop", "vtpm-long-alone", "ovmf", "ovmf-memory", "test_reproducible",
           "test_protocol", "test_repro", "linux", "test_dma"]

# Suites that hold the host to its clock, or take all of its CPUs by themselves.
ALONE = {"crowd", "timer-bare", "timer-linux", "vtpm-long"}

MAKE = {"test_make", "test_install", "test_reproducible"}  # call make in this tree: one after another


def is_worker():
    return "PYTEST_XDIST_WORKER" in os.environ


def group(item):
    """What stays in one process: a suite, or a file."""
    name = item.path.stem
    if name == "test_suites":
        return item.callspec.params["suite"]
    return "make" if name in MAKE else name


def alone(item):
    return group(item) in ALONE or item.get_closest_marker("alone") is not None


def rank(item):
    """All that are alone come last: one process waits for the other once."""
    names = [group(item), item.path.stem]
    return alone(item), min(LONGEST.index(name) if name in LONGEST else len(LONGEST) for name in names)


@contextlib.contextmanager
def turn(item):
    """Who waits to be alone holds the gate, so that nobody begins before."""
    home = pathlib.Path(os.environ.get("BUILD", "build")) / "pytest"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "gate", "w") as gate, open(home / "turn", "w") as lock:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone(item) else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


# ---- what pytest calls (conftest.py) ----

def pytest_configure(config):
    config.addinivalue_line("markers", "alone: nothing runs beside it (beside.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    if is_worker():
        items.sort(key=rank)
        for item in items:
            item.add_marker(pytest.mark.xdist_group("alone" if alone(item) else group(item)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """The controller has the names with their groups by now. What failed is kept and told by its own name, which
    `make integration-again` asks for."""
    for item in session.items if is_worker() else []:
        item._nodeid = item.nodeid.removesuffix("@alone").removesuffix(f"@{group(item)}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    with turn(item) if is_worker() else contextlib.nullcontext():
        yield
