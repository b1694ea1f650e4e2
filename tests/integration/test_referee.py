# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The tooling of `make referee`: what it refuses, and that it tells a wrong result from a right one."""

import importlib.util
import json
import subprocess

import pytest

from keelson import KEELSON, ROOT, keelson

spec = importlib.util.spec_from_file_location("referee", ROOT / "tests/referee/run.py")
referee = importlib.util.module_from_spec(spec)
spec.loader.exec_module(referee)

GOOD = """
# a comment
kernel-a  shared  pass
tools-b   shared  skip       needs a web server
tools-c   own     pass/fail  swtpm's own
"""


def test_the_committed_expectation_is_in_order():
    text = (ROOT / "tests/referee/expected.txt").read_text()
    table = referee.read_expected(text)
    assert len(table) > 70
    assert list(table) == sorted(table)
    assert not [n for n in table if not n.startswith(("kernel-", "tools-"))]


def test_expectation_is_read():
    table = referee.read_expected(GOOD)
    assert table == {
        "kernel-a": ("shared", "pass", "pass", ""),
        "tools-b": ("shared", "skip", "skip", "needs a web server"),
        "tools-c": ("own", "pass", "fail", "swtpm's own"),
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
])
def test_expectation_is_refused(line, why):
    with pytest.raises(referee.Mistake, match=why):
        referee.read_expected(line)


def both(svsm, swtpm):
    return {"svsm": svsm, "swtpm": swtpm}


AS_EXPECTED = both({"kernel-a": "pass", "tools-b": "skip", "tools-c": "pass"}, {"kernel-a": "pass", "tools-b": "skip", "tools-c": "fail"})


def test_the_expected_result_is_right():
    assert referee.compare(["kernel-a", "tools-b", "tools-c"], referee.read_expected(GOOD), AS_EXPECTED) == []


@pytest.mark.parametrize("side, judge, verdict, wrong", [
    ("svsm", "kernel-a", "fail", ["fail under the SVSM, expected pass", "passes with swtpm and not under the SVSM"]),
    ("svsm", "tools-b", "pass", ["pass under the SVSM, expected skip"]),
    ("swtpm", "kernel-a", "fail", ["fail with swtpm, expected pass"]),
    ("swtpm", "tools-b", "pass", ["pass with swtpm, expected skip", "passes with swtpm and not under the SVSM"]),
    ("svsm", "kernel-a", None, ["none under the SVSM, expected pass", "passes with swtpm and not under the SVSM"]),
    ("swtpm", "tools-b", None, ["none with swtpm, expected skip"]),
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
    assert referee.compare(names, referee.read_expected(GOOD), got, same=False) == []
    got["swtpm"]["tools-b"] = "pass"
    assert referee.compare(names, referee.read_expected(GOOD), got, same=False) == ["tools-b: passes with swtpm and not under the SVSM"]
    got["svsm"]["kernel-a"] = "fail"
    assert len(referee.compare(names, referee.read_expected(GOOD), got, same=False)) == 3


def test_judges_that_could_not_be_had_are_no_fault():
    expected = referee.read_expected(GOOD)
    left_out = referee.read_left_out("tools-* no source of tpm2-tools could be had\n")
    assert referee.missing(expected, ["kernel-a"], [], True) == ["tools-b", "tools-c"]
    assert referee.missing(expected, ["kernel-a"], left_out, True) == []
    assert referee.missing(expected, ["tools-b"], left_out, True) == ["kernel-a"]
    assert referee.missing(expected, ["kernel-a"], [], False) == []


def test_versions():
    text = (ROOT / "tests/referee/expected.txt").read_text()
    assert referee.read_version(text) == referee.read_version("tpm2-tools 5.4-1\nlinux-source-6.12 6.12.95-1\n") == "5.4"
    assert referee.read_version("tpm2-tools 5.7-1+b2\n") == "5.7"


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


def test_who_does_not_pass_in_company_is_judged_alone(tmp_path, monkeypatch):
    s, calls = side(tmp_path), []

    def machine(label, judges):
        calls.append((label, judges))
        s.results.update({j: ("fail" if j == "b" and label == "shared" else "pass", 1) for j in judges if j != "c" or label == "c"})

    monkeypatch.setattr(s, "machine", machine)
    s.run(["a", "b", "c"], ["d"])
    assert calls == [("shared", ["a", "b", "c"]), ("d", ["d"]), ("b", ["b"]), ("c", ["c"])]
    assert {v for v, _ in s.results.values()} == {"pass"}


def test_a_run_that_ends_otherwise_is_not_lost(tmp_path, monkeypatch):
    s = side(tmp_path)
    monkeypatch.setattr(referee.subprocess, "run", lambda *a, **k: (tmp_path / "j").mkdir(exist_ok=True) or (tmp_path / "j/disk.img").touch())
    monkeypatch.setattr(s, "test", lambda *a: 5)
    s.machine("j", ["j"])
    assert len(s.odd) == 1 and "ended with 5" in s.odd[0]


def test_machines():
    table = referee.read_expected("a shared pass\nb shared pass\nc own pass\nd none skip why\n")
    assert referee.machines(["a", "b", "c", "d", "new"], table) == (["a", "b"], ["c", "new"], ["d"])
    assert referee.machines(["a", "c"], table) == ([], ["a", "c"], [])
