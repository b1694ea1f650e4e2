# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The tooling of `make referee`: what it refuses, and that it tells a wrong result from a right one."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

from keelson import KEELSON, ROOT, keelson

sys.path.insert(0, str(ROOT / "tests/referee"))

import verdicts  # noqa: E402

spec = importlib.util.spec_from_file_location("referee", ROOT / "tests/referee/run.py")
referee = importlib.util.module_from_spec(spec)
spec.loader.exec_module(referee)

GOOD = """
# a comment
kernel-a  shared  pass
tools-b   shared  skip       needs a web server
tools-c   own     pass/fail  swtpm's own
"""

TIMERS = """
timers-a  shared  any   a latency is the host's
  max latency  any  the same
  CLOCK_*_ALARM  skip/pass  no RTC
  alarm *  none/pass  no RTC
"""


def test_the_committed_expectation_is_in_order():
    text = (ROOT / "tests/referee/expected.txt").read_text()
    table = referee.read_expected(text)
    assert len(table) > 70
    assert list(table) == sorted(table)
    assert not [n for n in table if n.split("-")[0] not in verdicts.SUBJECTS]


def test_expectation_is_read():
    table = referee.read_expected(GOOD)
    assert table == {
        "kernel-a": ("shared", "pass", "pass", "", []),
        "tools-b": ("shared", "skip", "skip", "needs a web server", []),
        "tools-c": ("own", "pass", "fail", "swtpm's own", []),
    }


@pytest.mark.parametrize("line, why", [
    ("kernel-a", "not NAME"),
    ("kernel-a own", "not NAME"),
    ("kernel-a alone pass", "not NAME"),
    ("kernel-a own maybe why", "not NAME"),
    ("kernel-a own pass/maybe why", "not NAME"),
    ("kernel-a own fail", "needs a reason"),
    ("kernel-a own pass/skip", "needs a reason"),
    ("kernel-a none skip", "needs a reason"),
    ("kernel-a none pass", "can only skip"),
    ("kernel-a own fail/pass because", "must pass under the SVSM"),
    ("kernel-a own pass\nkernel-a own pass", "a second time"),
    ("timers-a own any", "needs a reason"),
    ("timers-a own any/pass because", "not NAME"),
    ("timers-a own none because", "not NAME"),
    ("  a part  any  because", "of no judge"),
    ("timers-a own pass\n  a part", "not PATTERN"),
    ("timers-a own pass\n  a part  maybe  because", "not PATTERN"),
    ("timers-a own pass\n  a part  any/pass  because", "not PATTERN"),
    ("timers-a own pass\n  a part  any", "needs a reason"),
])
def test_expectation_is_refused(line, why):
    with pytest.raises(referee.Mistake, match=why):
        referee.read_expected(line)


def both(svsm, plain):
    return {"svsm": svsm, "plain": plain}


AS_EXPECTED = both({"kernel-a": "pass", "tools-b": "skip", "tools-c": "pass"}, {"kernel-a": "pass", "tools-b": "skip", "tools-c": "fail"})


def test_the_expected_result_is_right():
    assert referee.compare(["kernel-a", "tools-b", "tools-c"], referee.read_expected(GOOD), AS_EXPECTED) == []


@pytest.mark.parametrize("side, judge, verdict, wrong", [
    ("svsm", "kernel-a", "fail", ["fail under the SVSM, expected pass", "passes on plain QEMU and not under the SVSM"]),
    ("svsm", "tools-b", "pass", ["pass under the SVSM, expected skip"]),
    ("plain", "kernel-a", "fail", ["fail on plain QEMU, expected pass"]),
    ("plain", "tools-b", "pass", ["pass on plain QEMU, expected skip", "passes on plain QEMU and not under the SVSM"]),
    ("svsm", "kernel-a", None, ["none under the SVSM, expected pass", "passes on plain QEMU and not under the SVSM"]),
    ("plain", "tools-b", None, ["none on plain QEMU, expected skip"]),
])
def test_another_result_is_wrong(side, judge, verdict, wrong):
    got = {s: dict(v) for s, v in AS_EXPECTED.items()}
    del got[side][judge]
    if verdict:
        got[side][judge] = verdict
    names = ["kernel-a", "tools-b", "tools-c"]
    assert referee.compare(names, referee.read_expected(GOOD), got) == [f"{judge}: {w}" for w in wrong]


