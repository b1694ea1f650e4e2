#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""make referee: the judges under the SVSM and, in the same run, with swtpm; both against expected.txt.

Exit codes: 0 as expected and nothing fails under the SVSM that passes with swtpm; 1 otherwise; 2 usage;
3 something is missing here."""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
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
SIDES = ("svsm", "swtpm")
VERDICTS = ("pass", "fail", "skip")

Expected = collections.namedtuple("Expected", "machine svsm swtpm reason")


class Mistake(Exception):
    """The expectation's file is not what it should be."""


def read_expected(text):
    """NAME shared|own|none VERDICT[/VERDICT-WITH-SWTPM] REASON; no reason only where both are pass."""
    table = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(None, 3)
        if not words or words[0].startswith("#"):
            continue
        name, machine, verdict, *reason = words + [""] * (3 - len(words))
        svsm, _, swtpm = verdict.partition("/")
        swtpm = swtpm or svsm
        if machine not in ("shared", "own", "none") or svsm not in VERDICTS or swtpm not in VERDICTS:
            raise Mistake(f"line {number}: not NAME shared|own|none VERDICT[/VERDICT] REASON")
        if name in table:
            raise Mistake(f"line {number}: {name} a second time")
        if machine == "none" and (svsm, swtpm) != ("skip", "skip"):
            raise Mistake(f"line {number}: {name} has no machine, so it can only skip")
        if (svsm, swtpm) != ("pass", "pass") and not reason:
            raise Mistake(f"line {number}: {name} needs a reason")
        if svsm != "pass" and swtpm == "pass":
            raise Mistake(f"line {number}: {name} passes with swtpm and must pass under the SVSM")
        table[name] = Expected(machine, svsm, swtpm, reason[0] if reason else "")
    return table


def read_version(text):
    """The version of tpm2-tools that the expectation is about, or that the image has: "5.4"."""
    found = re.search(r"^(?:# )?tpm2-tools (\d+\.\d+)", text, re.M)
    return found.group(1) if found else None


def read_left_out(text):
    """Lines PATTERN REASON: judges that could not be had."""
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line]


def compare(names, expected, got, same=True):
    """
    What is wrong, a line each. got: {side: {name: verdict}}. Scripts of another version of the tools than the
    expectation's are measured by the other side alone.
    """
    wrong = []
    for name in names:
        svsm, swtpm = (got[side].get(name, "none") for side in SIDES)
        if not same and name.startswith("tools-"):
            if svsm != "pass" and swtpm == "pass":
                wrong.append(f"{name}: passes with swtpm and not under the SVSM")
            continue
        if name not in expected:
            wrong.append(f"{name}: {svsm} under the SVSM, {swtpm} with swtpm, and expected.txt does not name it")
            continue
        want = expected[name]
        if svsm != want.svsm:
            wrong.append(f"{name}: {svsm} under the SVSM, expected {want.svsm}")
        if swtpm != want.swtpm:
            wrong.append(f"{name}: {swtpm} with swtpm, expected {want.swtpm}")
        if svsm != "pass" and swtpm == "pass":
            wrong.append(f"{name}: passes with swtpm and not under the SVSM")
    return wrong


def table(names, expected, results):
    width = max(map(len, names))
    lines = [f"{'judge':{width}}  {'SVSM':12}{'swtpm':12}{'expected':11}reason"]
    for name in names:
        cells = ""
        for side in SIDES:
            verdict, ms = results[side].get(name, ("none", 0))
            cells += f"{verdict:5}{ms / 1000:5.0f}s "
        want = expected.get(name, Expected("", "none", "none", "not in expected.txt"))
        both = want.svsm if want.svsm == want.swtpm else f"{want.svsm}/{want.swtpm}"
        lines.append(f"{name:{width}}  {cells}{both:11}{want.reason}".rstrip())
    return "\n".join(lines)


