# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Every case of every suite as an item of its own. A suite runs once, when pytest collects it."""

import configparser
import json
import os
import subprocess
import tempfile
import pathlib

import pytest

from keelson import BUILD, KEELSON, ROOT, environment, finish, start

_done = {}


def suites():
    """Name of each suite, and why it cannot run here: only one whose kernel is optional may say so."""
    listed = subprocess.run([KEELSON, "test", "--list", "--json"], cwd=ROOT, env=environment(),
                            capture_output=True, text=True, check=True, timeout=60)
    found = {}
    for suite in map(json.loads, listed.stdout.splitlines()):
        found[suite["suite"]] = suite.get("lacks")
    wanted = os.environ.get("SUITES", "").split()
    return {name: lacks for name, lacks in found.items() if not wanted or name in wanted}


def image(name):
    """Which of make's variables names the suite's initramfs."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(ROOT / "launch/suites.cfg")
    return "TOOLS" if read[name].get("initrd", "").endswith("tools.cpio") else "INITRAMFS"


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
    if "result" in metafunc.fixturenames:
        results = [r for name, lacks in suites().items() if not lacks for r in run_suite(name).results()]
        metafunc.parametrize("result", results, ids=[f"{r['suite']}/{r['test']}" for r in results])
    elif "suite" in metafunc.fixturenames:
        metafunc.parametrize("suite,lacks", suites().items())


def test_case(result):
    if result["verdict"] == "skip" and os.environ.get("KERNEL"):  # it has no module of ours, maybe no disk driver
        pytest.skip(result["detail"])
    assert result["verdict"] == "pass", result["detail"]


def test_suite_ended(suite, lacks):
    """A suite that ran to its end has verdicts, and an exit code that agrees with them."""
    if lacks:
        pytest.skip(f"{suite}: {lacks}")
    run = run_suite(suite)
    failed = [t for t, v in run.verdicts().items() if v == "fail"]
    assert run.results(), run.out + run.err
    assert run.code in (0, 1), f"exit {run.code}\n{run.out}{run.err}"
    assert (run.code == 1) == bool(failed)
    last = run.out.splitlines()[-1].split()
    assert last[1::2] == ["passed,", "failed,", "skipped"]
    assert sum(map(int, last[0::2])) == len(run.results())