def test_another_version_is_measured_by_the_other_side():
    """Its scripts may differ from those that the expectation is about, but pass no less under the SVSM."""
    names = ["kernel-a", "tools-b", "tools-new"]
    got = both({"kernel-a": "pass", "tools-b": "fail", "tools-new": "pass"}, {"kernel-a": "pass", "tools-b": "fail", "tools-new": "pass"})
    assert referee.compare(names, referee.read_expected(GOOD), got, ("tools-",)) == []
    got["plain"]["tools-b"] = "pass"
    assert referee.compare(names, referee.read_expected(GOOD), got, ("tools-",)) == ["tools-b: passes on plain QEMU and not under the SVSM"]
    got["svsm"]["kernel-a"] = "fail"
    assert len(referee.compare(names, referee.read_expected(GOOD), got, ("tools-",))) == 3


def test_judges_that_could_not_be_had_are_no_fault():
    expected = referee.read_expected(GOOD)
    left_out = referee.read_left_out("tools-* no source of tpm2-tools could be had\n")
    assert referee.missing(expected, ["kernel-a"], []) == ["tools-b", "tools-c"]
    assert referee.missing(expected, ["kernel-a"], left_out) == []
    assert referee.missing(expected, ["tools-b"], left_out) == ["kernel-a"]
    assert referee.missing(expected, ["kernel-a"], [], ("tools-",)) == []


def test_versions():
    text = (ROOT / "tests/referee/expected.txt").read_text()
    here = {"tools-": "5.4", "timers-": "6.12"}
    assert referee.read_versions(text) == referee.read_versions("tpm2-tools 5.4-1\nlinux-source-6.12 6.12.95-1\n") == here
    assert referee.read_versions("tpm2-tools 5.7-1+b2\n") == {"tools-": "5.7", "timers-": None}
    assert verdicts.other_versions(here, here) == ()
    assert verdicts.other_versions(here, {"tools-": "5.4", "timers-": "7.2"}) == ("timers-",)


LOG = """TAP version 13
1..5
ok 1 CLOCK_REALTIME
Diff too high: 2551769..not ok 2 ITIMER_PROF
ok 3 # SKIP CLOCK_TAI
ok 4 CLOCK_REALTIME
Estimating tick (act: 9000 usec, -100000 ppm): 9000 usec, -99998 ppm	[OK]
Estimating tick (act: 9250 usec, -75000 ppm): 9250 usec, -75001 ppm	[FAILED]
CLOCK_TAI              ABSTIME PERIODIC max latency:     123456 ns : [OK]
CLOCK_REALTIME_ALARM   RELTIME missing CAP_WAKE_ALARM?    : [UNSUPPORTED]
# ok 6 said in a comment
"""


def test_parts_are_read():
    assert referee.read_parts(LOG) == {
        "CLOCK_REALTIME": "pass", "ITIMER_PROF": "fail", "CLOCK_TAI": "skip", "CLOCK_REALTIME #2": "pass",
        "Estimating tick (act: usec, ppm): usec, ppm": "pass", "Estimating tick (act: usec, ppm): usec, ppm #2": "fail",
        "CLOCK_TAI ABSTIME PERIODIC max latency: ns": "pass", "CLOCK_REALTIME_ALARM RELTIME missing CAP_WAKE_ALARM?": "skip"}


