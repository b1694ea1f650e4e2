# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`keelson test --known FILE`: deviations that an SVSM is known for fail no run, and are told when they are gone."""

import xml.etree.ElementTree

import pytest

from keelson import fake, finish, start


def known(tmp_path, *lines):
    path = tmp_path / "known.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_known_failures(runs, tmp_path):
    """Three tests fail; two were foreseen."""
    path = known(tmp_path, "# what core of this SVSM does", "", "core/first \t it says two ", "core/thir? as first")
    run = fake(runs, "liar", "test", "core", "--known", path).check(1)
    assert run.verdicts() == {"first": "known", "second": "fail", "third": "known"}
    assert run.detail("first").startswith("it says two (") and "x == y" in run.detail("first")
    assert run.out.splitlines()[-1] == "0 passed, 1 failed, 0 skipped, 2 known to fail"
    assert run.json()["results"] == {"passed": 0, "failed": 1, "skipped": 0, "known": 2}
    suite = xml.etree.ElementTree.fromstring(run.text("junit.xml")).find("testsuite")
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "2")


def test_all_known(runs, tmp_path):
    run = fake(runs, "liar", "test", "core", "--known", known(tmp_path, "core/* everything")).check(0)
    assert set(run.verdicts().values()) == {"known"}


def test_known_death(runs, tmp_path):
    """A test that takes the SVSM down is followed by a boot of its own, and the run's outcome is not its end."""
    run = fake(runs, "dies", "test", "core", "--known", known(tmp_path, "core/second it dies")).check(0)
    assert run.verdicts() == {"first": "pass", "second": "known", "third": "pass"}
    assert len(run.json()["boots"]) == 2


def test_the_machine_s_own_fault(runs, tmp_path):
    """No deviation of an SVSM explains that the machine itself failed."""
    fake(runs, "gives-up", "test", "core", "--known", known(tmp_path, "core/third it deviates")).check(6)


def test_not_for_run(runs, tmp_path):
    run = finish(start(runs, "run", "core", "--known", known(tmp_path, "core/first it deviates")), runs)
    assert run.code == 2 and "--known" in run.err and not run.folders


def test_unknown_death(runs, tmp_path):
    fake(runs, "dies", "test", "core", "--known", known(tmp_path, "core/first no")).check(4)


def test_no_longer(runs, tmp_path):
    """What passes now is told, and so is a line without a test; another suite's lines are not."""
    path = known(tmp_path, "core/second it was wrong", "core/fourth it was there", "machine/fourth another suite's")
    run = fake(runs, "", "test", "core", "--known", path).check(0)
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}
    lines = run.out.splitlines()
    assert "core/second no longer deviates: it was wrong" in lines
    assert [line for line in lines if "no test for" in line] == ["no test for the known deviation core/fourth"]


@pytest.mark.parametrize("line", ["core/first", "first it says two"])
def test_no_such_form(runs, tmp_path, line):
    path = known(tmp_path, "core/second why", line)
    run = finish(start(runs, "test", "core", "--known", path), runs)
    assert run.code == 2 and f"{path}:2: " in run.err and not run.folders


def test_no_such_file(runs, tmp_path):
    run = finish(start(runs, "test", "core", "--known", tmp_path / "none"), runs)
    assert run.code == 2 and "none" in run.err
