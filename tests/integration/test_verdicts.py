# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Healthy runs are not ended, and broken ones are: panics by what confirms them, stops by nobody's clock."""

import os
import signal
import time

import pytest

from keelson import HANGS, fake, finish, processes_with, start_fake

PANIC = "Kernel panic - not syncing: tried and tested"


@pytest.mark.parametrize("mode, limit", [("panics-alive", 60), ("panics-driver", 2)])
def test_text_of_a_panic_is_a_hint(runs, mode, limit):
    """A program shows another machine's log: the agent goes on, or a kernel that would tell pvpanic computes in silence."""
    run = fake(runs, mode, "test", "core", "--timeout", limit).check(0)
    assert PANIC in run.text("console.log")
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}


@pytest.mark.parametrize("mode, says", [
    ("panics-told", PANIC + " (pvpanic)"),
    ("panics-silently", "the guest's kernel panicked (pvpanic)"),
    ("panics-text", PANIC + " (console text, then not a word for 3 s)"),
    ("panics-reset", PANIC + " (console text)"),
    ("panics-off", PANIC + " (console text)"),
])
def test_a_panic_ends_the_run(runs, mode, says):
    run = fake(runs, mode, "test", "core/second", "--timeout", 3).check(4, "state.txt")
    assert says in run.json()["exit"]["reason"]
    assert run.verdicts() == {"second": "fail"}


def test_alive_is_no_progress(runs):
    """An agent whose program hangs says that it lives, and the run ends all the same."""
    run = fake(runs, "panics-alive-hangs", "test", "core/second", "--timeout", 4).check(7)
    assert "no progress for 4 s" in run.json()["exit"]["reason"]


@pytest.mark.parametrize("mode", ["kdump", "virtio-kdump"])
def test_kdump(runs, mode):
    """The crash kernel takes the next command, on a port that it chooses, and its power off is a good end."""
    run = fake(runs, mode, "run", "linux", "--kdump", "--exec", "crash", "--exec", "after", "--timeout", 20).check(0)
    assert run.out == "after"
    assert run.json()["boots"][0]["info"]["kernel"] == "1.2.3", "the facts are of the kernel that was booted"


def test_without_kdump(runs):
    run = fake(runs, "kdump", "run", "linux", "--exec", "crash", "--exec", "after").check(4)
    assert "sysrq triggered crash (pvpanic)" in run.json()["exit"]["reason"]
    assert run.out == ""


def wait_for_run(runs):
    log = runs / "latest/control.log"
    until = time.monotonic() + HANGS
    while not (log.exists() and "START second" in log.read_text()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


@pytest.mark.parametrize("who", ["both", "qemu", "harness"])
def test_stopped_and_continued(runs, tmp_path, who):
    """Ctrl-Z and fg, a paused container: time in which nobody could work does not count."""
    go = tmp_path / "go"
    process = start_fake(runs, "held-up", "test", "core", "--timeout", 2, env={"FAKE_GO": str(go)})
    wait_for_run(runs)
    qemu = [p for p in processes_with(str(runs)) if p != process.pid]
    stopped = ([process.pid] if who != "qemu" else []) + (qemu if who != "harness" else [])
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(3)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.5)
    go.touch()
    finish(process, runs).check(0)


@pytest.mark.parametrize("mode, code", [("chats", 0), ("stuck", 7)])
def test_words_of_a_stuck_kernel_are_no_progress(runs, mode, code):
    """Linux says every 26 s that a CPU is stuck, for as long as it is: that has its time-out, other words go on."""
    finish(start_fake(runs, mode, "test", "core/second", "--timeout", 2), runs).check(code)


def test_held_up_for_good(runs, tmp_path):
    """The other side: the same target, that nobody stops, has its time-out."""
    env = {"FAKE_GO": str(tmp_path / "never")}
    run = finish(start_fake(runs, "held-up", "test", "core/second", "--timeout", 2, env=env), runs).check(7)
    assert "no progress for 2 s" in run.json()["exit"]["reason"]
