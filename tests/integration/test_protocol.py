# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The harness against targets that break the test-control protocol, played by a fake QEMU."""

import signal
import time

import pytest

from keelson import HANGS, fake, finish, start, start_fake


def test_good_target(runs):
    run = fake(runs, "", "test", "core").check(0)
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}
    assert run.out.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"
    assert run.json()["boots"][0]["dropped_control_bytes"] > 0  # the noise


@pytest.mark.parametrize("mode, port", [("", "serial"), ("virtio", "virtio"), ("virtio-both", "virtio")])
def test_first_frame_chooses_the_port(runs, mode, port):
    """Noise on a port is no choice, and what comes on the other port later is not read. BYE_ACK is answered."""
    run = fake(runs, mode, "test", "linux").check(0)
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}
    boot = run.json()["boots"][0]
    assert boot["control_port"] == port and boot["dropped_control_bytes"] > 0
    log = run.text("control.log")
    assert "> BYE_ACK" in log and "other port" not in log


def test_facts_without_an_end(runs):
    """What a target tells of itself cannot fill the host's memory."""
    info = fake(runs, "facts", "test", "core").check(0).json()["boots"][0]["info"]
    assert info["kernel"] == "1.2.3" and len(info) <= 100


def test_only_linux_has_two_ports(runs):
    """What cannot use a virtio device has none on its bus."""
    for suite, there in ("linux", True), ("core", False), ("machine", False), ("selftest", False):
        done = finish(start(runs, "run", suite, "--dry-run"), runs)
        assert done.code == 0 and ("virtserialport" in done.out) == there, done.out + done.err


def test_recreate_takes_the_same_qemu(runs):
    """That one may be named by the environment."""
    run = finish(start(runs, "run", "core", env={"QEMU": "/no such/qemu"}), runs)
    assert "export QEMU='/no such/qemu'\n" in run.text("recreate.sh")


def test_several_suites(runs):
    """A folder each, inside one that sums them up."""
    run = fake(runs, "dies", "test", "core", "machine", "linux").check_sum(4, ["core", "machine", "linux"])
    assert run.out.splitlines()[-1] == "6 passed, 3 failed, 0 skipped"


@pytest.mark.parametrize("mode, code, tests", [("", 0, 3), ("no-list", 4, 0)])
def test_list(runs, mode, code, tests):
    run = fake(runs, mode, "test", "--list", "core").check(code)
    assert sum(line.startswith("core/") for line in run.out.splitlines()) == tests


def test_patterns(runs):
    run = fake(runs, "", "test", "core/f*", "core/third").check(0)
    assert set(run.verdicts()) == {"first", "third"}


def test_no_such_test(runs):
    run = fake(runs, "", "test", "core/fourth").check(2)
    assert "fourth" in run.err


def test_selftest(runs):
    run = fake(runs, "selftest", "test", "selftest/one", "selftest/t*").check(0)
    assert run.verdicts() == {"one": "pass", "two": "skip"}


def test_no_such_selftest(runs):
    run = fake(runs, "selftest", "test", "selftest/one", "selftest/three").check(2)
    assert "three" in run.err


def test_selftest_without_tests(runs):
    assert "fail" in fake(runs, "selftest-none", "test", "selftest").check(1).verdicts().values()


QUICK = ["--timeout", 2]  # where nothing more comes: what still says a word has its suite's time, on a busy host too


@pytest.mark.parametrize("mode, code, says", [
    ("no-end", 7, "no progress"),
    ("no-verdict", 1, "END without a verdict"),
    ("liar", 1, "although 1 checks failed"),
    ("skip-silent", 1, "skipped without a reason"),
    ("wrong-name", 4, "verdict on another test"),
])
def test_bad_verdict(runs, mode, code, says):
    run = fake(runs, mode, "test", "core/first", *(QUICK if code == 7 else [])).check(code)
    assert run.verdicts() == {"first": "fail"}
    assert says in run.detail("first")


def test_death_does_not_take_the_others_along(runs):
    run = fake(runs, "dies", "test", "core").check(4, "boot2", "state.txt")
    assert run.verdicts() == {"first": "pass", "second": "fail", "third": "pass"}
    assert "triple fault" in run.detail("second")
    assert run.out.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"


def test_announced_reset(runs):
    """The test goes on in the next boot, and finds its files there."""
    run = fake(runs, "resets", "test", "core").check(0, "boot2", "files")
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}
    assert len(run.json()["boots"]) == 2
    assert run.json()["boots"][0]["reason"] == "reset, as announced"


@pytest.mark.parametrize("mode, code, boots, says", [
    ("resets-unasked", 4, 2, "asked for a reset"),
    ("resets-failed", 1, 2, "it went wrong before"),
    ("resets-off", 1, 2, "powered off"),
    ("resets-always", 1, 6, "more than 4 resets"),
])
def test_bad_reset(runs, mode, code, boots, says):
    run = fake(runs, mode, "test", "core").check(code)
    assert run.verdicts() == {"first": "pass", "second": "fail", "third": "pass"}
    assert says in run.detail("second")
    assert len(run.json()["boots"]) == boots


def test_announced_end(runs):
    """What must end the machine and does is a pass; the next test gets a fresh boot."""
    run = fake(runs, "ends", "test", "core").check(0, "boot2")
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}
    assert "VMPL 2 read 0x1000: denied" in run.detail("second")
    assert run.json()["boots"][0]["reason"].startswith("ended, as announced: ")


