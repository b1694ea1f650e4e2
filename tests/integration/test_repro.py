# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson repro pack and run: a run in one file, made again elsewhere (docs/reproduce.md)."""

import hashlib
import json
import os
import shutil
import subprocess

import pytest

from keelson import BUILD, KEELSON, igvm, keelson

TEST = "core/remap-bad"  # which the mutant `alignment` fails


def repro(*words, cwd=None, env=None):
    done = subprocess.run([KEELSON, "repro", *map(str, words)], capture_output=True, text=True, cwd=cwd, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout + done.stderr


def packed(runs, folder, *words, code=0):
    run = keelson(runs / "then", "test", *words)
    assert run.code == code, run.out + run.err
    file = folder / "it.repro"
    assert repro("pack", "-o", file, run.folder / words[-1] if "--seeds" in words else run.folder)[0] == 0
    return file


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A run that passed, in a file, whose own folder is gone."""
    home = tmp_path_factory.mktemp("packed")
    file = packed(home, home, "--deterministic", TEST)
    shutil.rmtree(home / "then")
    return file


def changed(file, home, change):
    """The archive with one of its files changed."""
    subprocess.run(["tar", "-xzf", file, "-C", home], check=True)
    change(home / "repro")
    again = home / "changed.repro"
    subprocess.run(["tar", "-czf", again, "-C", home, "repro"], check=True)
    return again


def qemu_of_another_build(home):
    real = shutil.which(os.environ.get("QEMU", "qemu-system-x86_64"))
    path = home / "qemu"
    path.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    path.chmod(0o755)
    return path


def test_it_is_the_same_run_elsewhere(good, tmp_path):
    """Another folder, no checkout around it, another place for its files."""
    (tmp_path / "a much longer name for TMPDIR").mkdir()
    code, said = repro("run", good, "--runs", tmp_path / "runs", cwd=tmp_path,
                       env={"TMPDIR": str(tmp_path / "a much longer name for TMPDIR")})
    assert code == 0 and "\nreproduced, to the last exit: exit 0" in said, said
    assert not list((tmp_path / "a much longer name for TMPDIR").iterdir()), "something was left behind"


def test_a_failure_comes_again_with_its_code(runs, tmp_path):
    """A run of --seeds among others: its own seed and its own test are in the file."""
    run = keelson(runs, "test", "--seeds", "3..4", "panic/terminate")
    code, said = repro("pack", "-o", tmp_path / "it.repro", run.folder / "panic-seed-4")
    assert code == 0, said
    code, said = repro("run", tmp_path / "it.repro", "--runs", tmp_path / "runs")
    assert code == 4 and "\nreproduced, to the last exit: exit 4" in said, said
    again, = (tmp_path / "runs").glob("repro-*/latest/run.json")
    words = json.loads(again.read_text())["command"]
    assert "panic/terminate" in words and words[words.index("--seed") + 1] == "4" and "--seeds" not in words


def test_a_race_is_found_and_made_again(runs, tmp_path):
    """A lock that is given back at once: a seed finds it, and its file shows it each time."""
    mutant, image = BUILD / "mutants/unlocked.elf", tmp_path / "unlocked.igvm"
    if not mutant.exists():
        pytest.skip("run `make mutants`")
    igvm("build", "--svsm", mutant, "--bare", BUILD / "guests/bare/core.bin", "--service-cpus", 1, "--mem", 512, "--cpus", 4,
         "--test", "-o", image)
    run = keelson(runs, "test", "--seeds", "1..2", "--igvm", image, "core/race-pvalidate")
    assert run.code == 1 and "seed 1: core: failed; again: keelson test --seed 1 core/race-pvalidate" in run.out + run.err, run.out
    code, said = repro("pack", "-o", tmp_path / "it.repro", run.folder / "core-seed-1")
    assert code == 0, said
    image.unlink()
    code, said = repro("run", tmp_path / "it.repro", "--runs", tmp_path / "runs")
    assert code == 1 and "\nreproduced, to the last exit: exit 1, 1 tests failed" in said, said


def test_a_disk_goes_along(runs, tmp_path):
    """As the run had it, where its own file is gone; and not one that has changed since, or is too large for a file."""
    disk, contents = tmp_path / "disk.img", bytes(range(256)) * 8
    disk.write_bytes(contents)
    file = packed(runs, tmp_path, "--deterministic", "--disk", disk, TEST)
    disk.write_bytes(contents[::-1])
    code, said = repro("pack", "-o", tmp_path / "no.repro", runs / "then/latest")
    assert code == 3 and f"{disk} has changed since the run" in said and not (tmp_path / "no.repro").exists(), said
    disk.unlink()
    code, said = repro("run", file, "--runs", tmp_path / "runs")
    assert code == 0 and "\nreproduced, to the last exit: exit 0" in said, said
    again, = (tmp_path / "runs").glob("repro-*/latest/run.json")
    assert json.loads(again.read_text())["files"]["disk"]["sha256"] == hashlib.sha256(contents).hexdigest()
    noted = json.loads((runs / "then/latest/run.json").read_text())
    noted["files"]["disk"]["size"] = (1 << 30) + (1 << 20)
    (runs / "then/latest/run.json").write_text(json.dumps(noted))
    code, said = repro("pack", "-o", tmp_path / "no.repro", runs / "then/latest")
    assert code == 3 and "has 1025 MiB: one of at most 1024 is packed" in said, said


def test_another_svsm(good, tmp_path):
    """As git bisect asks: 0 where the failure is gone, 1 to 124 where it is there; here a good run is what was packed."""
    mutant = BUILD / "mutants/alignment.elf"
    if not mutant.exists():
        pytest.skip("run `make mutants`")
    code, said = repro("run", good, "--runs", tmp_path / "runs", "--svsm", mutant)
    assert code == 1 and "\nnot reproduced: exit 1" in said, said
    code, said = repro("run", good, "--runs", tmp_path / "runs", "--svsm", BUILD / "svsm.elf", "--seeds", "1..2")
    assert code == 0 and "seed 1: " in said and "\nreproduced: exit 0" in said and "seed 2: " not in said, said


def test_another_svsm_above_firmware(runs, tmp_path):
    """The firmware goes along, so that an IGVM file can be built of it where its own file is gone."""
    file = packed(runs, tmp_path, "--deterministic", "conformance-core/pvalidate-4k")
    subprocess.run(["tar", "-xzf", file, "-C", tmp_path], check=True)
    assert (tmp_path / "repro/files/firmware").read_bytes() == (BUILD / "guests/conformance-core.fd").read_bytes()
    code, said = repro("run", file, "--runs", tmp_path / "runs", "--svsm", BUILD / "svsm.elf")
    assert code == 0 and "\nreproduced, to the last exit: exit 0" in said, said


def test_another_qemu_is_no_judge(good, tmp_path):
    """It is warned of, and its word that nothing came is not taken."""
    mutant = BUILD / "mutants/alignment.elf"
    qemu = qemu_of_another_build(tmp_path)
    code, said = repro("run", good, "--runs", tmp_path / "runs", "--qemu", qemu)
    assert code == 0 and "is not that of the packed run" in said and "reproduced, to the last exit" in said, said
    if mutant.exists():
        code, said = repro("run", good, "--runs", tmp_path / "runs", "--qemu", qemu, "--svsm", mutant)
        assert code == 125 and "\nnot told: another QEMU, another run: exit 1" in said, said


def test_the_qemu_of_then_is_packed(runs, tmp_path):
    """Not the one that lies there when it is packed: the same version is not the same program."""
    qemu = qemu_of_another_build(tmp_path)
    file = packed(runs, tmp_path, "--deterministic", "--qemu", qemu, TEST)
    assert "is not that of" not in repro("run", file, "--runs", tmp_path / "runs", "--qemu", qemu)[1]
    qemu.write_text(qemu.read_text() + "# another build\n")
    assert repro("pack", "-o", file, runs / "then/latest")[0] == 0
    code, said = repro("run", file, "--runs", tmp_path / "runs", "--qemu", qemu)
    assert code == 0 and "is not that of the packed run" in said, said


def test_where_it_parts_is_told(good, tmp_path):
    def shift(top):
        path = top / "expect/trail.log"
        lines = path.read_text().splitlines()
        lines[1:] = [line.replace(" ", " f", 1)[:len(line)] for line in lines[1:]]
        path.write_text("\n".join(lines) + "\n")

    code, said = repro("run", changed(good, tmp_path, shift), "--runs", tmp_path / "runs")
    assert code == 125 and "\ndiverged in boot 1 between exit 1001 and 2000: the same end: exit 0" in said, said


def manifest(top, change):
    path = top / "manifest.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def link(top):
    (top / "expect/qemu.log").unlink()
    (top / "expect/qemu.log").symlink_to("/dev/zero")


WORDS = "or has words that it may not have"


@pytest.mark.parametrize("change, why", [
    (lambda top: (top / "files/monitor").write_bytes(b"x"), "its file monitor is not what its manifest says"),
    (lambda top: (top / "manifest.json").write_text("{}"), "its manifest is not of format 1"),
    (lambda top: manifest(top, lambda m: m["words"].__setitem__(0, "repro")), WORDS),
    (lambda top: manifest(top, lambda m: m["words"].extend(["--disk", "/etc/passwd"])), WORDS),
    (lambda top: manifest(top, lambda m: m["words"].append("--qem=/bin/sh")), WORDS),
    (lambda top: manifest(top, lambda m: m["words"].append("--")), WORDS),
    (lambda top: manifest(top, lambda m: m["words"].append("../x")), WORDS),
    (lambda top: manifest(top, lambda m: m["files"].pop("igvm")), "it has no monitor or no IGVM file"),
    (link, "neither a file nor a folder"),
], ids=["image", "manifest", "command", "disk", "shortened", "dashes", "path", "igvm", "link"])
def test_a_spoilt_file_is_refused(good, tmp_path, change, why):
    code, said = repro("run", changed(good, tmp_path, change))
    assert code == 3 and why in said, said


def test_a_spoilt_word_builds_nothing(good, tmp_path):
    """With --svsm the packed words go to `keelson igvm build`: one that names a file of this machine is refused."""
    file = changed(good, tmp_path, lambda top: manifest(top, lambda m: m["igvm_command"].extend(["-o", str(tmp_path / "out")])))
    code, said = repro("run", file, "--svsm", BUILD / "svsm.elf")
    assert code == 125 and "no IGVM file could be built" in said and not (tmp_path / "out").exists(), said


def test_nothing_that_ran_is_nothing_reproduced(good, tmp_path):
    """An older run in the same folder is no answer."""
    runs = tmp_path / "runs"
    assert repro("run", good, "--runs", runs)[0] == 0
    code, said = repro("run", changed(good, tmp_path, lambda top: manifest(top, lambda m: m["words"].__setitem__(1, "nosuch"))),
                       "--runs", runs)
    assert code == 125 and "not told: it could not be made again" in said, said


def test_what_is_no_such_file(tmp_path):
    (tmp_path / "no.repro").write_text("no archive")
    code, said = repro("run", tmp_path / "no.repro")
    assert code == 3 and "is no file of `keelson repro pack`" in said, said
    assert repro("run")[0] == repro("pack", "--what")[0] == repro("run", "x", "--seeds", "1..2")[0] == 2


def test_only_what_can_be_made_again_is_packed(runs, tmp_path):
    run = keelson(runs, "test", "core/pvalidate-4k").check(0)
    code, said = repro("pack", "-o", tmp_path / "it.repro", run.folder)
    assert code == 3 and "run it with --deterministic" in said and not (tmp_path / "it.repro").exists(), said
    code, said = repro("pack", "-o", tmp_path / "it.repro", tmp_path)
    assert code == 3 and "has no run.json" in said, said
