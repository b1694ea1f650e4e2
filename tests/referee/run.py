#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""make referee: the judges under the SVSM and, in the same run, on plain QEMU; both against expected.txt.

Exit codes: 0 as expected and nothing fails under the SVSM that passes on plain QEMU; 1 otherwise; 2 usage;
3 something is missing here."""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
IMAGE = BUILD / "guests/referee/image.ext2"
sys.path.insert(0, str(HERE))

from verdicts import (SIDES, Expected, Mistake, as_expected, compare, compare_parts, missing, other_versions,  # noqa: E402
                      read_expected, read_left_out, read_parts, read_versions, subject)


def table(names, expected, results):
    width = max(map(len, names))
    lines = [f"{'judge':{width}}  {'SVSM':12}{'plain':12}{'expected':11}reason"]
    for name in names:
        cells = ""
        for side in SIDES:
            verdict, ms = results[side].get(name, ("none", 0))
            cells += f"{verdict:5}{ms / 1000:5.0f}s "
        want = expected.get(name, Expected("", "none", "none", "not in expected.txt", []))
        both = want.svsm if want.svsm == want.plain else f"{want.svsm}/{want.plain}"
        lines.append(f"{name:{width}}  {cells}{both:11}{want.reason}".rstrip())
    return "\n".join(lines)


def count(side, verdicts):
    n = collections.Counter(verdicts.values())
    return f"{side}: " + ", ".join(f"{n[v]} {v}" for v in ("pass", "fail", "skip"))


class Swtpm:
    """A fresh TPM behind a socket, gone with the block."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        # A Unix socket's path is short; a run folder's may not be.
        self.state = tempfile.mkdtemp(prefix="swtpm-")
        self.socket = f"{self.state}/ctrl"
        with open(self.folder / "swtpm.log", "w") as log:
            self.process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--ctrl", f"type=unixio,path={self.socket}", "--tpmstate", f"dir={self.state}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        while not os.path.exists(self.socket) and self.process.poll() is None:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.state)


