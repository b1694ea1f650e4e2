# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Conformance images: their format as OVMF publishes it, what they say where there is nothing to test, and what they find."""

import fnmatch
import json
import os
import re
import struct
import subprocess
import uuid

import pytest

import listed
from keelson import BUILD, KEELSON, ROOT, environment, finish, start

NAMES = ["core", "vtpm", "apic", "attest"]
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")

# OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm and OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm of EDK II
FOOTER = uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d")
SEV_ES_RESET = uuid.UUID("00f771de-1a7e-4fcb-890e-68c77e2fb44e")
SEV_METADATA = uuid.UUID("dc886566-984a-4798-a75e-5585a7bf67cc")
MEMORY, SECRETS, CPUID, CALLING_AREA = 1, 2, 3, 4

BASE = 0x810000  # guests/bare/conform/layout.h: CONFORM_IMAGE


def image(name):
    return BUILD / f"guests/conformance-{name}.fd"


def guid_table(data):
    """The entries by GUID: the footer ends 32 bytes before the end, and each entry is read from its own end."""
    def entry(end):
        size, = struct.unpack_from("<H", data, end - 18)
        return uuid.UUID(bytes_le=data[end - 16:end]), size

    end = len(data) - 32
    guid, size = entry(end)
    assert guid == FOOTER
    first, at, found = end - size, end - 18, {}
    while at > first:
        guid, size = entry(at)
        assert size >= 18 and at - size >= first
        assert guid not in found
        found[guid] = data[at - size:at - 18]
        at -= size
    assert at == first
    return found


def sections(data):
    offset, = struct.unpack("<I", guid_table(data)[SEV_METADATA])
    at = len(data) - offset
    signature, size, version, count = struct.unpack_from("<4sIII", data, at)
    assert (signature, version) == (b"ASEV", 1) and size == 16 + 12 * count
    return [struct.unpack_from("<III", data, at + 16 + 12 * i) for i in range(count)]


@pytest.mark.parametrize("name", NAMES)
def test_format(name):
    data = image(name).read_bytes()
    assert len(data) % 0x10000 == 0 and len(data) <= 4 << 20
    assert data[-16] == 0xe9, "the reset vector is a near jump,"
    target = len(data) - 16 + 3 + struct.unpack_from("<h", data, len(data) - 15)[0]
    assert data[target] == 0xfa, "which leads to CLI"
    reset, = struct.unpack("<I", guid_table(data)[SEV_ES_RESET])
    assert reset >> 16 == 0xffff and data[len(data) - 0x10000 + (reset & 0xffff)] == 0xfa, "and so does the one of APs"
    flat = (BUILD / f"guests/bare/conformance-{name}.bin").read_bytes()
    assert data[:len(flat)] == flat


@pytest.mark.parametrize("name", NAMES)
def test_sections(name):
    """One page each for secrets, CPUID and calling area; memory where the image runs, and little of it, in low RAM."""
    found = sections(image(name).read_bytes())
    assert sorted(kind for _, _, kind in found) == [MEMORY, MEMORY, SECRETS, CPUID, CALLING_AREA]
    ends = 0x100000
    for base, size, kind in sorted(found):
        assert base >= ends and base % 4096 == 0 and size % 4096 == 0 and size
        assert kind == MEMORY or size == 4096
        ends = base + size
    assert ends <= 16 << 20
    flat = (BUILD / f"guests/bare/conformance-{name}.bin").stat().st_size
    assert any(kind == MEMORY and base <= BASE and base + size >= BASE + flat for base, size, kind in found)