@pytest.mark.parametrize("mode, code, boots, says", [
    ("ends-never", 1, 1, "which did not come"),
    ("ends-otherwise", 4, 2, "triple fault"),
    ("ends-svsm", 5, 2, "SVSM panic"),
    ("ends-off", 1, 2, "powered off"),
    ("ends-failed", 1, 2, "it went wrong before"),
])
def test_bad_end(runs, mode, code, boots, says):
    run = fake(runs, mode, "test", "core").check(code)
    assert run.verdicts() == {"first": "pass", "second": "fail", "third": "pass"}
    assert says in run.detail("second")
    assert len(run.json()["boots"]) == boots


@pytest.mark.parametrize("mode, test", [("late-reset", "third"), ("late-reset-bye", "power-off")])
def test_announcement_ends_with_its_test(runs, mode, test):
    """A test that announces a reset and makes none does not allow one to those after it."""
    run = fake(runs, mode, "test", "core").check(4)
    assert run.verdicts()["second"] == "pass"
    assert run.verdicts()[test] == "fail"
    assert "asked for a reset" in run.detail(test)


@pytest.mark.parametrize("mode, test, code", [
    ("wrong-count", "list", 4),
    ("twice", "list", 4),
    ("no-bye", "power-off", 4),
    ("no-off", "power-off", 7),
    ("console-panic", "boot", 4),
    ("monitor", "boot", 6),
])
def test_bad_target(runs, mode, test, code):
    run = fake(runs, mode, "test", "core", *(QUICK if mode in ("no-off", "console-panic") else [])).check(code)
    assert run.verdicts()[test] == "fail"


def test_unknown_frame(runs):
    run = fake(runs, "unknown-type", "test", "core/first").check(4)
    assert "type 99" in run.detail("first") and "< ? what" in run.text("control.log")


@pytest.mark.parametrize("mode", ["floods-log", "floods-failures", "floods-noise"])
def test_flood_can_be_interrupted(runs, mode):
    """A target that never stops talking does not keep the harness from its signals."""
    process = start_fake(runs, mode, "test", "core/first")
    log = runs / "latest/control.log"
    until = time.monotonic() + HANGS
    while not (log.exists() and "START first" in log.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    finish(process, runs).check(128 + signal.SIGTERM)


@pytest.mark.parametrize("mode", ["floods-noise", "floods-alive"])
def test_flood_that_says_nothing_has_its_time_out(runs, mode):
    """What is no frame, or says only that somebody lives, is no progress, however much of it there is."""
    run = finish(start_fake(runs, mode, "test", "core/first", "--timeout", 1), runs).check(7)
    assert run.verdicts() == {"first": "fail"}


def test_last_words_are_all_read(runs):
    """More than the harness takes in one turn, and the target is gone."""
    run = fake(runs, "last-words", "test", "core").check(0)
    assert run.text("control.log").count("< LOG word\n") == 10000


def test_mute_monitor_can_be_interrupted(runs, tmp_path):
    """Where a machine that hangs is, and its registers, are asked of a QEMU that hangs too."""
    asked = tmp_path / "asked"
    process = start_fake(runs, "mute-qmp", "test", "core/first", "--timeout", 1, env={"FAKE_ASKED": str(asked)})
    until = time.monotonic() + HANGS
    while not asked.exists():
        assert time.monotonic() < until, "it did not ask"
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    run = finish(process, runs)
    assert run.code in (7, 128 + signal.SIGTERM) and "QEMU did not answer" in run.text("state.txt")


def test_deaf_console_can_be_interrupted(runs):
    """A guest that does not read its console, and a user with more to say than the console's FIFO holds."""
    with open("/dev/zero", "rb") as endless:
        process = start_fake(runs, "deaf", "run", "linux", "--shell", stdin=endless)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    finish(process, runs).check(128 + signal.SIGTERM)


@pytest.mark.parametrize("mode, words", [("floods-output", ["--exec", "yes"]), ("foreign-floods", ["--no-agent"])])
def test_stdout_that_nobody_reads_can_be_interrupted(runs, mode, words):
    """A command or a console that says much, to a reader who has stopped."""
    process = start_fake(runs, mode, "run", "linux", *words)
    assert process.stdout.read(1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(HANGS) == 128 + signal.SIGTERM


def test_silent_spinner_ends_too(runs):
    """It computes, so it gets ten times the limit, and no more."""
    run = fake(runs, "spins", "run", "core", "--timeout", 1).check(7, "state.txt")
    assert "although it computes" in run.json()["exit"]["reason"]


@pytest.mark.parametrize("commands, code", [(["poweroff"], 0), (["poweroff", "never"], 4)])
def test_commands_after_the_end(runs, commands, code):
    """A command that was never begun is no success; that the last one ends the guest is."""
    run = fake(runs, "", "run", "linux", *(word for c in commands for word in ("--exec", c))).check(code)
    assert code == 0 or "before 'never'" in run.json()["exit"]["reason"]


def test_qemu_that_refuses(runs):
    run = fake(runs, "refuses", "run", "core").check(3)
    assert "something it did not like" in run.json()["exit"]["reason"]


def test_qemu_too_old(runs):
    run = fake(runs, "old", "run", "core").check(3)
    assert "too old" in run.out
