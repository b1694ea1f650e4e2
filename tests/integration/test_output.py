# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What could not be written has not passed: exit code 3, whole lines, no half-written file (docs/test-control.md)."""

import itertools
import json
import resource
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from keelson import ALWAYS, KEELSON, ROOT, environment, fake, fake_words, finish, start_fake

REPORTS = {"junit.xml", "run.json", "recreate.sh"}


def whole(folder):
    """Nothing in the folder that a reader would choke on; how many results there are."""
    names = {p.name for p in folder.iterdir()}
    assert not [n for n in names if n.endswith(".new")], names
    lines = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    assert all(line.endswith("\n") for line in lines), "results.jsonl ends inside a line"
    for line in lines:
        json.loads(line)
    if "junit.xml" in names:
        ElementTree.parse(folder / "junit.xml")
    if "run.json" in names:
        json.loads((folder / "run.json").read_text())
    return len(lines)


def limited(size):
    """A disk that is full, for each file by itself: what comes behind `size` bytes is refused (EFBIG)."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


# 100: nothing fits. 6000: run.json does, a quarter of results.jsonl does, junit.xml does not.
@pytest.mark.parametrize("size", [100, 6000])
def test_files_that_are_too_large(runs, size):
    run = finish(start_fake(runs, "many", "test", "core", preexec_fn=limited(size)), runs)
    assert run.code == 3, run.out + run.err
    assert "200 passed, 0 failed" in run.out
    assert 0 <= whole(run.folder) < 200
    assert not (run.folder / "junit.xml").exists()
    for name in ("results.jsonl", "junit.xml", "control.log"):
        told = [line for line in run.err.splitlines() if line.startswith("keelson: cannot write ") and f"/{name}: " in line]
        assert len(told) == 1 and "File too large" in told[0] and "ulimit -f" in told[0], run.err
    if size == 6000:
        assert run.json()["exit"]["code"] == 3 and "cannot write" in run.json()["exit"]["reason"]


def test_log_of_qemu_that_is_cut(runs):
    """QEMU drops what the disk does not take, and says nothing."""
    run = finish(start_fake(runs, "long-console", "test", "core", preexec_fn=limited(50000)), runs)
    assert run.code == 3 and "/console.log: File too large" in run.err, run.err
    assert run.verdicts() == {"first": "pass", "second": "pass", "third": "pass"}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "keelson-test", place], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a full disk needs a mount, which needs root: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("words", [["test", "core"], ["test", "core", "machine"]])
def test_disk_that_fills(small_disk, tmp_path, words):
    runs = small_disk / "runs"
    run = finish(start_fake(runs, "fills", *words, home=tmp_path, env={"FAKE_FILL": str(small_disk)}), runs)
    assert run.code == 3, run.out + run.err
    assert "No space left on device: make room there, or name another folder by --runs" in run.err
    for folder in [run.folder, *(run.folder / w for w in words[1:] if len(words) > 2)]:
        if folder.exists():
            assert whole(folder) < 400
            assert ALWAYS - REPORTS <= {p.name for p in folder.iterdir()} or folder == run.folder


def keelson_to(stdout, *words, stderr=subprocess.PIPE):
    return subprocess.run([str(KEELSON), *map(str, words)], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                          stdout=stdout, stderr=stderr, text=True, timeout=120)


@pytest.mark.parametrize("words", [
    ["--help"], ["run", "--help"], ["run", "--dry-run"], ["test", "--list"], ["test", "--list", "--json"],
    ["igvm", "--help"], ["doctor"],
])
def test_stdout_that_takes_nothing(words):
    with open("/dev/full", "w") as full:
        done = keelson_to(full, *words)
    assert done.returncode == 3
    assert "cannot write stdout: No space left on device" in done.stderr
    assert done.stderr.count("cannot write") == 1


def test_stderr_that_takes_nothing():
    with open("/dev/full", "w") as full:
        assert keelson_to(subprocess.DEVNULL, "run", "--bogus", stderr=full).returncode == 3


@pytest.mark.parametrize("words", [["test", "core"], ["test", "core", "--json"], ["test", "core", "machine"]])
def test_verdicts_that_nobody_can_read(runs, words):
    with open("/dev/full", "w") as full:
        words, env = fake_words(runs, "many", *words)
        done = subprocess.run(words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=120)
    assert done.returncode == 3 and done.stderr.count("keelson: cannot write stdout") == 1, done.stderr


def test_good_run_leaves_nothing_behind(runs):
    run = fake(runs, "many", "test", "core").check(0)
    assert whole(run.folder) == 200 and not run.err


CLOSED = [c for n in (1, 2, 3) for c in itertools.combinations((0, 1, 2), n)]


@pytest.mark.parametrize("closed", CLOSED, ids=lambda c: "".join(map(str, c)))
def test_closed_descriptors(runs, closed):
    """Each is /dev/null then, which is what its caller wanted."""
    words, env = fake_words(runs, "good", "test", "core")
    redirect = " ".join(f"{fd}>&-" for fd in closed)
    done = subprocess.run(["sh", "-c", f'exec "$@" {redirect}', "sh", *words], cwd=ROOT, env=env, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    folder = next(p for p in runs.iterdir() if not p.is_symlink())
    assert whole(folder) == 3
    assert ("3 passed" in done.stdout) == (1 not in closed)
    for name in ("console.log", "qemu.log", "control.log"):
        assert "passed" not in (folder / name).read_text(), "words of the harness went into a log"
