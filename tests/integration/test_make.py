# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What make knows of its own build: `make -n` asks, and nothing is compiled here but what was stale before."""

import os
import re
import subprocess

import pytest

from keelson import ROOT

OUTER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # of the make that runs these tests


def make(*words):
    env = {k: v for k, v in os.environ.items() if k not in OUTER}
    done = subprocess.run(["make", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def compiled(out):
    return set(re.findall(r" -c (\S+\.[cS]) -o ", out))


@pytest.fixture(scope="module", autouse=True)
def built():
    make("-j2", "all")


def test_nothing_to_do():
    assert "Nothing to be done for 'all'" in make("-n", "all")


@pytest.mark.parametrize("flag, some, others", [
    ("WARN=-Wall", ["svsm/boot/", "svsm/services/vtpm/", "launch/machine/", "harness/", "guests/bare/core/"], []),
    ("HOST_CFLAGS=-O1", ["harness/"], ["svsm/boot/", "guests/bare/core/"]),
    ("FW_LDFLAGS=-static", ["svsm/boot/", "launch/machine/"], ["harness/"]),
    ("HOSTCC=gcc -m64", ["harness/", "svsm/services/vtpm/"], []),
])
def test_other_flags_compile_anew(flag, some, others):
    """All that gets them and nothing else; and asking changes nothing."""
    sources = compiled(make("-n", "all", flag))
    for folder in some + others:
        listed = subprocess.run(["git", "ls-files", f"{folder}*.c"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert set(listed.stdout.split()) & sources == (set(listed.stdout.split()) if folder in some else set())
    assert "Nothing to be done for 'all'" in make("-n", "all")


def test_a_header_compiles_its_includers():
    sources = compiled(make("-n", "-W", "svsm/lib/fmt.h", "all"))
    assert "svsm/lib/fmt.c" in sources
    assert "svsm/lib/string.c" not in sources


def test_help_lists_every_target():
    listed = subprocess.run(["git", "ls-files", "Makefile", "*.mk"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.findall(r"^\.PHONY: (.*)$", "".join((ROOT / f).read_text() for f in listed.stdout.split()), re.M)
    targets = {t for line in phony for t in line.split()} - {"FORCE"}
    assert targets == {line.split()[0] for line in make("help").splitlines()}
