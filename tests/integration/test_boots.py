# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""ci/boots.sh around a program that ends as it is told: counts, busy processes, an end by a signal."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import pytest

from keelson import HANGS, ROOT

KEELSON = """#!/bin/sh
echo "$*" >>{0}/words
n=$(wc -l <{0}/words)
[ -z "${{FAKE_HANGS-}}" ] || exec sleep 600
[ -n "${{FAKE_ENDS-}}" ] || exit 0
set -- $FAKE_ENDS
shift $((n - 1))
exit $1
"""


@pytest.fixture
def boots(tmp_path):
    """Starts the script with a program of ours in keelson's place."""
    program = tmp_path / "keelson"
    program.write_text(KEELSON.format(tmp_path))
    program.chmod(0o755)

    started = []

    def start(*words, **env):
        """A shell cannot take back that a signal is ignored, as SIGHUP is below nohup."""
        process = subprocess.Popen([ROOT / "ci/boots.sh", *words], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env=dict(os.environ, BUILD=str(tmp_path), **env), start_new_session=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        started.append(process)
        return process

    yield start
    for process in started:  # a test that fails leaves nothing that spins beside the others
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def family(mark):
    """Pids of the live processes that have this in their environment."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def wait_for(condition):
    until = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def test_counts_by_exit_code(boots, tmp_path):
    process = boots("5", FAKE_ENDS="0 7 0 6 7", SMP="4", LOAD="0")
    out, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 1
    assert out.splitlines()[-1] == "2 passed, 3 failed, 0 not run; exit 0: 2, exit 6: 1, exit 7: 2"
    assert all("--smp 4" in line for line in (tmp_path / "words").read_text().splitlines())


def test_all_good(boots):
    process = boots("2", "core", SMP="", LOAD="")
    out, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0
    assert out.splitlines()[-1] == "2 passed, 0 failed, 0 not run; exit 0: 2"


def test_load_ends_with_the_boots(boots):
    process = boots("2", LOAD="3", BOOTS_MARK="ends")
    process.communicate(timeout=HANGS)
    assert process.returncode == 0
    wait_for(lambda: not family(b"BOOTS_MARK=ends"))


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)])
def test_load_ends_with_a_signal(boots, tmp_path, number, code):
    mark = f"BOOTS_MARK=signal{int(number)}"
    process = boots("5", LOAD="2", FAKE_HANGS="1", BOOTS_MARK=mark.split("=")[1])
    wait_for((tmp_path / "words").exists)
    wait_for(lambda: len(family(mark.encode())) == 4)  # the script, two that spin, the boot
    process.send_signal(number)
    assert process.wait(timeout=HANGS) == code
    left = 1 if number == signal.SIGKILL else 0  # nobody ends the boot then: keelson itself would see it
    wait_for(lambda: len(family(mark.encode())) == left)
    for pid in family(mark.encode()):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("total, load, says", [("1", "many", "LOAD"), ("many", "0", "N is"), ("0", "0", "N is"), ("-1", "0", "N is")])
def test_what_is_no_number(boots, total, load, says):
    """No boot at all has not passed."""
    process = boots(total, LOAD=load)
    out, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 2 and says in out


def test_usage_error_ends_it(boots):
    process = boots("5", FAKE_ENDS="2 2 2 2 2", LOAD="0")
    out, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 1
    assert out.splitlines()[-1] == "0 passed, 1 failed, 4 not run; exit 2: 1"
