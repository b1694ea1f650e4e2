# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`make matrix` and `make outdated` without their roots: what they keep, print and compare."""

import json
import shutil
import subprocess
import sys

import pytest

from keelson import ROOT

sys.path.insert(0, str(ROOT / "ci/matrix"))
import known  # noqa: E402

ROW = {"suite": "sid", "passed": 7, "failed": 0, "skipped": 1, "seconds": 75, "gcc": "16.2.0", "qemu": "11.1.3",
       "kernel": "7.2.13+deb14-cloud-amd64", "kernel_from": "sid", "packages": {"gcc": "4:16.2.0-1"}, "steps": []}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The real scripts on files of their own."""
    shutil.copytree(ROOT / "ci/matrix", tmp_path / "ci/matrix", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ci/matrix/known.json").write_text(json.dumps([dict(ROW, suite="trixie")]))
    (tmp_path / "README.md").write_text("above\n<!-- make matrix writes this table -->\nold\n<!-- end -->\nbelow\n")
    monkeypatch.setattr(known, "FILE", tmp_path / "ci/matrix/known.json")
    monkeypatch.setattr(known, "README", tmp_path / "README.md")
    return tmp_path


def test_the_readme_s_table_is_the_file_s():
    table = known.TABLE.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert table[0] == table[1] + known.table(known.load().values()) + "\n" + table[2]
    assert all(row["failed"] == 0 and row["passed"] for row in known.load().values())


def test_a_row_replaces_its_own_release_only(tree):
    known.remember([ROW])
    assert list(known.load()) == ["trixie", "sid"]
    known.remember([dict(ROW, passed=8), dict(ROW, suite="bookworm")])
    assert list(known.load()) == ["bookworm", "trixie", "sid"]
    assert [row["passed"] for row in known.load().values()] == [7, 7, 8]
    text = (tree / "README.md").read_text()
    assert "| sid      | 16.2.0 | 11.1.3 | 7.2.13+deb14-cloud-amd64 | 8      | 0      | 1       | 1:15 |\n" in text
    assert "old" not in text and text.startswith("above\n") and text.endswith("below\n")


def test_no_row_changes_nothing(tree):
    before = known.FILE.read_text()
    known.remember([])
    assert known.FILE.read_text() == before and "old" in (tree / "README.md").read_text()


def outdated(tree, offers):
    script = tree / "ci/matrix/offers.sh"
    script.write_text(f"#!/bin/sh\n{offers}\n")
    return subprocess.run([sys.executable, tree / "ci/matrix/outdated.py"], capture_output=True, text=True, timeout=60)


def test_outdated_names_what_moved_on(tree):
    done = outdated(tree, "echo trixie gcc 4:17.1.0-1")
    assert done.returncode == 0
    assert any(line.split() == ["trixie", "gcc", "4:16.2.0-1", "4:17.1.0-1"] for line in done.stdout.splitlines())
    assert "moved on" in done.stdout.splitlines()[-1]


def test_outdated_knows_nothing_without_a_matrix(tree):
    (tree / "ci/matrix/known.json").write_text("[]")
    done = outdated(tree, "exit 0")
    assert done.returncode and "make matrix" in done.stderr and "nothing moved on" not in done.stdout


def test_outdated_fails_when_the_lists_cannot_be_had(tree):
    done = outdated(tree, "echo 'outdated: no mirror' >&2; exit 3")
    assert done.returncode == 3 and "no mirror" in done.stderr