def count(side, verdicts):
    n = collections.Counter(verdicts.values())
    return f"{side}: " + ", ".join(f"{n[v]} {v}" for v in VERDICTS)


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
    One side's way through the judges. Those that `tpm2 clear` cleans up after share a machine and its TPM; one
    that does not pass there is judged again on a machine of its own, as are those that leave more behind, and
    that verdict counts.
    """

    def __init__(self, name, folder, options):
        self.name, self.folder, self.options = name, folder, options
        self.results = {}  # judge -> (verdict, ms)
        self.odd = []      # ways in which a run ended that are no verdict
        self.process = None

    def command(self, judges, folder, disk):
        words = [BUILD / "keelson", "test", "--disk", disk, "--runs", folder, "--name", "run",
                 "--qemu", self.options.qemu, *self.options.keelson, *(f"referee/{j}" for j in judges)]
        return [str(w) for w in words]

    def machine(self, label, judges):
        if self.options.stop.is_set():
            return
        folder = self.folder / label
        folder.mkdir(parents=True)
        disk = folder / "disk.img"
        subprocess.run(["cp", "--sparse=always", IMAGE, disk], check=True)
        command = self.command(judges, folder, disk)
        try:
            if self.name == "swtpm":
                with Swtpm(folder) as tpm:
                    code = self.test(judges, command + ["--platform", "plain", "--swtpm", tpm.socket], folder)
            else:
                code = self.test(judges, command, folder)
            subprocess.run(["debugfs", "-R", f"rdump /logs {folder}", disk],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        finally:
            disk.unlink()
        missing = [j for j in judges if j not in self.results]
        if missing or code not in (0, 1):
            self.odd.append(f"{self.name}: {label}: keelson test ended with {code}, see {os.path.relpath(folder, ROOT)}")

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

    def run(self, shared, own):
        started = time.monotonic()
        again = []
        if shared:
            self.machine("shared", shared)
            again = [j for j in shared if self.results.get(j, ("none", 0))[0] != "pass"]
        for judge in own + again:
            self.machine(judge, [judge])
        self.seconds = time.monotonic() - started


def file_text(name):
    path = BUILD / "guests/referee" / name
    return path.read_text() if path.exists() else ""


def missing(expected, judges, left_out, same):
    """Whom the expectation names, and nobody has said why there is no such judge."""
    excused = [pattern for pattern, _ in left_out] + ([] if same else ["tools-*"])
    return [n for n in expected if n not in judges and not any(fnmatch.fnmatch(n, p) for p in excused)]


def all_judges():
    path = BUILD / "guests/referee/judges"
    return [line.split("\t")[0] for line in path.read_text().splitlines()]


def select(judges, patterns):
    if not patterns:
        return judges
    return [n for n in judges if any(fnmatch.fnmatch(n, p) or fnmatch.fnmatch(n, f"*-{p}") for p in patterns)]


def arguments():
    p = argparse.ArgumentParser(description="independent judges of the TPM, under the SVSM and with swtpm")
    p.add_argument("patterns", nargs="*", help="judges with shell wildcards; none: all of expected.txt")
    p.add_argument("--qemu", default=os.environ.get("QEMU") or "qemu-system-x86_64")
    p.add_argument("--side", choices=SIDES, help="one side only, for a look; its result is compared all the same")
    p.add_argument("--serial", action="store_true", help="one side after the other, where memory or cores are few")
    p.add_argument("--keelson", action="append", default=[], metavar="OPTION", help="an option for keelson test")
    return p.parse_args()


def machines(names, expected):
    """Who shares a machine, and who has one alone."""
    shared = [n for n in names if n in expected and expected[n].machine == "shared"]
    none = [n for n in names if n in expected and expected[n].machine == "none"]
    alone = [n for n in names if n not in none and (n not in shared or len(shared) < 2)]
    return (shared if len(shared) > 1 else []), alone, none


def play(options, folder, shared, own, none):
    sides = [Side(s, folder / s, options) for s in SIDES if options.side in (None, s)]
    def stop(*_):
        options.stop.set()
        for side in sides:
            if side.process and side.process.poll() is None:
                side.process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with concurrent.futures.ThreadPoolExecutor(1 if options.serial else 2) as pool:
        list(pool.map(lambda side: side.run(shared, own), sides))
    for side in sides:
        side.results.update({judge: ("skip", 0) for judge in none})
    return {side.name: side for side in sides}


def main():
    options = arguments()
    options.lock, options.stop = threading.Lock(), threading.Event()
    try:
        expected = read_expected((HERE / "expected.txt").read_text())
    except Mistake as e:
        print(f"referee: expected.txt: {e}", file=sys.stderr)
        return 2
    for tool in ("swtpm", "debugfs", "mke2fs"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
            print(f"referee: no {tool} here: run `make deps`", file=sys.stderr)
            return 3
    os.environ["PATH"] += ":/sbin:/usr/sbin"
    judges = all_judges()
    names = select(judges, options.patterns)
    if not names:
        print(f"referee: no judge fits {' '.join(options.patterns)}", file=sys.stderr)
        return 2
    folder = BUILD / "runs" / time.strftime(f"referee-%Y%m%d-%H%M%S-{os.getpid()}")
    folder.mkdir(parents=True)
    sides = play(options, folder, *machines(names, expected))

    if options.stop.is_set():
        print(f"referee: stopped; run folder: {os.path.relpath(folder, ROOT)}", file=sys.stderr)
        return 3
    results = {side: sides[side].results if side in sides else {} for side in SIDES}
    got = {side: {n: r[0] for n, r in results[side].items()} for side in SIDES}
    if options.side:  # the other one's verdicts are taken as expected
        other = SIDES[1 - SIDES.index(options.side)]
        got[other] = {n: getattr(expected[n], other) for n in names if n in expected}
    versions = read_version((HERE / "expected.txt").read_text()), read_version(file_text("versions"))
    same = versions[0] == versions[1]
    left_out = read_left_out(file_text("left-out"))
    wrong = compare(names, expected, got, same)
    if not options.patterns:
        wrong += [f"{n}: in expected.txt, and there is no such judge" for n in missing(expected, judges, left_out, same)]
    wrong += [odd for side in sides.values() for odd in side.odd]
    text = [table(names, expected, results), ""]
    text += [f"{count(s, got[s])}; {side.seconds:.0f} s" for s, side in sides.items()]
    text += [f"SKIPPED {pattern}: {reason}" for pattern, reason in left_out]
    if not same:
        text += [f"NOTE tpm2-tools {versions[1]}, expected.txt is about {versions[0]}: only what differs from swtpm is wrong"]
    text += [f"WRONG {w}" for w in wrong] or ["as expected"]
    (folder / "table.txt").write_text("\n".join(text) + "\n")
    print("\n" + "\n".join(text))
    print(f"run folder: {os.path.relpath(folder, ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