@pytest.mark.parametrize("svsm, plain, wrong", [
    ({"a": "pass"}, {"a": "pass"}, None),
    ({"a": "fail"}, {"a": "pass"}, "a: fail under the SVSM, pass on plain QEMU"),
    ({"a": "skip"}, {"a": "pass"}, "a: skip under the SVSM, pass on plain QEMU"),
    ({"a": "pass"}, {"a": "skip"}, "a: pass under the SVSM, skip on plain QEMU"),
    ({}, {"a": "pass"}, "a: none under the SVSM, pass on plain QEMU"),
    ({"a": "pass"}, {}, "a: pass under the SVSM, none on plain QEMU"),
    ({"a": "pass"}, {"a": "fail"}, None),
    ({"a": "pass", "b": "pass"}, {"a": "fail"}, None),
    ({"max latency": "fail"}, {"max latency": "pass"}, None),
    ({"CLOCK_BOOTTIME_ALARM": "skip"}, {"CLOCK_BOOTTIME_ALARM": "pass"}, None),
    ({"CLOCK_BOOTTIME_ALARM": "pass"}, {"CLOCK_BOOTTIME_ALARM": "pass"},
     "CLOCK_BOOTTIME_ALARM: pass under the SVSM, pass on plain QEMU, expected skip and pass"),
    ({}, {"alarm count": "pass"}, None),
    ({"alarm count": "fail"}, {"alarm count": "pass"},
     "alarm count: fail under the SVSM, pass on plain QEMU, expected none and pass"),
])
def test_parts_are_compared(svsm, plain, wrong):
    expected = referee.read_expected(TIMERS)["timers-a"]
    assert referee.compare_parts("timers-a", expected, both(svsm, plain)) == ([f"timers-a: {wrong}"] if wrong else [])


def test_any_verdict_will_do_but_none():
    expected = referee.read_expected(TIMERS)
    assert referee.compare(["timers-a"], expected, both({"timers-a": "fail"}, {"timers-a": "pass"})) == []
    assert referee.compare(["timers-a"], expected, both({}, {"timers-a": "pass"}))


def test_a_judge_without_expectation_is_wrong():
    (wrong,) = referee.compare(["tools-new"], {}, both({"tools-new": "pass"}, {"tools-new": "pass"}))
    assert "expected.txt does not name it" in wrong


def test_patterns():
    judges = ["kernel-a", "tools-a", "tools-ab"]
    assert referee.select(judges, []) == judges
    assert referee.select(judges, ["a"]) == ["kernel-a", "tools-a"]
    assert referee.select(judges, ["tools-*"]) == ["tools-a", "tools-ab"]
    assert referee.select(judges, ["none"]) == []


def test_swtpm_goes_with_plain_only(runs):
    run = keelson(runs, "test", "linux", "--swtpm", "/tmp/none")
    assert run.code == 2 and "--platform plain" in run.err and not run.folders


