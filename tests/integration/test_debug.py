# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson debug: gdb on a packed run, forwards and backwards (docs/debugging.md)."""

import os
import re
import shutil
import subprocess

import pytest

from keelson import BUILD, KEELSON, environment, keelson

TEST = "core/remap-bad"
HANGS = 1200  # seconds
WHERE = re.compile(r"^CPU (\d+), (.*?), CPL \d: (.*?), (0x[0-9a-f]+) ?([^;]*); (\S+) exits, (\d+) instructions$", re.M)


def debug(file, *commands, words=()):
    line = [word for command in commands for word in ("-ex", command)]
    done = subprocess.run([KEELSON, "debug", *words, file, "-batch", *line], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=environment(), timeout=HANGS)
    return done.returncode, done.stdout + done.stderr


def function(elf, name):
    """Where the linker put it."""
    listed = subprocess.run(["nm", BUILD / elf], capture_output=True, text=True, check=True).stdout
    return next(line.split()[0] for line in listed.splitlines() if line.split()[-1] == name)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    for program in ("gdb", "python3"):
        if not shutil.which(program):
            pytest.skip(f"there is no {program} here")
    home = tmp_path_factory.mktemp("debug")
    run = keelson(home / "runs", "test", "--deterministic", TEST).check(0)
    done = subprocess.run([KEELSON, "repro", "pack", "-o", home / "it.repro", run.folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home / "it.repro"


def test_back_to_the_hit_before(file):
    """VMPL 0 and the function's name; two hits forwards, one back: the same instruction count, registers and stack as then."""
    look = ("keelson-where", "info registers rax rbx rcx rdx rsi rdi rbp rsp rip eflags", "x/8gx $rsp")
    code, said = debug(file, "hbreak *core_remap_ca", "continue", "echo <first>\\n", *look, "echo <end>\\n", "continue",
                       "keelson-where", "reverse-continue", "echo <again>\\n", *look, "echo <end>\\n")
    assert code == 0, said
    first, second, again = WHERE.findall(said)
    assert first[1] == "VMPL 0" and first[2] == "the SVSM" and first[4] == "core_remap_ca", said
    assert int(first[3], 16) == int(function("svsm.elf", "core_remap_ca"), 16)
    assert int(second[6]) > int(first[6]) and first == again, said
    assert re.search(r"<first>\n(.*?)<end>", said, re.S)[1] == re.search(r"<again>\n(.*?)<end>", said, re.S)[1], said


def test_one_instruction_back(file):
    """Whatever a step has done is undone, and what led to a hit is the call."""
    code, said = debug(file, "hbreak *trail_exit", "continue", "keelson-where", "stepi", "keelson-where", "reverse-stepi",
                       "keelson-where")
    assert code == 0, said
    hit, stepped, back = WHERE.findall(said)
    assert hit[1].startswith("host mode") and hit[2] == "the monitor" and hit[4] == "trail_exit", said
    assert int(stepped[6]) == int(hit[6]) + 1 and stepped[3] != hit[3] and back == hit, said


def test_what_cannot_be_debugged(file, tmp_path):
    code, said = debug(file, words=["--gdb", "no-such-gdb"])
    assert code == 3 and said.count("\n") == 1 and "install gdb" in said, said
    (tmp_path / "no.repro").write_text("no archive")
    code, said = debug(tmp_path / "no.repro")
    assert code == 3 and "is no file of `keelson repro pack`" in said, said
    assert subprocess.run([KEELSON, "debug"], capture_output=True, env={**os.environ}).returncode == 2
