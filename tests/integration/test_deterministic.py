# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Runs that can be repeated (docs/reproduce.md): the trails of two of them, and what they are without a host."""

import re
import subprocess

import pytest

from keelson import BUILD, KEELSON, igvm, keelson

TEST = "core/pvalidate-4k"  # boots the SVSM on four CPUs, and takes a second


def trail(a, b):
    done = subprocess.run([KEELSON, "trail", a, b], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def run(runs, name, *words):
    return keelson(runs / name, "test", "--deterministic", TEST, *words).check(0, "trail.log", "script").folder


def test_the_same_run_twice_and_another_seed(runs):
    runs.mkdir()
    one, two = run(runs, "one"), run(runs, "two", "--trail-from", 1000)
    code, said = trail(one, two)
    assert code == 0 and re.fullmatch(r"boot 1 equal: \d+ exits, [0-9a-f]{16}\n", said), said
    exits = [line for line in (two / "trail.log").read_text().splitlines() if line.startswith("exit ")]
    assert [int(line.split()[1]) for line in exits] == list(range(1001, 2001))
    # Another seed has other turns from the first on.
    other = run(runs, "other", "--seed", 7)
    code, said = trail(one, other)
    assert code == 1 and said.startswith("boot 1 differs between exit 1 and 1000; run both again with --trail-from 0"), said


def test_seeds_name_the_failure_and_how_to_see_it_again(runs):
    """A target that panics stands for a race that every seed finds."""
    result = keelson(runs, "test", "--seeds", "3..4", "panic/terminate")
    assert result.code == 1 or result.code == 4, result.out + result.err
    for seed in (3, 4):
        assert f"again: keelson test --seed {seed} panic/terminate\n" in result.out + result.err
        assert (result.folder / f"panic-seed-{seed}" / "trail.log").read_text().splitlines()[-1].startswith("end ")


def test_a_suite_keeps_its_own_tests(runs):
    """Nobody says by a frame which ones these are: the command line does."""
    run = keelson(runs, "test", "--deterministic", "vtpm-tss", "--dry-run")
    assert run.code == 0 and "keelson.script keelson.tests=reset,tss" in run.out, run.out + run.err


def test_commands_are_data(runs, linux):
    """The guest runs them up to the first that fails, and its clock is the same in every run."""
    commands = [w for c in ("cat /proc/sys/kernel/random/boot_id", "echo 'a\nb'", "exit 3", "echo never") for w in ("--exec", c)]
    result = keelson(runs, "run", "--deterministic", *commands)
    assert result.code == 3, result.out + result.err
    assert re.search(r"^[0-9a-f-]{36}\na\nb\n$", result.out), result.out
    assert " > " not in result.text("control.log"), "something was said to the guest"


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


def test_no_trails(tmp_path):
    (tmp_path / "a").write_text("rubbish\n")
    code, said = trail(tmp_path / "a", tmp_path / "none")
    assert code == 3 and "has no trail" in said
