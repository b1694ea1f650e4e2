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
kernel-a  pass
tools-b   skip       needs a web server
tools-c   pass/fail  swtpm's own
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
        "kernel-a": ("pass", "pass", ""),
        "tools-b": ("skip", "skip", "needs a web server"),
        "tools-c": ("pass", "fail", "swtpm's own"),
    }


@pytest.mark.parametrize("line, why", [
    ("kernel-a", "not NAME"),
    ("kernel-a maybe why", "not NAME"),
    ("kernel-a pass/maybe why", "not NAME"),
    ("kernel-a fail", "needs a reason"),
    ("kernel-a pass/skip", "needs a reason"),
    ("kernel-a fail/pass because", "must pass under the SVSM"),
    ("kernel-a pass\nkernel-a pass", "a second time"),
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


def test_verdicts_are_collected(tmp_path):
    """A side's results come from results.jsonl, and an end that is no verdict is not lost."""
    side = referee.Side("svsm", tmp_path, type("Options", (), {"lock": referee.threading.Lock()}))
    folder = tmp_path / "j" / "run-1"
    folder.mkdir(parents=True)
    (folder / "results.jsonl").write_text(json.dumps({"suite": "referee", "test": "j", "verdict": "pass", "ms": 12, "detail": ""}) + "\n")
    side.take("j", 0, tmp_path / "j")
    assert side.results == {"j": ("pass", 12)} and side.odd == []
    side.take("j", 5, tmp_path / "j")
    assert len(side.odd) == 1 and "ended with 5" in side.odd[0]
    side.take("k", 3, tmp_path / "k")
    assert side.results["k"] == ("none", 0) and len(side.odd) == 2
