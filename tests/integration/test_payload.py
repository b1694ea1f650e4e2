# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson run --payload: guests/bare/payload is a multiboot image that knows nothing of SEV-SNP."""

import pytest

from keelson import BUILD, keelson

PAYLOAD = BUILD / "guests/bare/payload.elf"


def run(runs, *words, payload=PAYLOAD):
    return keelson(runs, "run", "--payload", payload, "--timeout", "30", *words)


def test_good_end(runs):
    """CPUID, MSR, #GP, MMIO, an interrupt, a second vCPU, port I/O: each step has its exit code."""
    done = run(runs, "--append", "one 0").check(0)
    assert "payload       ended with 0\n" in done.out
    assert done.text("console.log").replace("\r", "") == "payload: payload.elf one 0\n"


def test_exit_code(runs):
    done = run(runs, "--append", "3")
    assert done.code == 3, done.out
    assert "failed: the payload ended with 3\n" in done.out


def test_one_vcpu(runs):
    """There is nobody to start: the step that waits for it says so."""
    assert run(runs, "--smp", "1", "--append", "0").code == 16


def test_no_multiboot(runs, tmp_path):
    path = tmp_path / "text"
    path.write_text("nothing of the kind\n" * 100)
    done = run(runs, payload=path).check(3)
    line, = [l for l in done.err.splitlines() if "cannot be booted" in l]
    assert line.endswith(f"{path} cannot be booted: it has no multiboot header")


def test_no_file(runs, tmp_path):
    done = run(runs, payload=tmp_path / "none").check(3)
    assert f"no such payload: {tmp_path}/none" in done.out


@pytest.mark.parametrize("words", [["--firmware"], ["--igvm", "x"], ["--kernel", "x"], ["core"]])
def test_does_not_go_with(runs, words):
    done = run(runs, *words)
    assert done.code == 2 and len(done.err.splitlines()) == 1, done.err
