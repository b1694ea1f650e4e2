#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The README's commands in bare roots of several Debian releases, each with its own tools, as one table.

usage: matrix.py SUITE...

In each root a fresh clone of the commit that is checked out is built and booted by root, and another by a
user without rights, who also runs the unit tests, the checks of the sources and the quick suites
(MATRIX_CHECK=1: `make check` instead of these). Roots are kept under build/matrix/SUITE (MATRIX_FRESH=1 makes
them anew), logs in build/matrix/SUITE.log. The table is printed and written to build/matrix/matrix.json; a row without a failure
also goes to ci/matrix/known.json and from there into README.md.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

import known

ROOT = known.ROOT
BUILD = ROOT / os.environ.get("BUILD", "build") / "matrix"
ROOT_SH = ROOT / "ci/matrix/root.sh"
COUNTS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")

AS_ROOT = [("make run, as root", "root", "make run")]
QUICK = [
    ("make run, as a user", "keelson", "make run"),
    ("unit tests", "keelson", "make unit"),
    ("lint", "keelson", "make lint"),
    ("quick suites", "keelson", "build/keelson test --group quick"),
]
WHOLE = [QUICK[0], ("make check", "keelson", "make check")]


class Failed(Exception):
    """A step that ended the row."""


def first_number(text):
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else "none"


class Row:
    """One release: its root, its log, and what came out."""

    def __init__(self, suite):
        self.suite = suite
        self.root = BUILD / suite
        self.log = open(BUILD / f"{suite}.log", "w", encoding="utf-8")
        self.record = {"suite": suite, "passed": 0, "failed": 0, "skipped": 0, "steps": []}

    def step(self, name, command, cwd=None):
        """Runs a command into the log, tells how it went; its output."""
        print(f"  {self.suite + ':':<10} {name:<22}", end="", flush=True)
        begin = time.monotonic()
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        took = time.monotonic() - begin
        self.log.write(f"== {name}: {' '.join(map(str, command))}\n{done.stdout}== exit {done.returncode}\n")
        self.log.flush()
        print(f"{'ok' if done.returncode == 0 else 'exit ' + str(done.returncode):<8}{took:6.0f} s", flush=True)
        self.record["steps"].append({"step": name, "exit": done.returncode, "seconds": round(took)})
        if done.returncode != 0:
            print("".join(f"    | {line}\n" for line in done.stdout.splitlines()[-8:]), end="")
        return done

    def inside(self, name, user, command):
        home = "/root" if user == "root" else "/home/keelson"
        return self.step(name, [ROOT_SH, "run", self.root, user, f"cd {home}/keelson && {command}"])

    def make_root(self):
        if os.environ.get("MATRIX_FRESH"):
            shutil.rmtree(self.root, ignore_errors=True)
        if self.step("root", [ROOT_SH, "make", self.suite, self.root]).returncode != 0:
            raise Failed

    def clone(self):
        """Two clones, since what root builds is not the user's to change."""
        for owner, home in (("root", "root"), ("keelson", "home/keelson")):
            tree = self.root / home / "keelson"
            shutil.rmtree(tree, ignore_errors=True)
            subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, tree], check=True)
            subprocess.run(["chroot", self.root, "chown", "-R", f"{owner}:", f"/{home}/keelson"], check=True)

    def count(self, done):
        """The last total that the step printed; a step that failed counts as one failure at least."""
        totals = COUNTS.findall(done.stdout)
        numbers = [int(n or 0) for n in totals[-1]] if totals else [0, 0, 0]
        if done.returncode != 0:
            numbers[1] = max(numbers[1], 1)
        for key, n in zip(("passed", "failed", "skipped"), numbers):
            self.record[key] += n

    def versions(self):
        guests = self.root / "home/keelson/keelson/build/guests"
        packages = self.ask("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *known.HOST_PACKAGES)
        self.record["packages"] = dict(line.split() for line in packages.splitlines())
        self.record["packages"].update(known.fetched(guests / "packages/packages"))
        self.record["gcc"] = self.ask("gcc", "-dumpfullversion").strip()
        self.record["qemu"] = first_number(self.ask("qemu-system-x86_64", "--version"))
        self.record["kernel"] = known.word(guests / "kernel/version")
        self.record["kernel_from"] = known.word(guests / "asked")

    def ask(self, *command):
        """What a program of the root prints; nothing where it is not there."""
        return subprocess.run(["chroot", self.root, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout

    def run(self, steps):
        begin = time.monotonic()
        try:
            self.make_root()
            self.clone()
            for name, user, command in steps:
                self.count(self.inside(name, user, command))
            self.versions()
        except Failed:
            self.record["failed"] += 1
        self.record["seconds"] = round(time.monotonic() - begin)
        return self.record


def main(suites):
    dirty = subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], stdout=subprocess.PIPE, text=True).stdout
    if dirty:
        print("matrix: what is not committed is not in the clones", file=sys.stderr)
    steps = AS_ROOT + (WHOLE if os.environ.get("MATRIX_CHECK") else QUICK)
    BUILD.mkdir(parents=True, exist_ok=True)
    rows = [Row(suite).run(steps) for suite in suites]
    (BUILD / "matrix.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(known.table(rows))
    known.remember([r for r in rows if not r["failed"]])
    red = [r["suite"] for r in rows if r["failed"]]
    if red:
        print(f"matrix: failed: {' '.join(red)} (logs: {BUILD}/SUITE.log)", file=sys.stderr)
    return 1 if red else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
