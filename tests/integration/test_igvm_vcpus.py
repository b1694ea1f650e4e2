# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Launch digests of KVMs that measure a VMSA for each vCPU, recomputed here with hashlib (56860, 8.17.2)."""

import hashlib
import struct

import pytest

from keelson import BUILD, igvm

HANG = BUILD / "guests/bare/hang.bin"
VMSA_AT = 0xFFFFFFFFF000
GENOA = 0xA10F10


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return build(tmp_path_factory.mktemp("vcpus") / "x.igvm")


def build(path, *words):
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, *words, "-o", path)[0] == 0
    return path


def measure(path, *words):
    code, out, err = igvm("measure", path, *words)
    assert code == 0, err
    return bytes.fromhex(out)


def vmsa_after_reset(features, signature):
    """APM volume 2, table 14-1 and B-4; with KVM's EFER.SVME, CR0 without CD and NW, and CR4.MCE."""
    page = bytearray(4096)
    data, wide = struct.pack("<HHIQ", 0, 0x93, 0xFFFF, 0), struct.pack("<HHIQ", 0, 0, 0xFFFF, 0)
    segments = [data, struct.pack("<HHIQ", 0xF000, 0x9B, 0xFFFF, 0xFFFF0000), data, data, data, data, wide,
                struct.pack("<HHIQ", 0, 0x82, 0xFFFF, 0), wide, struct.pack("<HHIQ", 0, 0x8B, 0xFFFF, 0)]
    page[:0xA0] = b"".join(segments)
    for at, value in ((0xD0, 0x1000), (0x148, 0x40), (0x158, 0x10), (0x160, 0x400), (0x168, 0xFFFF0FF0), (0x170, 2),
                      (0x178, 0xFFF0), (0x268, 0x7040600070406), (0x310, signature), (0x3B0, features), (0x3E8, 1)):
        struct.pack_into("<Q", page, at, value)
    struct.pack_into("<I", page, 0x408, 0x1F80)  # MXCSR
    struct.pack_into("<H", page, 0x410, 0x37F)   # FCW
    return bytes(page)


def extend(digest, vmsa):
    contents = hashlib.sha384(vmsa).digest()
    return hashlib.sha384(digest + contents + struct.pack("<HBBBBBBQ", 0x70, 2, 0, 0, 0, 0, 0, VMSA_AT)).digest()


@pytest.mark.parametrize("vcpus", [2, 5])
def test_a_vmsa_for_each(image, vcpus):
    wanted = measure(image)
    for _ in range(vcpus - 1):
        wanted = extend(wanted, vmsa_after_reset(9, GENOA))
    assert measure(image, "--vcpus", vcpus, "--cpu-signature", hex(GENOA)) == wanted


def test_one_is_the_files_own(image):
    assert measure(image, "--vcpus", 1) == measure(image)


@pytest.mark.parametrize("words", [["--vcpus"], ["--vcpus", "0"], ["--vcpus", "513"], ["--vcpus", "2x"], ["--vcpus", "2"],
                                   ["--cpu-signature", "1"], ["--vcpus", "1", "--cpu-signature", "1"],
                                   ["--vcpus", "2", "--cpu-signature", "0x100000000"]])
def test_words_that_make_no_sense(image, words):
    code, out, err = igvm("measure", image, *words)
    assert code == 2 and not out and "igvm measure: " in err


def with_clock(image, path, scale, offset):
    """The same file, whose VMSA has these GUEST_TSC_SCALE and GUEST_TSC_OFFSET."""
    data = bytearray(image.read_bytes())
    header = data.index(struct.pack("<Q", VMSA_AT))
    vmsa = struct.unpack_from("<I", data, header + 12)[0]
    struct.pack_into("<QQ", data, vmsa + 0x2F0, scale, offset)
    path.write_bytes(data)
    return path


def test_the_clock_is_not_measured(image, tmp_path):
    """The firmware sets both itself, and measures them as zero."""
    assert measure(with_clock(image, tmp_path / "x.igvm", 1 << 32, 5)) == measure(image)
