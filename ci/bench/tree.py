# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A built checkout whose runs are measured: this one, or the one that it is compared with."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
KERNEL = os.environ.get("KERNEL", "")
POLL = 0.001


class Start:
    """How long the SVSM's own start takes, read off the logs while they are written: from the monitor's line that it
    has launched the image to the SVSM's line that names the guest, the last one before it starts it."""

    def __init__(self, runs):
        self.runs, self.began, self.ended, self.over = pathlib.Path(runs), None, None, False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def has(self, name, words):
        for path in self.runs.glob(f"*/{name}"):
            if words in path.read_bytes():
                return True
        return False

    def watch(self):
        while not self.over and not self.ended:
            now = time.monotonic()
            if self.began is None and self.has("monitor.log", b"igvm: launched"):
                self.began = now
            if self.began is not None and self.has("svsm.log", b"] guest: "):
                self.ended = now
            time.sleep(POLL)

    def ms(self):
        """None: no SVSM, or one that said nothing."""
        self.over = True
        self.thread.join()
        return (self.ended - self.began) * 1000 if self.ended else None


class Tree:
    def __init__(self, root, build):
        self.root, self.build = pathlib.Path(root).resolve(), pathlib.Path(build).resolve()
        if not (self.build / "keelson").exists():
            sys.exit(f"bench: {self.build}/keelson is missing: build that tree first (make all guests)")
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
        self.start_ms = self.cpu_s = None

    def close(self):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def run(self, *words, root=None):
        """One run of the harness: its run.json and its folder. start_ms is the SVSM's start then, cpu_s what QEMU and
        the harness used of the CPUs."""
        runs = tempfile.mkdtemp(dir=self.temporary)
        command = [str(self.build / "keelson"), *words, "--qemu", QEMU, "--runs", runs]
        start, cpu = Start(runs), cpu_seconds()
        done = subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=dict(os.environ, KEELSON_ROOT=str(root or self.root)))
        self.start_ms, self.cpu_s = start.ms(), cpu_seconds() - cpu
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)}: exit {done.returncode}\n{done.stdout}")
        folder = pathlib.Path(runs, "latest")
        return json.loads((folder / "run.json").read_text()), folder

    def info(self, *words, root=None):
        return self.run(*words, root=root)[0]["boots"][0]["info"]

    def boot(self, platform, *more):
        """A boot of the suite linux: its timeline, and its folder."""
        record, folder = self.run("run", "linux", "--platform", platform, *kernel("INITRAMFS"), *more)
        return record, folder

    def with_guest(self, image, other):
        """This tree as it is, but for one bare guest, which is other's: a root for run()."""
        root = pathlib.Path(tempfile.mkdtemp(dir=self.temporary))
        inside = pathlib.Path("build/guests/bare") / image
        mirror(self.root, root, ["build"])
        mirror(self.build, root / "build", ["guests", "runs"])
        mirror(self.build / "guests", root / "build/guests", ["bare"])
        mirror(self.build / "guests/bare", root / "build/guests/bare", [image])
        (root / inside).symlink_to(other.build / "guests/bare" / image)
        return root


def cpu_seconds():
    """Of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def mirror(source, target, without):
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.name not in without:
            (target / entry.name).symlink_to(entry)


def kernel(image):
    """The words that boot KERNEL with an image that make has built for it."""
    return ["--kernel", str(ROOT / KERNEL), "--initrd", str(ROOT / os.environ[image])] if KERNEL else []


def here():
    return Tree(ROOT, BUILD)


def base():
    """BENCH_BASE, or None."""
    root = os.environ.get("BENCH_BASE")
    return Tree(root, pathlib.Path(root) / "build") if root else None
