# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson igvm on the images of this tree."""

import re

import pytest

from keelson import BUILD, igvm

HANG = BUILD / "guests/bare/hang.bin"


def build(path, *words):
    code, out, err = igvm("build", "--svsm", BUILD / "svsm.elf", *words, "-o", path)
    assert code == 0, out + err
    return path


def digest(path):
    code, out, err = igvm("measure", path)
    found = re.search(r"\b[0-9a-f]{96}\b", out)
    assert code == 0 and found, out + err
    return found.group()


def test_same_input_same_bytes(tmp_path):
    one, two = (build(tmp_path / n, "--bare", HANG) for n in ("one.igvm", "two.igvm"))
    assert one.read_bytes() == two.read_bytes()
    assert digest(one) == digest(two)


def test_digest_covers_the_guest(tmp_path, linux):
    kernel, initrd = linux
    words = ("--kernel", kernel, "--initrd", initrd, "--cmdline")
    quiet = build(tmp_path / "quiet.igvm", *words, "console=ttyS0 quiet")
    loud = build(tmp_path / "loud.igvm", *words, "console=ttyS0")
    bare = build(tmp_path / "bare.igvm", "--bare", HANG)
    assert len({digest(p) for p in (quiet, loud, bare)}) == 3


def test_digest_covers_what_the_svsm_shall_do(tmp_path):
    ways = ([], ["--service-cpus", "1"], ["--service-cpus", "2"], ["--test"], ["--service-cpus", "1", "--test"])
    files = [build(tmp_path / f"{n}.igvm", "--bare", HANG, *w) for n, w in enumerate(ways)]
    assert len({digest(p) for p in files}) == len(ways)
    said = [igvm("inspect", p)[1] for p in files]
    assert "service CPUs: 2" in said[2] and "test protocol" not in said[2]
    assert "service CPUs: 1" in said[4] and "test protocol" in said[4]


@pytest.mark.parametrize("words", [["--service-cpus", "-1"], ["--service-cpus", "512"], ["--service-cpus", "1x"]])
def test_bad_service_cpus(tmp_path, words):
    code, _, _ = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, *words, "-o", tmp_path / "x.igvm")
    assert code == 2


def test_inspect(tmp_path):
    code, out, err = igvm("inspect", build(tmp_path / "bare.igvm", "--bare", HANG))
    assert code == 0, err
    for word in ("SNP", "CPUID", "secrets", "VP context"):
        assert re.search(word, out, re.I), f"{word} is not in:\n{out}"


@pytest.mark.parametrize("command", ["inspect", "measure"])
def test_damaged_file(tmp_path, command):
    path = build(tmp_path / "bare.igvm", "--bare", HANG)
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(data)
    code, _, err = igvm(command, path)
    assert code != 0 and len(err.splitlines()) == 1


def test_no_such_file():
    code, _, err = igvm("measure", "/nowhere/x.igvm")
    assert code == 3 and "/nowhere/x.igvm" in err