class Side:
    """
    One side's way through the judges. Those of a subject that leave nothing behind share a machine, of the TPM those that
    `tpm2 clear` cleans up after. One that does not come out as expected there is judged again on a machine of its own,
    where those run that leave more behind, and that verdict counts. A judge of time gets the second trial in any case: a
    busy host makes it fail now and then, on either side.
    """

    def __init__(self, name, folder, options):
        self.name, self.folder, self.options = name, folder, options
        self.results = {}  # judge -> (verdict, ms)
        self.parts = {}    # judge -> {part: verdict}
        self.odd = {}      # judge -> how its last run ended, where that is no verdict
        self.process = None

    def command(self, judges, folder, disk):
        words = [BUILD / "keelson", "test", "--disk", disk, "--runs", folder, "--name", "run",
                 "--qemu", self.options.qemu, *self.options.keelson, *(f"referee/{j}" for j in judges)]
        if subject(judges[0]) == "time":
            words += ["--smp", "2"]
        if self.name == "plain":
            words += ["--platform", "plain"]
        return [str(w) for w in words]

    def machine(self, label, judges):
        if self.options.stop.is_set():
            return
        folder = self.folder / label
        folder.mkdir(parents=True)
        disk = folder / "disk.img"
        subprocess.run(["cp", "--sparse=always", IMAGE, disk], check=True)
        command = self.command(judges, folder, disk)
        for judge in judges:
            self.results.pop(judge, None)
            self.odd.pop(judge, None)
        try:
            if self.name == "plain" and subject(judges[0]) == "tpm":
                with Swtpm(folder) as tpm:
                    code = self.test(judges, command + ["--swtpm", tpm.socket], folder)
            else:
                code = self.test(judges, command, folder)
            subprocess.run(["debugfs", "-R", f"rdump /logs {folder}", disk],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        finally:
            disk.unlink()
        for judge in judges:
            log = folder / "logs" / f"{judge}.log"
            self.parts[judge] = read_parts(log.read_text(errors="replace")) if log.exists() else {}
            if judge not in self.results or code not in (0, 1):
                self.odd[judge] = f"{self.name}: {judge}: keelson test ended with {code}, see {os.path.relpath(folder, ROOT)}"

    def test(self, judges, command, folder):
        with open(folder / "keelson.log", "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        seen = 0
        while True:
            over = self.process.poll() is not None
            seen += self.take(judges, folder, seen)
            if over:
                return self.process.returncode
            time.sleep(0.5)

    def take(self, judges, folder, seen):
        """Verdicts that were not there yet; how many."""
        lines = [line for path in folder.glob("run-*/results.jsonl") for line in path.read_text().split("\n")[:-1]]
        for result in map(json.loads, lines[seen:]):
            judge, verdict, ms = (result[k] for k in ("test", "verdict", "ms"))
            if judge in judges:
                self.results[judge] = (verdict, ms)
            self.say(f"{len(self.results):3} {verdict:4} {judge} {ms / 1000:.0f} s {result['detail']}")
        return len(lines[seen:])

    def say(self, text):
        with self.options.lock:
            print(f"  {self.name:5} {text}".rstrip(), flush=True)

    def unexpected(self, judges, expected):
        return [j for j in judges if not as_expected(expected, self.name, j, self.results.get(j, ("none", 0))[0])]

    def run(self, groups, own, expected):
        started = time.monotonic()
        for judges in groups:
            self.machine(f"shared-{subject(judges[0])}", judges)
        for judge in own:
            self.machine(judge, [judge])
        timed = [j for j in own if subject(j) == "time"]
        for judge in self.unexpected([j for judges in groups for j in judges] + timed, expected):
            self.machine(f"{judge}-again", [judge])
        self.seconds = time.monotonic() - started


def file_text(name):
    path = BUILD / "guests/referee" / name
    return path.read_text() if path.exists() else ""


def all_judges():
    path = BUILD / "guests/referee/judges"
    return [line.split("\t")[0] for line in path.read_text().splitlines()]


def select(judges, patterns):
    if not patterns:
        return judges
    return [n for n in judges if any(fnmatch.fnmatch(n, p) or fnmatch.fnmatch(n, f"*-{p}") for p in patterns)]


def arguments():
    p = argparse.ArgumentParser(description="independent judges of TPM and time, under the SVSM and on plain QEMU")
    p.add_argument("patterns", nargs="*", help="judges with shell wildcards; none: all of expected.txt")
    p.add_argument("--qemu", default=os.environ.get("QEMU") or "qemu-system-x86_64")
    p.add_argument("--side", choices=SIDES, help="one side only, for a look; its result is compared all the same")
    p.add_argument("--serial", action="store_true", help="one side after the other, where memory or cores are few")
    p.add_argument("--keelson", action="append", default=[], metavar="OPTION", help="an option for keelson test")
    return p.parse_args()


def machines(names, expected):
    """Who shares a machine, a list for each subject; who has one alone; and who has none."""
    none = [n for n in names if n in expected and expected[n].machine == "none"]
    by_subject = collections.defaultdict(list)
    for name in names:
        if name in expected and expected[name].machine == "shared":
            by_subject[subject(name)].append(name)
    groups = [judges for judges in by_subject.values() if len(judges) > 1]
    shared = {name for judges in groups for name in judges}
    return groups, [n for n in names if n not in shared and n not in none], none


def play(options, folder, expected, groups, own, none):
    sides = [Side(s, folder / s, options) for s in SIDES if options.side in (None, s)]

    def stop(*_):
        options.stop.set()
        for side in sides:
            if side.process and side.process.poll() is None:
                side.process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with concurrent.futures.ThreadPoolExecutor(1 if options.serial else 2) as pool:
        list(pool.map(lambda side: side.run(groups, own, expected), sides))
    for side in sides:
        side.results.update({judge: ("skip", 0) for judge in none})
    return {side.name: side for side in sides}


def wrong_parts(names, expected, sides):
    """Of the judges that ran on both sides."""
    wrong = []
    for name in names if len(sides) == 2 else []:
        parts = {side: sides[side].parts.get(name, {}) for side in SIDES}
        if name in expected and expected[name].machine != "none" and subject(name) == "time":
            wrong += compare_parts(name, expected[name], parts)
    return wrong


def main():
    options = arguments()
    options.lock, options.stop = threading.Lock(), threading.Event()
    try:
        expected = read_expected((HERE / "expected.txt").read_text())
    except Mistake as e:
        print(f"referee: expected.txt: {e}", file=sys.stderr)
        return 2
    os.environ["PATH"] += ":/sbin:/usr/sbin"
    judges = all_judges()
    names = select(judges, options.patterns)
    if not names:
        print(f"referee: no judge fits {' '.join(options.patterns)}", file=sys.stderr)
        return 2
    for tool in ["debugfs"] + ["swtpm"] * any(subject(n) == "tpm" for n in names):
        if not shutil.which(tool):
            print(f"referee: no {tool} here: run `make deps`", file=sys.stderr)
            return 3
    folder = BUILD / "runs" / time.strftime(f"referee-%Y%m%d-%H%M%S-{os.getpid()}")
    folder.mkdir(parents=True)
    sides = play(options, folder, expected, *machines(names, expected))

    if options.stop.is_set():
        print(f"referee: stopped; run folder: {os.path.relpath(folder, ROOT)}", file=sys.stderr)
        return 3
    results = {side: sides[side].results if side in sides else {} for side in SIDES}
    got = {side: {n: r[0] for n, r in results[side].items()} for side in SIDES}
    if options.side:  # the other one's verdicts are taken as expected
        other = SIDES[1 - SIDES.index(options.side)]
        got[other] = {n: getattr(expected[n], other) for n in names if n in expected}
    versions = [read_versions(text) for text in ((HERE / "expected.txt").read_text(), file_text("versions"))]
    others = other_versions(*versions)
    left_out = read_left_out(file_text("left-out"))
    wrong = compare(names, expected, got, others)
    if not options.patterns:
        wrong += [f"{n}: in expected.txt, and there is no such judge" for n in missing(expected, judges, left_out, others)]
    wrong += wrong_parts(names, expected, sides)
    wrong += [odd for side in sides.values() for odd in side.odd.values()]
    text = [table(names, expected, results), ""]
    text += [f"{count(s, got[s])}; {side.seconds:.0f} s" for s, side in sides.items()]
    text += [f"SKIPPED {pattern}: {reason}" for pattern, reason in left_out]
    text += [f"NOTE {p}* are of version {versions[1][p]}, expected.txt is about {versions[0][p]}: only what differs from plain QEMU is wrong"
             for p in others]
    text += [f"WRONG {w}" for w in wrong] or ["as expected"]
    (folder / "table.txt").write_text("\n".join(text) + "\n")
    print("\n" + "\n".join(text))
    print(f"run folder: {os.path.relpath(folder, ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
