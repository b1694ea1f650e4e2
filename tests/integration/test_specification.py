# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""ci/specification.py: the tree is in order, and each sort of mistake is found and told in one line."""

import re
import shutil
import subprocess
import sys

import pytest

from keelson import ROOT

DOC = "docs/specification.md"
ROW = "svsm:6.2:no-change"  # a rule with code, bare tests and others
TEST_FILE = "guests/bare/core/pvalidate.c"


def check(tree):
    done = subprocess.run([sys.executable, ROOT / "ci/specification.py", tree], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The parts of the tree that are looked at."""
    copy = tmp_path_factory.mktemp("tree")
    for part in ("docs", "guests", "svsm", "launch", "harness", "tests"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.hex"))
    return copy


def row(text):
    return next(line for line in text.splitlines() if line.startswith(f"| `{ROW}` |"))


def cell(number, new):
    """Puts something else into one cell of the row."""
    def change(text):
        cells = row(text).split("|")
        cells[number + 1] = f" {new(cells[number + 1].strip())} "
        return text.replace(row(text), "|".join(cells))
    return change


def test_the_tree_is_in_order():
    assert check(ROOT) == (0, [])


BREAKS = {
    "a file that is not there": (
        DOC, cell(3, lambda c: "svsm/protocols/nowhere.c:f"), "there is no file svsm/protocols/nowhere.c"),
    "a file without a function": (
        DOC, cell(3, lambda c: "svsm/protocols/core.c"), "there is no file svsm/protocols/core.c"),
    "a function that is not there": (
        DOC, cell(3, lambda c: "svsm/protocols/core.c:nobody"), "svsm/protocols/core.c defines no nobody"),
    "a function that is only called there": (
        DOC, cell(3, lambda c: "svsm/protocols/core.c:svsm_protocol_find"), "defines no svsm_protocol_find"),
    "a bare test that is not there": (
        DOC, cell(4, lambda c: c + ", core/no-such-test"), "there is no test core/no-such-test"),
    "a unit test that is not there": (
        DOC, cell(4, lambda c: c + ", test_core/nobody"), "there is no test test_core/nobody"),
    "a test of pytest's that is not there": (
        DOC, cell(4, lambda c: c + ", test_breach.py/test_nobody"), "there is no test test_breach.py/test_nobody"),
    "a test that does not name the rule": (
        DOC, cell(4, lambda c: c + ", core/call-by-ghcb"), "core/call-by-ghcb does not name it"),
    "a test that the rule does not name": (
        DOC, cell(4, lambda c: "- (nothing)"), "names svsm:6.2:no-change, whose row does not name it"),
    "a page that is not there": (
        DOC, cell(3, lambda c: "- ([why](nowhere.md))"), "there is no docs/nowhere.md"),
    "an empty cell": (DOC, cell(2, lambda c: ""), "4 cells that are not empty"),
    "a cell too few": (
        DOC, lambda t: t.replace(row(t), row(t).rsplit("|", 2)[0] + "|"), "4 cells that are not empty"),
    "an id that is none": (DOC, lambda t: t.replace(f"`{ROW}`", "`no-change`"), "'no-change' is no id"),
    "one id twice": (DOC, lambda t: t.replace(row(t), row(t) + "\n" + row(t)), "svsm:6.2:no-change has a row already"),
    "a rule that no row has": (
        TEST_FILE, lambda t: t.replace(ROW, "svsm:6.2:nobody"), "names svsm:6.2:nobody, which no row has"),
    "a rule in a table that no row has": (
        TEST_FILE, lambda t: t + '\nstatic const char *const rule = "svsm:6.2:nobody";\n',
        "a row names svsm:6.2:nobody, which no row of docs/specification.md has"),
    "a rule in a table of a file that it does not name": (
        TEST_FILE, lambda t: t + '\nstatic const char *const rule = "svsm:6.8:query";\n',
        "a row names svsm:6.8:query, and the rule names no test of this file"),
    "a test without a rule": (
        TEST_FILE, lambda t: re.sub(r'(TEST\(pv_stops,(?:\s*"[^"]*",){2}\s*)"[^"]*"', r'\1""', t),
        "core/pvalidate-stops names no rule"),
    "a test of the old form": (
        TEST_FILE, lambda t: re.sub(r'(TEST\(pv_stops,\s*"[^"]*",\s*"[^"]*"),\s*"[^"]*"', r"\1", t),
        "core/pvalidate-stops names no rule"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_found(tree, name):
    path, change, says = BREAKS[name]
    whole = (tree / path).read_text()
    broken = change(whole)
    assert broken != whole
    (tree / path).write_text(broken)
    try:
        code, lines = check(tree)
    finally:
        (tree / path).write_text(whole)
    assert code == 1
    assert any(says in line for line in lines), lines
    # where, what, what to do
    assert all(re.match(r"[\w./-]+:\d+: .+: .+", line) for line in lines), lines