@pytest.mark.parametrize("name", NAMES)
def test_without_snp(name):
    """On a plain machine it says that there is nothing to test, and switches off by itself."""
    words = [QEMU, "-machine", "q35", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot",
             "-bios", image(name), "-serial", "stdio"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["TAP version 13", "Bail out! nothing to test: this is no SEV-SNP guest"]
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_left_out(name):
    """The list of what an image leaves out names tests that are there, once, and that it would ask for otherwise."""
    tests = dict(listed.image_tests(f"conformance-{name}"))
    names = [test for test, _ in listed.left_out(f"conformance-{name}")]
    assert names and len(names) == len(set(names))
    for test in names:
        assert re.search(r"\b(svsm|tpm):", tests[test])


def test_documented():
    """docs/conformance.md names each test of the images once, and no other; the list of COCONUT's fits them too."""
    text = (ROOT / "docs/conformance.md").read_text()
    for name in NAMES:
        rows = text.split(f"| chapter | conformance-{name} |")[1].split("\n\n")[0].splitlines()[2:]
        named = " ".join(row.split("|")[2] for row in rows).split()
        assert sorted(named) == sorted(listed.tests(f"conformance-{name}"))
    for line in (ROOT / "docs/known-coconut.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            suite, test = line.split()[0].split("/")
            assert fnmatch.filter(listed.tests(suite), test), line


def build(path, name, svsm=BUILD / "svsm.elf"):
    """An IGVM file in which that SVSM launches the image."""
    words = [KEELSON, "igvm", "build", "--svsm", svsm, "--firmware", image(name), "--mem", "512", "--cpus", "4",
             "--service-cpus", "1", "-o", path]
    words += ["--alternate-injection"] if name == "apic" else []
    subprocess.run(words, cwd=ROOT, env=environment(), check=True, timeout=120)
    return path


def without_harness(words, folder):
    """The words of QEMU, with nobody behind COM2, the security processor's port and QMP."""
    kept, words = [], list(words)
    while words:
        word = words.pop(0)
        if word == "-chardev":
            words[0] = re.sub("^pipe,id=(ctl|psp),.*", r"null,id=\1", words[0])
        if word == "-mon" or (word == "-chardev" and "id=qmp" in words[0]) or (word == "-fw_cfg" and "/psp," in words[0]):
            words.pop(0)
            continue
        kept.append(word.replace("NEW-RUN", folder))
    return kept


def test_without_harness(runs, tmp_path):
    """Nobody answers on COM2: verdicts come on COM1, as TAP, and the machine goes off."""
    igvm = build(tmp_path / "vtpm.igvm", "vtpm")
    words = [KEELSON, "test", "--runs", runs, "--igvm", igvm, "--dry-run", "--json", "conformance-vtpm"]
    shown = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=60).stdout
    (runs / "tap").mkdir(parents=True)
    subprocess.run(without_harness(json.loads(shown)["qemu"], "tap"), timeout=600, stdin=subprocess.DEVNULL)
    lines = (runs / "tap/console.log").read_text().splitlines()
    assert lines[0] == "TAP version 13"
    plan = int(next(re.fullmatch(r"1\.\.(\d+)", line).group(1) for line in lines if line.startswith("1..")))
    verdicts = [re.fullmatch(r"(not )?ok (\d+) - (\S+)( # SKIP .*)?", line) for line in lines if re.match("(not )?ok", line)]
    assert [int(v.group(2)) for v in verdicts] == list(range(1, plan + 1))
    assert [v.group(3) for v in verdicts] == listed.tests("conformance-vtpm")
    assert not [v.group(3) for v in verdicts if v.group(1) or v.group(4)]
    told = dict(re.fullmatch(r"# left out: (\S+): (.*)", line).groups() for line in lines if line.startswith("# left out"))
    assert set(told) == {name for name, _ in listed.image_tests("conformance-vtpm")} - {v.group(3) for v in verdicts}


@pytest.mark.parametrize("smp", [1, 2])
def test_fewer_vcpus(runs, smp):
    """With what is there nothing fails; what needs more is skipped, and says so."""
    run = finish(start(runs, "test", "conformance-core", "--smp", smp), runs, limit=600).check(0)
    assert {r["verdict"] for r in run.results()} == {"pass", "skip"}
    for r in run.results():
        assert r["verdict"] == "pass" or re.fullmatch("needs (two|three) vCPUs", r["detail"])


# Which tests find the deviation of each SVSM in tests/mutants. One vCPU is enough for all of them.
MUTANTS = {
    "alignment": ("core", {"remap-bad"}),
    "goes-on": ("core", {"pvalidate-stops"}),
    "dirty": ("core", {"pvalidate-4k", "pvalidate-hole", "share-and-back"}),
    "locality": ("vtpm", {"locality-reserved"}),
    "lengths": ("attest", {"length-report", "length-manifest", "length-certificates"}),
    "manifest-version": ("attest", {"vtpm-manifest-0", "services-vtpm"}),
    "table": ("attest", {"certificates-table"}),
    "icr-bits": ("apic", {"register-values"}),
    "nmi-vector": ("apic", {"nmi-self"}),
    "level-eoi": ("apic", {"host-level"}),
    "unasked": ("apic", {"host-vector", "host-vector-all"}),
}


def test_each_mutant_is_expected():
    """All but the race, which test_repro.py looks for: one vCPU and its own seed never show it."""
    assert {*MUTANTS, "unlocked"} == {p.stem for p in (ROOT / "tests/mutants").glob("*.c")}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_deviation_is_found(runs, tmp_path, mutant):
    """Exactly the tests of the rule that is broken fail."""
    name, expected = MUTANTS[mutant]
    svsm = BUILD / f"mutants/{mutant}.elf"
    if not svsm.exists():
        pytest.skip("no mutants: run `make mutants`")
    igvm = build(tmp_path / "mutant.igvm", name, svsm)
    run = finish(start(runs, "test", f"conformance-{name}", "--igvm", igvm, "--smp", 1), runs, limit=600).check(1)
    assert {test for test, verdict in run.verdicts().items() if verdict == "fail"} == expected
