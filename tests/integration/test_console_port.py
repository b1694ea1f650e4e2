# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""--console-port com1: the SVSM's log where a QEMU has no debug port."""

import subprocess

import pytest

from hosts import Host
from keelson import BUILD, KEELSON, igvm, keelson


def test_com1(runs):
    """A boot whose SVSM logs on COM1: the machine keeps a copy of it, as of any other SVSM's words."""
    run = keelson(runs, "test", "core/pvalidate-4k", "--console-port", "com1").check(0, "debug.log")
    svsm, console = run.text("svsm.log"), run.text("console.log")
    assert svsm.startswith("[0] Keelson SVSM ") and "[0] guest: " in svsm
    assert [line for line in console.splitlines() if line.startswith("[0] ")] == [line for line in svsm.splitlines() if line.startswith("[0] ")]
    assert "Keelson SVSM" not in run.text("debug.log")
    assert run.json()["boots"][0]["svsm_version"]


def test_lines_of_two_cpus_do_not_mix(runs):
    """Guest's or SVSM's, what goes to the log's port is in one file; the guest writes 50 lines on each CPU."""
    run = keelson(runs, "test", "machine/debugcon-lines").check(0)
    lines = [line for line in run.text("svsm.log").splitlines() if set(line) & set("AB") and len(line) > 100]
    assert lines.count("A" * 199) == lines.count("B" * 199) == 50 and len(lines) == 100


def test_it_is_measured(tmp_path):
    """The host cannot choose: the launch page says it."""
    files = {}
    for port in ("debug", "com1"):
        path = tmp_path / port
        assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "--console-port", port, "-o", path)[0] == 0
        files[port] = igvm("measure", path)[1]
        assert ("log on COM1" in igvm("inspect", path)[1]) == (port == "com1")
    assert files["debug"] != files["com1"]


def test_hardware_without_a_debug_port(tmp_path, runs):
    host = Host(tmp_path, "snp")
    host.qemu(devices=())
    code, found = host.doctor()
    assert code == 0 and found["debug port"]["verdict"] == "no" and "--console-port com1" in found["debug port"]["todo"]
    words = ("run", "--dry-run", "--platform", "snp", "--qemu", host.bin / "qemu")
    plain = keelson(runs, *words, env=host.words()).out
    com1 = keelson(runs, *words, "--console-port", "com1", env=host.words()).out
    assert "isa-debugcon" in plain and "--console-port" not in plain
    assert "isa-debugcon" not in com1 and "--console-port com1 " in com1


@pytest.mark.parametrize("words, code", [(["run", "--console-port", "com3"], 2), (["run", "--console-port"], 2)])
def test_usage(words, code):
    done = subprocess.run([KEELSON, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == code and "--console-port" in done.stderr


def test_a_ready_file_says_it_itself(runs, tmp_path):
    path = tmp_path / "x.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", path)[0] == 0
    run = keelson(runs, "run", "--igvm", path, "--console-port", "com1")
    assert run.code == 2 and "says it itself" in run.err
