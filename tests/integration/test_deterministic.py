# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Runs that can be repeated (docs/reproduce.md): the trails of two of them, and what they are without a host."""

import hashlib
import json
import os
import re
import subprocess

import pytest

import schema
from keelson import BUILD, KEELSON, ROOT, igvm, keelson

TEST = "core/pvalidate-4k"  # boots the SVSM on four CPUs, and takes a second


def trail(a, b):
    done = subprocess.run([KEELSON, "trail", a, b], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def trail_json(a, b):
    said = json.loads(subprocess.run([KEELSON, "trail", "--json", a, b], capture_output=True, text=True).stdout)
    schema.check(said, "trail")
    return said


def run(runs, name, *words):
    return keelson(runs / name, "test", "--deterministic", TEST, *words).check(0, "trail.log", "script").folder


@pytest.fixture
def equal_runs():
    """docs/reproduce.md, "What is promised"."""
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.search(r"version (\d+)\.", version)[1]) >= 11:
        pytest.skip(f"runs need not be equal on {version.splitlines()[0]}")


def test_the_same_run_twice_and_another_seed(runs, equal_runs):
    runs.mkdir()
    one, two = run(runs, "one"), run(runs, "two", "--trail-from", 1000)
    code, said = trail(one, two)
    assert code == 0 and re.fullmatch(r"boot 1 equal: \d+ exits, [0-9a-f]{16}\n", said), said
    exits = [line for line in (two / "trail.log").read_text().splitlines() if line.startswith("exit ")]
    assert [int(line.split()[1]) for line in exits] == list(range(1001, 2001))
    assert trail_json(one, two)["exits"] == int(said.split()[3])
    # Another seed has other turns from the first on.
    other = run(runs, "other", "--seed", 7)
    assert {json.loads(line)["seed"] for line in (other / "results.jsonl").read_text().splitlines()} == {7}
    assert trail_json(one, other) == {"boot": 1, "verdict": "differs", "from": 1, "to": 1000}
    code, said = trail(one, other)
    assert code == 1 and said.startswith("boot 1 differs between exit 1 and 1000; run both again with --trail-from 0"), said


def test_seeds_name_the_failure_and_how_to_see_it_again(runs):
    """A target that panics stands for a race that every seed finds."""
    result = keelson(runs, "test", "--seeds", "3..4", "panic/terminate")
    assert result.code == 1 or result.code == 4, result.out + result.err
    rows = [json.loads(line) for line in (result.folder / "results.jsonl").read_text().splitlines()]
    assert [row["seed"] for row in rows] == [3, 4]
    for seed in (3, 4):
        assert f"again: keelson test --seed {seed} panic/terminate\n" in result.out + result.err
        assert (result.folder / f"panic-seed-{seed}" / "trail.log").read_text().splitlines()[-1].startswith("end ")


def test_a_suite_keeps_its_own_tests(runs):
    """Nobody says by a frame which ones these are: the command line does."""
    run = keelson(runs, "test", "--deterministic", "vtpm-tss", "--dry-run")
    assert run.code == 0 and "keelson.script keelson.tests=reset,tss" in run.out, run.out + run.err


# The guest reads its disk, writes to it and reads that back, from the device; and it sets its clock again and again, which
# has QEMU wait for the host's.
COMMANDS = [
    "cat /proc/sys/kernel/random/boot_id; echo 'a\nb'",
    "for i in $(seq 30); do hwclock -w -u || exit 9; done",
    'insmod $(find / -name "virtio_blk.ko*"); for i in $(seq 50); do [ -b /dev/vda ] || sleep 0.1; done; sha256sum </dev/vda',
    "seq 5000 | head -c 20480 >/tmp/x; dd if=/tmp/x of=/dev/vda bs=4096 seek=3 conv=fsync 2>/dev/null",
    "echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda bs=4096 skip=3 count=5 2>/dev/null | cmp - /tmp/x || exit 8",
    "exit 3",
    "echo never",
]


