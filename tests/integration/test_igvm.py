# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson igvm on the images of this tree."""

import re
import struct
import zlib

import pytest

from keelson import BUILD, igvm, keelson

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


def svsm_range(path):
    """Base and size, MiB, of what the file asks for first."""
    found = re.search(r"required memory +0x([0-9a-f]+)\.\.0x([0-9a-f]+)", igvm("inspect", path)[1])
    assert found, igvm("inspect", path)[1]
    base, end = (int(n, 16) for n in found.groups())
    return base >> 20, (end - base) >> 20


def test_the_svsm_s_memory_follows_from_the_machine(tmp_path, linux):
    """A page state for each page, tables for each 2 MiB, stacks for each CPU; a kernel moves out of the way."""
    kernel, initrd = linux
    sizes = []
    for mem, cpus in ((512, 2), (65536, 2), (262144, 2), (262144, 66)):
        words = ("--kernel", kernel, "--initrd", initrd, "--mem", str(mem), "--cpus", str(cpus))
        base, size = svsm_range(build(tmp_path / "x.igvm", *words))
        assert base == 32
        sizes.append(size)
    assert sizes[1] - sizes[0] >= 16 and sizes[2] - sizes[1] >= 48 and sizes[3] - sizes[2] >= 9
    assert sizes[0] == 16  # small machines have nothing to pay for large ones


@pytest.mark.parametrize("words", [["--mem", "262145"], ["--mem", "-1"], ["--cpus", "512"]])
def test_bad_machine(tmp_path, words):
    code, _, _ = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, *words, "-o", tmp_path / "x.igvm")
    assert code == 2


def test_no_room_for_so_large_a_machine(tmp_path):
    """Each number is possible, both together are more than the SVSM's first page tables reach, or than is free below a bare image."""
    words = ["--mem", "262144", "--cpus", "511"]
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, *words, "-o", tmp_path / "x.igvm")
    assert code == 1 and "--mem" in err and not (tmp_path / "x.igvm").exists()


def test_inspect(tmp_path):
    code, out, err = igvm("inspect", build(tmp_path / "bare.igvm", "--bare", HANG))
    assert code == 0, err
    for word in ("SNP", "CPUID", "secrets", "VP context"):
        assert re.search(word, out, re.I), f"{word} is not in:\n{out}"


def test_the_launch_ends_at_2m(tmp_path):
    """The launch fills the SVSM's memory up to a 2 MiB boundary, so that the SVSM validates no 4 KiB page of it alone."""
    out = igvm("inspect", build(tmp_path / "bare.igvm", "--bare", HANG))[1]
    base = int(re.search(r"required memory +0x([0-9a-f]+)", out).group(1), 16)
    ranges = [[int(x, 16) for x in r] for r in re.findall(r"page[s]? +(?:data +)?0x([0-9a-f]+)\.\.0x([0-9a-f]+)", out)]
    ranges += [[int(x, 16), int(x, 16) + 4096] for x in re.findall(r"parameter insert +\d+ at 0x([0-9a-f]+)", out)]
    end = base
    for start, stop in sorted(ranges):
        if start == end:
            end = stop
    assert end > base + (2 << 20) and end % (2 << 20) == 0, out


def test_without_a_madt(tmp_path, linux):
    """QEMU 10 knows no such parameter: a file without it differs in nothing else, and an SVSM takes it as it is."""
    plain, bare = (build(tmp_path / f"{n}.igvm", "--bare", HANG, *w) for n, w in (("plain", []), ("bare", ["--no-madt"])))
    kinds = [[line.split("  ")[1] for line in igvm("inspect", p)[1].splitlines()[1:]] for p in (plain, bare)]
    assert kinds[0].count("MADT") == 1 and "MADT" not in kinds[1]
    assert kinds[0].count("parameter area") == kinds[1].count("parameter area") + 1
    code, _, _ = igvm("build", "--payload", BUILD / "guests/bare/machine.elf", "--no-madt", "-o", tmp_path / "x.igvm")
    assert code == 2  # a payload says by its symbols what it wants


def test_a_boot_without_a_madt(tmp_path, runs, linux, tools):
    """Two vCPUs and a service CPU, by the hypervisor's list of APIC IDs; the guest's MADT is ours, with a q35's lines."""
    path = build(tmp_path / "x.igvm", "--kernel", linux[0], "--initrd", tools, "--cmdline",
                 "console=ttyS0 quiet panic=-1 reboot=acpi keelson.tests=none", "--service-cpus", "1", "--mem", "512",
                 "--cpus", "3", "--no-madt")
    run = keelson(runs, "run", "--igvm", path, "--smp", 2, "--exec", "nproc", "--exec", "dmesg | grep INT_SRC_OVR").check(0)
    assert run.out.splitlines()[0] == "2"
    for line in ("irq 0 global_irq 2 dfl dfl", "irq 9 global_irq 9 high level", "irq 11 global_irq 11 high level"):
        assert line in run.out
    log = run.text("svsm.log")
    assert "3 CPUs by its list of APIC IDs" in log and "3 of 3 CPUs, 1 of them for services" in log


