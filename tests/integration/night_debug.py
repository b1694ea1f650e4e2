# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson debug on a Linux guest: four boots, each made again by instructions, so nightly runs it and `make check` does not."""

import re
import subprocess

import pytest

from keelson import keelson
from test_debug import WHERE, debug

FUNCTION = "kernel_init"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run, and where its kernel has the function: it is asked, because Debian's kernel has no symbols with it."""
    home = tmp_path_factory.mktemp("linux")
    done = keelson(home / "runs", "run", "--deterministic", "--append", "nokaslr", "--exec", f"grep -w {FUNCTION} /proc/kallsyms")
    done.check(0)
    return home, done.folder, int(re.search(rf"^([0-9a-f]{{16}}) t {FUNCTION}$", done.out, re.M)[1], 16)


@pytest.fixture(scope="module")
def vmlinux(run):
    """An ELF file with that one symbol, where the kernel has it."""
    home, _, at = run
    (home / "kernel.S").write_text(f".globl {FUNCTION}\n.type {FUNCTION}, @function\n{FUNCTION}: nop\n.size {FUNCTION}, 64\n")
    subprocess.run(["gcc", "-c", home / "kernel.S", "-o", home / "kernel.o"], check=True)
    subprocess.run(["ld", f"-Ttext={at:#x}", "-e", FUNCTION, home / "kernel.o", "-o", home / "vmlinux"], check=True)
    return home / "vmlinux"


def test_a_function_of_the_kernel(run, vmlinux):
    """A hit at VMPL 2 by the name in --vmlinux; one instruction back is the return into it; forwards again is the same hit."""
    _, folder, at = run
    code, said = debug(folder, f"hbreak *{FUNCTION}", "continue", "keelson-where", "bt 1", "reverse-stepi", "keelson-where",
                       "x/i $pc", "continue", "keelson-where", words=("--vmlinux", vmlinux))
    assert code == 0, said
    hit, before, again = WHERE.findall(said)
    assert hit[1] == "VMPL 2" and hit[2] == "the guest" and int(hit[3], 16) == at and f"in {FUNCTION} ()" in said, said
    assert int(before[6]) == int(hit[6]) - 1 and re.search(r"=> 0x[0-9a-f]+:\s+ret", said), said
    assert again == hit, said
