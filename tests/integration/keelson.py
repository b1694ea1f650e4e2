# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Starts build/keelson and looks at what it leaves."""

import json
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
KEELSON = BUILD / "keelson"
FAKE_QEMU = pathlib.Path(__file__).with_name("fake_qemu.py")

# What every run's folder holds, however the run ended (docs/test-control.md).
ALWAYS = {
    "console.log", "svsm.log", "monitor.log", "qemu.log", "control.log",
    "results.jsonl", "junit.xml", "run.json", "recreate.sh",
}

OUTER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "GIT_CONFIG_COUNT")  # of the make that runs these tests

# What names a kernel to the make that runs these tests, and would to theirs.
ASKED = ("KERNEL", "KERNEL_SUITE", "KERNEL_SERIES", "INITRD", "INITRAMFS", "TOOLS", "BENCH", "PACKAGE_SUITE", "DEBIAN_MIRROR")


# Seconds after which a test gives up on what should have ended or come: a busy host takes minutes where another takes one.
HANGS = 600


def make(*words, **more):
    env = {k: v for k, v in os.environ.items() if k not in OUTER + ASKED}
    env.update(more)
    done = subprocess.run(["make", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=2 * HANGS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


class Run:
    """One finished command: its exit code, output and run folder."""

    def __init__(self, code, out, err, runs):
        self.code, self.out, self.err = code, out, err
        folders = sorted(p for p in runs.iterdir() if p.is_dir() and not p.is_symlink()) if runs.exists() else []
        self.folders = folders
        self.folder = folders[0] if len(folders) == 1 else None

    def json(self):
        return json.loads((self.folder / "run.json").read_text())

    def results(self):
        return [json.loads(line) for line in (self.folder / "results.jsonl").read_text().splitlines()]

    def verdicts(self):
        return {r["test"]: r["verdict"] for r in self.results()}

    def detail(self, test):
        return next(r["detail"] for r in self.results() if r["test"] == test)

    def text(self, name):
        return (self.folder / name).read_text(errors="replace")

    def check(self, code, *more):
        """The exit code, on the command line and in run.json, and a complete folder."""
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out}{self.err}"
        assert self.folder, f"not one run folder but {self.folders}"
        there = {p.name for p in self.folder.iterdir()}
        assert ALWAYS | set(more) <= there, f"missing: {sorted((ALWAYS | set(more)) - there)}"
        fifos = {"control.in", "control.out", "vcontrol.in", "vcontrol.out", "psp.in", "psp.out"}
        assert not fifos & there, "FIFOs were left behind"
        assert self.json()["exit"]["code"] == code
        assert os.access(self.folder / "recreate.sh", os.X_OK)
        return self


    def check_sum(self, code, suites):
        """The same for the folder of a command with several suites."""
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out}{self.err}"
        assert {"results.jsonl", "junit.xml", "run.json", "recreate.sh", *suites} <= {p.name for p in self.folder.iterdir()}
        assert self.json()["exit"]["code"] == code
        assert [r["suite"] for r in self.results()] == [r["suite"] for s in suites for r in self.results_in(s)]
        for suite in suites:
            assert ALWAYS <= {p.name for p in (self.folder / suite).iterdir()}
        return self

    def results_in(self, suite):
        return [json.loads(line) for line in (self.folder / suite / "results.jsonl").read_text().splitlines()]


def environment(extra=None):
    env = dict(os.environ, **(extra or {}))
    env.pop("KEELSON_ROOT", None)
    return env


def start(runs, *words, env=None, stdin=subprocess.DEVNULL, **kw):
    if os.environ.get("BOOT_CACHE") == "no" and words[0] in ("run", "test"):
        words = [*words, "--no-boot-cache"]
    words = [str(KEELSON), *map(str, words), "--runs", str(runs)]
    return subprocess.Popen(words, cwd=ROOT, env=environment(env), stdin=stdin,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def finish(process, runs, limit=HANGS):
    """The limit is for a harness that hangs; targets are watched by the harness itself."""
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"the harness did not end\n{out}{err}") from None
    return Run(process.returncode, out, err, pathlib.Path(runs))


def keelson(runs, *words, env=None):
    return finish(start(runs, *words, env=env), runs)


def igvm(*words):
    done = subprocess.run([str(KEELSON), "igvm", *map(str, words)], cwd=ROOT, env=environment(),
                          capture_output=True, text=True, timeout=HANGS)
    return done.returncode, done.stdout, done.stderr


def fake_files(home):
    """The options by which a run gets the fake QEMU; what it boots does not matter then."""
    monitor, image = home / "monitor.mb", home / "any.igvm"
    monitor.write_bytes(b"")
    image.write_bytes(b"any")
    return ["--qemu", FAKE_QEMU, "--monitor", monitor, "--igvm", image]


def fake_words(runs, mode, *words):
    """A whole command line, and its environment."""
    words = [KEELSON, *words, *fake_files(runs.parent), "--runs", runs]
    return [str(w) for w in words], environment({"FAKE_MODE": mode})


def start_fake(runs, mode, *words, home=None, env=None, **kw):
    return start(runs, *words, *fake_files(home or runs.parent), env={"FAKE_MODE": mode, **(env or {})}, **kw)


def fake(runs, mode, *words):
    """A run against the fake QEMU: the harness's answers to targets that misbehave."""
    return finish(start_fake(runs, mode, *words), runs)


def processes_with(text):
    """Pids of live processes with this text in their command line."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
