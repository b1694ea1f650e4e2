# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import beside  # noqa: E402
from keelson import BUILD, KEELSON  # noqa: E402
from test_make import make  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: nothing runs beside it (beside.py)")


def pytest_sessionstart(session):
    if not KEELSON.exists():
        pytest.exit(f"{KEELSON} is missing: run `make`", returncode=3)
    if getattr(session.config.option, "numprocesses", None) and not beside.is_worker():
        make("-j2", "all")  # as test_make.py and test_install.py will: what is stale is not built beside a test


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    if beside.is_worker():
        beside.arrange(items)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    with beside.turn(item) if beside.is_worker() else contextlib.nullcontext():
        yield


@pytest.fixture
def runs(tmp_path):
    """A folder of run folders for this test alone."""
    return tmp_path / "runs"


@pytest.fixture
def tools():
    """The guest image with tpm2-tools, or the reason why the test cannot run."""
    path = BUILD / "guests/tools.cpio"
    if not path.exists():
        pytest.skip("no tools image: run `make guests`")
    return path


@pytest.fixture
def linux():
    """The guest kernel and initramfs, or the reason why the test cannot run."""
    kernel, initrd = BUILD / "guests/kernel/vmlinuz", BUILD / "guests/initramfs.cpio"
    if not kernel.exists() or not initrd.exists():
        pytest.skip("no guest kernel: run `make guests`")
    return kernel, initrd
