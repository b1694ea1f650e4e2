# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson igvm inspect --for: what a QEMU release refuses, by its documentation (docs/system/igvm.rst) and loader."""

import json
import struct
import zlib

import pytest

from keelson import BUILD, igvm
from schema import check

# QEMU 10.1 and 10.2, docs/system/igvm.rst: "Supported directives". 11.0 adds the MADT, 11.2 command line and device tree.
TEN = {0x101, 0x301, 0x302, 0x303, 0x304, 0x305, 0x307, 0x30B, 0x30C, 0x313}
SRAT, MADT, COMMAND_LINE, SLIT, PPTT, DEVICE_TREE = 0x308, 0x309, 0x30E, 0x30F, 0x310, 0x312


class File:
    """An IGVM file whose headers can be changed."""

    def __init__(self, path):
        self.path, self.data = path, bytearray(path.read_bytes())
        start, size = struct.unpack_from("<II", self.data, 8)
        self.end, self.headers, at = start + size, [], start
        while at < self.end:
            kind, length = struct.unpack_from("<II", self.data, at)
            self.headers.append((kind, at))
            at += 8 + (length + 7) // 8 * 8

    def at(self, kind):
        return next(at for k, at in self.headers if k == kind)

    def put(self, at, form, value):
        struct.pack_into(form, self.data, at, value)

    def vmsa(self):
        """gpa, mask, file_offset"""
        return struct.unpack_from("<QII", self.data, self.at(0x304) + 8)[2]

    def judged(self, release):
        self.put(20, "<I", 0)
        self.put(20, "<I", zlib.crc32(self.data[:self.end]))
        self.path.write_bytes(self.data)
        code, out, err = igvm("inspect", self.path, "--for", f"qemu-{release}", "--json")
        assert not err, err
        document = check(json.loads(out), "fit")
        assert document["loads"] == (code == 0) and code in (0, 1)
        return document


@pytest.fixture
def file(tmp_path):
    def build(*words):
        path = tmp_path / "x.igvm"
        code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", *words, "-o", path)
        assert code == 0, err
        return File(path)
    return build


@pytest.mark.parametrize("release, loads", [("7.2", False), ("10.0.2", False), ("10.1", False), ("10.2.2", False), ("11.0", True),
                                            ("11.1.3", True), ("12.0", True)])
def test_ours(file, release, loads):
    ours = file().judged(release)
    assert ours["loads"] == loads
    if release.startswith(("10.1", "10.2")):
        refused = ours["refused"]
        assert [r["type"] for r in refused] == [MADT] and "--no-madt" in refused[0]["why"]
    assert any("0x8" in d and "--sev-features 1" in d for d in ours["depends"]) == (release not in ("7.2", "10.0.2"))


@pytest.mark.parametrize("release", ["10.1", "10.2", "11.0"])
def test_what_is_built_for_old_ones(file, release):
    """The words that a run on SEV-SNP hardware has (launch/profiles/snp.c)."""
    built = file("--no-madt", "--sev-features", "1")
    assert {k for k, _ in built.headers} - {1} <= TEN
    judged = built.judged(release)
    assert judged["loads"] and not any("SEV_FEATURES" in d for d in judged["depends"])


@pytest.mark.parametrize("kind, since", [(SRAT, None), (SLIT, None), (PPTT, None), (0x30A, None), (MADT, "11.0"), (COMMAND_LINE, "11.2"),
                                         (DEVICE_TREE, "11.2"), (0x307, "10.1"), (0x30C, "10.1"), (0x313, "10.1")])
def test_parameters(file, kind, since):
    other = file("--sev-features", "1")
    other.put(other.at(MADT), "<I", kind)
    order = ["10.1", "10.2", "11.0", "11.1", "11.2"]
    assert [other.judged(r)["loads"] for r in order] == [since is not None and order.index(r) >= order.index(since) for r in order]


def test_an_offset_that_the_loader_ignores(file):
    """qigvm_directive_memory_map() and ..._madt() write at the area's start; the number of CPUs goes to its offset."""
    moved = file()
    moved.put(moved.at(0x307) + 12, "<I", 8)
    assert moved.judged("11.0")["loads"]
    moved.put(moved.at(MADT) + 12, "<I", 8)
    assert ["offset" in r["why"] for r in moved.judged("11.0")["refused"]] == [True]


# APM vol. 2, table B-4. QEMU's list: target/i386/sev.c, check_vmsa_supported().
@pytest.mark.parametrize("field, form, value, loads", [
    (0x3B0, "<Q", 0, False), (0x3B0, "<Q", 1, True), (0x0CA, "<B", 1, False), (0x2F8, "<Q", 1, False), (0x1F8, "<Q", 1, True),
    (0x328, "<Q", 1, True), (0x178, "<Q", 0x2000000, True), (0x268, "<Q", 6, True), (0x2E8, "<I", 1, False), (0x240, "<Q", 1, False),
    (0x408, "<I", 0x1F80, True), (0x410, "<H", 0x37F, True), (0x40E, "<H", 1, False), (0x140, "<Q", 1, False), (0x3E8, "<Q", 1, True),
    (0x200, "<Q", 1, False), (0x0D0, "<Q", 0x1000, True), (0x470, "<B", 1, False),
])
def test_the_vmsa(file, field, form, value, loads):
    changed = file("--sev-features", "1")
    changed.put(changed.vmsa() + field, form, value)
    judged = changed.judged("11.0")
    assert judged["loads"] == loads
    if not loads and field != 0x3B0:
        assert f"{field:#x}" in judged["refused"][0]["why"]


def test_another_place_for_the_vmsa(file):
    moved = file()
    moved.put(moved.at(0x304) + 8, "<Q", 0x2500000)
    assert "0xfffffffff000" in moved.judged("11.0")["refused"][0]["why"]


def test_a_file_without_snp(file):
    other = file()
    other.put(other.at(1) + 8 + 5, "<B", 0)  # platform type: native
    other.put(other.at(0x304) + 8, "<Q", 0)
    assert [r["header"] for r in other.judged("11.0")["refused"]] == ["file"]


@pytest.mark.parametrize("words", [["--for", "11.0"], ["--for", "qemu-11"], ["--for", "qemu-11.x"], ["--for"], ["--json"], ["--for", "qemu-11.0.1.2"]])
def test_usage(file, words):
    code, out, err = igvm("inspect", file().path, *words)
    assert code == 2 and err and not out


def test_for_people(file):
    code, out, _ = igvm("inspect", file().path, "--for", "qemu-10.2")
    assert code == 1 and "QEMU 10.2 refuses it\n" in out and "  refused  MADT at 0x" in out