def test_swtpm_in_the_command_line():
    out = subprocess.run([KEELSON, "run", "--platform", "plain", "--swtpm", "/tmp/a,b", "--dry-run"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert "-chardev socket,id=tpm,path=/tmp/a,,b -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-crb,tpmdev=tpm0" in out.stdout
    plain = subprocess.run([KEELSON, "run", "--platform", "plain", "--dry-run"], capture_output=True, text=True)
    assert "tpm" not in plain.stdout


def side(folder):
    return referee.Side("svsm", folder, type("Options", (), {"lock": referee.threading.Lock(), "stop": referee.threading.Event(), "qemu": "none", "keelson": []}))


def write_results(folder, *verdicts):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "results.jsonl", "a") as f:
        for test, verdict in verdicts:
            f.write(json.dumps({"suite": "referee", "test": test, "verdict": verdict, "ms": 12, "detail": ""}) + "\n")


def test_verdicts_are_taken_as_they_come(tmp_path):
    s = side(tmp_path)
    assert s.take(["a", "b"], tmp_path, 0) == 0
    write_results(tmp_path / "run-1", ("a", "pass"))
    assert s.take(["a", "b"], tmp_path, 0) == 1
    write_results(tmp_path / "run-1", ("b", "fail"), ("power-off", "fail"))
    assert s.take(["a", "b"], tmp_path, 1) == 2
    assert s.results == {"a": ("pass", 12), "b": ("fail", 12)}


def trials(tmp_path, monkeypatch, first, groups, own, expected):
    """What a side tries, where the first trial of each judge comes out as told and every other one passes."""
    s, calls = side(tmp_path), []

    def machine(label, judges):
        calls.append((label, judges))
        for judge in judges:
            verdict = "pass" if label.endswith("-again") else first.get(judge, "pass")
            s.results.update({judge: (verdict, 1)} if verdict else {})

    monkeypatch.setattr(s, "machine", machine)
    s.run(groups, own, referee.read_expected(expected))
    return calls, {judge: verdict for judge, (verdict, _) in s.results.items()}


def test_who_does_not_pass_in_company_is_judged_alone(tmp_path, monkeypatch):
    calls, got = trials(tmp_path, monkeypatch, {"kernel-b": "fail", "kernel-c": None, "tools-d": "fail"},
                        [["kernel-a", "kernel-b", "kernel-c"]], ["tools-d"],
                        "kernel-a shared pass\nkernel-b shared pass\nkernel-c shared pass\ntools-d own pass\n")
    assert calls == [("shared-tpm", ["kernel-a", "kernel-b", "kernel-c"]), ("tools-d", ["tools-d"]),
                     ("kernel-b-again", ["kernel-b"]), ("kernel-c-again", ["kernel-c"])]
    assert got == {"kernel-a": "pass", "kernel-b": "pass", "kernel-c": "pass", "tools-d": "fail"}


def test_a_judge_of_time_is_heard_twice(tmp_path, monkeypatch):
    calls, _ = trials(tmp_path, monkeypatch, {"timers-a": "fail", "timers-b": "fail", "rt-c": "fail"}, [], ["timers-a", "timers-b", "rt-c"],
                      "timers-a own pass\ntimers-b own fail the kernel's\nrt-c own any a latency\n")
    assert calls[3:] == [("timers-a-again", ["timers-a"])]


def test_a_run_that_ends_otherwise_is_not_lost(tmp_path, monkeypatch):
    s = side(tmp_path)
    monkeypatch.setattr(referee.subprocess, "run", lambda *a, **k: pathlib.Path(a[0][3]).touch() if a[0][0] == "cp" else None)
    monkeypatch.setattr(s, "test", lambda *a: 5)
    s.machine("j", ["j"])
    assert list(s.odd) == ["j"] and "ended with 5" in s.odd["j"]
    # A plain machine that a busy host has kept from booting: what the second trial says counts.
    monkeypatch.setattr(s, "test", lambda *a: s.results.update(j=("pass", 1)) or 0)
    s.machine("j-again", ["j"])
    assert not s.odd


def test_machines():
    table = referee.read_expected("kernel-a shared pass\nkernel-b shared pass\nkernel-c own pass\nkernel-d none skip why\n"
                                  "rt-a shared pass\ntimers-b shared pass\n")
    names = ["kernel-a", "kernel-b", "kernel-c", "kernel-d", "rt-a", "timers-b", "tools-new"]
    assert referee.machines(names, table) == ([["kernel-a", "kernel-b"], ["rt-a", "timers-b"]], ["kernel-c", "tools-new"], ["kernel-d"])
    assert referee.machines(["kernel-a", "kernel-c", "rt-a"], table) == ([], ["kernel-a", "kernel-c", "rt-a"], [])


def test_who_gets_which_machine(tmp_path):
    s = side(tmp_path)
    assert "--smp" not in s.command(["kernel-a"], tmp_path, "disk") and "--platform" not in s.command(["kernel-a"], tmp_path, "disk")
    s.name = "plain"
    command = s.command(["timers-a"], tmp_path, "disk")
    assert command[-4:] == ["--smp", "2", "--platform", "plain"]