def test_commands_and_a_disk_are_data(runs, linux, tmp_path, equal_runs):
    """The guest runs them up to the first that fails. Two runs are the same one, and the disk's file stays as it was."""
    disk, folders = tmp_path / "disk.img", []
    disk.write_bytes(bytes(i * 7 + i // 256 & 0xff for i in range(1 << 20)) + bytes(512))  # ends within a page
    before = hashlib.sha256(disk.read_bytes()).hexdigest()
    for name in ("one", "two"):
        result = keelson(runs / name, "run", "--deterministic", "--disk", disk, *(w for c in COMMANDS for w in ("--exec", c)))
        assert result.code == 3, result.out + result.err
        assert re.fullmatch(r"[0-9a-f-]{36}\na\nb\n" + before + r"  -\n", result.out), result.out
        assert " > " not in result.text("control.log"), "something was said to the guest"
        assert hashlib.sha256(disk.read_bytes()).hexdigest() == before
        folders.append(result.folder)
    code, said = trail(*folders)
    assert code == 0, said


@pytest.mark.parametrize("words, why", [
    (["run", "--deterministic", "--shell"], "no --shell"),
    (["run", "--deterministic", "--platform", "plain"], "is for platform native"),
    (["run", "--seeds", "1..2"], "--seeds is for `keelson test`"),
    (["test", "--seeds", "2..1", "core"], "--seeds takes A..B"),
    (["test", "--seeds", "0..1", "core"], "--seeds takes A..B"),
    (["test", "--seed", "-1", "core"], "--seed takes a number"),
    (["test", "--deterministic", "core/[a-c]*"], "knows '*' and '?'"),
    # The target has room for 16 KiB of a script, and would do without the rest (svsm/lib/script/script.h).
    (["run", "--deterministic"] + ["--exec", "true " + "x" * 4000] * 5, "--deterministic has room for 16383 bytes"),
    (["test", "--deterministic", "core/" + "x" * 16400], "--deterministic has room for 16383 bytes"),
])
def test_what_cannot_be(words, why):
    done = subprocess.run([KEELSON, *words], capture_output=True, text=True)
    assert done.returncode == 2 and why in done.stderr, done.stderr


def test_firmware_in_a_ready_file_is_handed_the_word(runs, tmp_path):
    """The command line is not in the file: the machine hands it over with the kernel."""
    image = tmp_path / "x.igvm"
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--firmware", BUILD / "guests/conformance-core.fd", "-o", image)
    assert code == 0, err
    run = keelson(runs, "run", "--deterministic", "--dry-run", "--igvm", image, "--kernel", KEELSON)
    assert run.code == 0 and "keelson.script" in run.out, run.err


@pytest.mark.parametrize("size", [0, 511, 4097])
def test_a_disk_of_no_whole_sectors(tmp_path, size):
    (tmp_path / "disk").write_bytes(bytes(size))
    done = subprocess.run([KEELSON, "run", "--deterministic", "--disk", tmp_path / "disk"], capture_output=True, text=True)
    assert done.returncode == 2 and "whole sectors of 512 bytes" in done.stderr, done.stderr


def test_a_disk_that_is_too_large(tmp_path):
    with open(tmp_path / "disk", "wb") as disk:
        disk.truncate(1 << 32)
    done = subprocess.run([KEELSON, "run", "--deterministic", "--disk", tmp_path / "disk"], capture_output=True, text=True)
    assert done.returncode == 2 and "a disk of less than 4 GiB" in done.stderr, done.stderr


def test_repeats_keeps_cases_apart(tmp_path):
    """Two cases have two folders, whatever their names are: a case finds no run of another one's as its first."""
    fake, cases = tmp_path / "keelson", ["a/b", "a_b", "a_sb", "a*b", "a?b"]
    fake.write_text('#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" != --runs ] || mkdir -p "$2/latest"; shift; done\n')
    fake.chmod(0o755)
    done = subprocess.run([ROOT / "ci/repeats.sh", "2", *cases], env={**os.environ, "BUILD": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "repeats").glob("*/latest"))) == 2 * len(cases)


def test_no_trails(tmp_path):
    (tmp_path / "a").write_text("rubbish\n")
    code, said = trail(tmp_path / "a", tmp_path / "none")
    assert code == 3 and "has no trail" in said