def reseal(data):
    """The checksum is over the fixed header, with its own field 0, and the variable header."""
    offset, size = struct.unpack_from("<II", data, 8)
    struct.pack_into("<I", data, 20, 0)
    struct.pack_into("<I", data, 20, zlib.crc32(data[:offset + size]))


def header_at(data, kind):
    """The offset of the first header of this type."""
    at, size = struct.unpack_from("<II", data, 8)
    while True:
        typ, length = struct.unpack_from("<II", data, at)
        if typ == kind:
            return at
        at += 8 + (length + 7 & ~7)


def headers_shown(path):
    """The lines of inspect without the one about the launch page, which may lie behind what is wrong."""
    code, out, err = igvm("inspect", path)
    return code, [line for line in out.splitlines() if not line.startswith("  launch ")], err


@pytest.mark.parametrize("kind, change, says, last", [
    (0x101, 12, "reserved field", "supported platform"),   # guest policy, its reserved word
    (0x304, 18, "reserved field", "parameter insert"),     # VP context, in the same way
])
def test_of_a_refused_file_the_headers_before_are_shown(tmp_path, kind, change, says, last):
    path = build(tmp_path / "bare.igvm", "--bare", HANG)
    whole = headers_shown(path)[1]
    data = bytearray(path.read_bytes())
    at = header_at(data, kind)
    data[at + 8 + change] = 1
    reseal(data)
    path.write_bytes(data)
    code, lines, err = headers_shown(path)
    assert code == 1
    assert lines == whole[:len(lines)] and lines[-1].strip().startswith(last)
    assert len(err.splitlines()) == 1 and f"header at {at:#x}" in err and says in err
    assert igvm("measure", path)[0] == 1


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


def linux_image(tmp_path, kernel, *words):
    return igvm("build", "--svsm", BUILD / "svsm.elf", "--kernel", kernel, *words, "-o", tmp_path / "linux.igvm")


@pytest.mark.parametrize("keep", [1000, 20000, 0.3, -2000])
def test_truncated_kernel(tmp_path, linux, keep):
    """boot.rst, "syssize": the header tells how long the kernel is."""
    data = linux[0].read_bytes()
    whole = (data[0x1F1] + 1) * 512 + int.from_bytes(data[0x1F4:0x1F8], "little") * 16
    assert whole <= len(data)
    size = int(whole * keep) if isinstance(keep, float) else keep % whole
    (tmp_path / "cut").write_bytes(data[:size])
    code, _, err = linux_image(tmp_path, tmp_path / "cut")
    assert code == 1 and f"truncated: {size} bytes of {whole}" in err
    (tmp_path / "whole").write_bytes(data[:whole])  # without what signs it
    assert linux_image(tmp_path, tmp_path / "whole")[0] == 0


@pytest.mark.parametrize("platform", ["native", "plain"])
@pytest.mark.parametrize("option, keep, says", [("--kernel", 3000000, "truncated: 3000000 bytes of"), ("--initrd", 100000, "initrd is truncated")])
def test_truncated_file_ends_the_run(runs, tmp_path, linux, platform, option, keep, says):
    """Also where QEMU itself loads them: the guest has no part in it."""
    (tmp_path / "cut").write_bytes(linux[option == "--initrd"].read_bytes()[:keep])
    run = keelson(runs, "run", "linux", "--platform", platform, option, tmp_path / "cut").check(3)
    assert says in run.err


def entry(name, data=b"", magic=b"070701"):
    fields = [0, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = magic + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


ARCHIVE = entry("init", b"#!/bin/sh\n") + entry("a", b"x" * 1000, b"070702")
TRAILER = entry("TRAILER!!!")
GZIP = b"\x1f\x8b\x08\x00"


@pytest.mark.parametrize("data, why", [
    (ARCHIVE, None), (ARCHIVE + TRAILER, None), (ARCHIVE + TRAILER + bytes(512), None),
    (ARCHIVE + TRAILER + bytes(100) + ARCHIVE, None), (ARCHIVE + TRAILER + bytes(20) + GZIP, None), (GZIP, None),
    (b"no archive at all", None),
    (ARCHIVE[:-10], "truncated"), (ARCHIVE[:100], "truncated"), (ARCHIVE[:3], "truncated"),
    (ARCHIVE + TRAILER[:50], "truncated"), (ARCHIVE + TRAILER + bytes(100) + ARCHIVE[:-900], "truncated"),
    (b"", "empty"),
])
def test_truncated_initrd(tmp_path, linux, data, why):
    """buffer-format.rst: archives one behind the other, zeroes between them; a trailer may be missing."""
    (tmp_path / "initrd").write_bytes(data)
    code, _, err = linux_image(tmp_path, linux[0], "--initrd", tmp_path / "initrd")
    assert code == (1 if why else 0), err
    assert not why or why in err


@pytest.mark.parametrize("words", [[], ["build"], ["inspect"], ["measure"], ["pcrs"]])
def test_help(words):
    code, out, err = igvm(*words, "--help")
    assert code == 0 and "keelson igvm pcrs" in out and not err
