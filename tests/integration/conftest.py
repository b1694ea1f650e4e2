# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import beside  # noqa: E402
from keelson import BUILD, KEELSON, make  # noqa: E402


def pytest_configure(config):
    config.pluginmanager.register(beside)


def pytest_sessionstart(session):
    if not KEELSON.exists():
        pytest.exit(f"{KEELSON} is missing: run `make`", returncode=3)
    if getattr(session.config.option, "numprocesses", None) and not beside.is_worker():
        make("-j2", "all")  # what is stale is not built beside a test (test_make.py)


@pytest.fixture
def runs(tmp_path):
    """A folder of run folders for this test alone."""
    return tmp_path / "runs"


@pytest.fixture(scope="session")
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
