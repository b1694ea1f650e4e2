# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Every test of every suite as an item of its own. A suite runs once, when its first item asks for it."""

import configparser
import json
import os
import pathlib
import subprocess
import tempfile

import pytest

import listed
from keelson import BUILD, HANGS, KEELSON, ROOT, environment, finish, start

_done = {}


def suites():
    """Name of each suite, and why it cannot run here: only one whose kernel is optional may say so."""
    words = [KEELSON, "test", "--list", "--json"]
    out = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=HANGS).stdout
    wanted = os.environ.get("SUITES", "").split()
    found = {s["suite"]: s.get("lacks") for s in map(json.loads, out.splitlines())}
    return {name: lacks for name, lacks in found.items() if not wanted or name in wanted}


def image(name):
    """Which of make's variables names the suite's initramfs."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(ROOT / "launch/suites.cfg")
    return "TOOLS" if read[name].get("initrd", "").endswith("tools.cpio") else "INITRAMFS"


def lacks_tools(name):
    """Without Debian's packages make builds no image with tools for a KERNEL of the user's."""
    return bool(os.environ.get("KERNEL")) and image(name) == "TOOLS" and not os.environ.get("TOOLS")


def run_suite(name):
    """Runs it once. The run folder stays under build/runs, where a person looks for it."""
    if name not in _done:
        (BUILD / "runs").mkdir(exist_ok=True)
        runs = pathlib.Path(tempfile.mkdtemp(prefix=f"check-{name}-", dir=BUILD / "runs"))
        kernel = os.environ.get("KERNEL")  # make exports INITRAMFS and TOOLS, with this kernel's modules, as well
        other = ["--kernel", kernel, "--initrd", os.environ[image(name)]] if kernel else []
        words = ["test", name, *other]
        _done[name] = finish(start(runs, *words), runs, limit=1800)
    return _done[name]


def pytest_generate_tests(metafunc):
    if "test" in metafunc.fixturenames:
        cases = [(name, test) for name, lacks in suites().items()
                 if not lacks and not lacks_tools(name) for test in listed.tests(name)]
        metafunc.parametrize("suite,test", cases, ids=["/".join(c) for c in cases])
    elif "suite" in metafunc.fixturenames:
        metafunc.parametrize("suite,lacks", suites().items())


def test_case(suite, test):
    run = run_suite(suite)
    result = next((r for r in run.results() if r["test"] == test), None)
    assert result, f"it is in the image, and has no verdict: exit {run.code}\n{run.out}{run.err}"
    if result["verdict"] == "skip" and os.environ.get("KERNEL"):  # it has no module of ours, maybe no disk driver
        pytest.skip(result["detail"])
    assert result["verdict"] == "pass", result["detail"]


def test_suite_ended(suite, lacks):
    """A suite that ran to its end has the verdicts of its list, and an exit code that agrees with them."""
    if lacks:
        pytest.skip(f"{suite}: {lacks}")
    if lacks_tools(suite):
        pytest.skip(f"{suite}: no image with tools, since nothing can be fetched from Debian here (DEBIAN_MIRROR=URL)")
    run = run_suite(suite)
    failed = [t for t, v in run.verdicts().items() if v == "fail"]
    assert sorted(r["test"] for r in run.results()) == sorted(listed.tests(suite)), run.out + run.err
    assert run.code in (0, 1), f"exit {run.code}\n{run.out}{run.err}"
    assert (run.code == 1) == bool(failed)
    last = run.out.splitlines()[-1].split()
    assert last[1::2] == ["passed,", "failed,", "skipped"]
    assert sum(map(int, last[0::2])) == len(run.results())
