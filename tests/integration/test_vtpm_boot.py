# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The TPM at the start of a guest: firmware that asks once, and a direct boot whose PCRs a host can compute."""

import hashlib
import json
import re
import shutil
import struct
import subprocess

import pytest

from keelson import BUILD, finish, igvm, keelson, start

BANKS = ("sha1", "sha256", "sha384", "sha512")
NONCE = "5ea1ed00"


@pytest.mark.parametrize("words", [["--smp", "1"], ["--service-cpus", "0"], ["--smp", "1", "--service-cpus", "0"]],
                         ids=["one", "alone", "one-alone"])
def test_firmware_is_answered(runs, words):
    """The suite's own machine has two vCPUs and a service CPU."""
    verdicts = finish(start(runs, "test", "vtpm-firmware/[su]*", *words), runs).check(0).verdicts()
    assert verdicts.pop("second-once") == ("skip" if "--smp" in words else "pass")
    assert len(verdicts) == 3 and set(verdicts.values()) == {"pass"}


# ---- a second computation, by hashlib and struct alone ----

def pe_parts(image):
    """What Authenticode hashes ("Windows Authenticode Portable Executable Signature Format")."""
    pe = struct.unpack_from("<I", image, 0x3C)[0]
    assert image[:2] == b"MZ" and image[pe:pe + 4] == b"PE\0\0"
    count, optional_size = struct.unpack_from("<H12xH", image, pe + 6)
    optional = pe + 24
    plus = struct.unpack_from("<H", image, optional)[0] == 0x20B
    headers = struct.unpack_from("<I", image, optional + 60)[0]
    certificates = optional + (112 if plus else 96) + 4 * 8
    signature = struct.unpack_from("<I", image, certificates + 4)[0]
    yield image[:optional + 64]
    yield image[optional + 68:certificates]
    yield image[certificates + 8:headers]
    sections = [struct.unpack_from("<16xII", image, optional + optional_size + 40 * i) for i in range(count)]
    done = headers
    for size, at in sorted(sections, key=lambda s: s[1]):
        yield image[at:at + size]
        done += size
    yield image[done:len(image) - signature]


def events(kernel, initrd, cmdline):
    """(PCR, bytes): docs/vtpm.md, "A direct boot is measured"."""
    wide = cmdline.encode().decode("latin-1").encode("utf-16-le") + b"\0\0"
    yield from ((pcr, b"\0\0\0\0") for pcr in range(8))
    yield 4, b"".join(pe_parts(kernel))
    yield 12, wide
    yield 9, wide
    yield 9, initrd


def replay(kernel, initrd, cmdline):
    pcrs = {bank: {} for bank in BANKS}
    for pcr, data in events(kernel.read_bytes(), initrd.read_bytes(), cmdline):
        for bank, values in pcrs.items():
            old = values.get(pcr, bytes(hashlib.new(bank).digest_size))
            values[pcr] = hashlib.new(bank, old + hashlib.new(bank, data).digest()).digest()
    return {bank: {str(pcr): v.hex() for pcr, v in values.items()} for bank, values in pcrs.items()}


def pcrs_of(*words):
    code, out, err = igvm("pcrs", *words, "--json")
    assert code == 0, err
    return json.loads(out)


def files(kernel, initrd, cmdline):
    return ["--kernel", kernel, "--initrd", initrd, "--cmdline", cmdline]


# ---- the verb alone ----

def test_two_computations_agree(linux):
    for cmdline in ("quiet", "console=ttyS0 \u00fcml\u00e4ut", "x" * 2047):
        assert pcrs_of(*files(*linux, cmdline)) == replay(*linux, cmdline)


def test_each_input_has_its_pcr(linux, tmp_path):
    kernel, initrd = linux
    first = pcrs_of(*files(kernel, initrd, "quiet"))

    def changed(*words):
        now = pcrs_of(*words)
        differing = [{pcr for pcr in now[bank] if now[bank][pcr] != first[bank][pcr]} for bank in BANKS]
        assert all(d == differing[0] for d in differing)
        return differing[0]

    assert changed(*files(kernel, initrd, "quieT")) == {"9", "12"}
    other = tmp_path / "initrd"
    other.write_bytes(initrd.read_bytes() + b"\0\0\0\0")
    assert changed(*files(kernel, other, "quiet")) == {"9"}
    assert changed("--kernel", kernel, "--cmdline", "quiet") == {"9"}
    data = bytearray(kernel.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "kernel").write_bytes(data)
    assert changed(*files(tmp_path / "kernel", initrd, "quiet")) == {"4"}
    data[len(data) // 2] ^= 1
    checksum = struct.unpack_from("<I", data, 0x3C)[0] + 24 + 64
    data[checksum] ^= 1  # of the PE header: no part of the hash, so that a signer may set it
    (tmp_path / "kernel").write_bytes(data)
    assert changed(*files(tmp_path / "kernel", initrd, "quiet")) == set()


def test_no_command_line_is_not_measured(linux):
    """Firmware has no load options to measure then; neither has the list."""
    assert "12" not in pcrs_of("--kernel", linux[0])["sha256"]


def test_image_and_files_agree(linux, tmp_path):
    image = tmp_path / "linux.igvm"
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", *files(*linux, "quiet"), "-o", image)
    assert code == 0, err
    assert pcrs_of(image) == pcrs_of(*files(*linux, "quiet")) == pcrs_of(image, *files(*linux, "quiet"))
    code, _, err = igvm("pcrs", image, *files(*linux, "loud"))
    assert code == 1 and "something else" in err
    code, out, _ = igvm("inspect", image)
    assert code == 0 and "TPM measurements: 12" in out


@pytest.mark.parametrize("at, value", [(0x3C, 0x7FFFFFFF), (0x3C, 0xFFFFFFFF), ("headers", 0xFFFFFFFF),
                                       ("certificates", 0xFFFFFFFF), ("section", 0xFFFFFFF0)])
def test_damaged_pe_image(linux, tmp_path, at, value):
    data = bytearray(linux[0].read_bytes())
    optional = struct.unpack_from("<I", data, 0x3C)[0] + 24
    size = struct.unpack_from("<H", data, optional - 4)[0]
    where = {"headers": optional + 60, "certificates": optional + 112 + 4 * 8 + 4, "section": optional + size + 16}
    struct.pack_into("<I", data, where.get(at, at), value)
    (tmp_path / "kernel").write_bytes(data)
    code, _, err = igvm("pcrs", "--kernel", tmp_path / "kernel")
    assert code == 1 and "damaged PE image" in err


@pytest.mark.parametrize("words", [[], ["--json"], ["--cmdline", "x"], ["a.igvm", "b.igvm"], ["a.igvm", "--log", "x"],
                                   ["--kernel"], ["--what"]])
def test_usage(words):
    assert igvm("pcrs", *words)[0] == 2


def test_other_files_have_no_pcrs(linux, tmp_path):
    assert igvm("pcrs", "/nowhere/x.igvm")[0] == 1
    assert igvm("pcrs", "--kernel", "/nowhere/vmlinuz")[0] == 3
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o",
                        tmp_path / "bare.igvm")
    assert code == 0, err
    code, _, err = igvm("pcrs", tmp_path / "bare.igvm")
    assert code == 1 and "nothing is measured" in err


@pytest.mark.skipif(not shutil.which("tpm2_eventlog"), reason="no tpm2_eventlog: apt-get install tpm2-tools")
def test_event_log(linux, tmp_path):
    """tpm2-tools replay it, and find its digests to be those of its data where they are data."""
    log = tmp_path / "log"
    pcrs = pcrs_of(*files(*linux, "quiet"), "--log", log)
    done = subprocess.run(["tpm2_eventlog", log], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "WARN" not in done.stderr, done.stderr
    text = done.stdout
    assert text.count("EventType: EV_SEPARATOR") == 8
    assert text.count("EventType: EV_EFI_BOOT_SERVICES_APPLICATION") == 1
    told = {}
    for line in text[text.index("pcrs:"):].splitlines()[1:]:
        if line.rstrip().endswith(":"):
            bank = told.setdefault(line.strip(" :"), {})
        else:
            pcr, value = line.split(":")
            bank[pcr.strip()] = value.strip()[2:]
    assert told == pcrs


# ---- a machine ----

def test_a_direct_boot_is_measured(runs, tools, linux):
    """PCRs as tpm2-tools read them, a quote over them, and the kernel's log."""
    selection = "+".join(f"{bank}:0,1,2,3,4,5,6,7,9,12" for bank in BANKS)
    run = keelson(
        runs, "run", "--append", "keelson.mark=one", "--keep",
        "--exec", f"tpm2_pcrread {selection}",
        "--exec", "tpm2_createek -Q -c ek.ctx -G ecc -u ek.pub",
        "--exec", "tpm2_createak -Q -C ek.ctx -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.pem -f pem",
        "--exec", f"tpm2_quote -Q -c ak.ctx -l sha256:4,9,12 -q {NONCE} -m q.msg -s q.sig -o q.pcrs -g sha256",
        "--exec", "host-put ak.pem q.msg q.sig q.pcrs",
        "--exec", "dmesg").check(0, "svsm.igvm")
    words = run.json()["igvm_command"]
    cmdline = words[words.index("--cmdline") + 1]
    assert cmdline.endswith(" keelson.mark=one")
    expected = replay(linux[0], tools, cmdline)

    # what the guest reads is what the host computed, twice
    told = re.findall(r"^  (sha\d+):\n((?:    \d+ *: 0x[0-9A-F]+\n)+)", run.out, re.M)
    assert {bank: dict(re.findall(r"(\d+) *: 0x([0-9a-f]+)", lines.lower())) for bank, lines in told} == expected
    assert pcrs_of(run.folder / "svsm.igvm", *files(linux[0], tools, cmdline)) == expected

    # a quote is over these values
    done = subprocess.run(["tpm2_checkquote", "-u", "ak.pem", "-m", "q.msg", "-s", "q.sig", "-f", "q.pcrs", "-g",
                           "sha256", "-q", NONCE], cwd=run.folder / "files", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    quoted = b"".join(bytes.fromhex(expected["sha256"][pcr]) for pcr in ("4", "9", "12"))
    assert (run.folder / "files/q.msg").read_bytes().endswith(hashlib.sha256(quoted).digest())

    # and Linux found a TPM that was started
    assert "vTPM 2.0" in run.out and "TPM error" not in run.out
    assert "vtpm: ready and started, 12 measurements" in run.text("svsm.log")


def test_a_bad_list_ends_the_launch(runs, linux, tmp_path):
    """The launch page is strict: a PCR that no list may name."""
    image = tmp_path / "bad.igvm"
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", *files(*linux, "quiet"), "-o", image)
    assert code == 0, err
    data = bytearray(image.read_bytes())
    page = data.index(b"KELN\4\0\0\0")
    assert struct.unpack_from("<I", data, page + 104)[0] == 12
    struct.pack_into("<I", data, page + 112, 16)
    image.write_bytes(data)
    run = keelson(runs, "run", "--igvm", image)
    assert run.code == 5, run.out + run.err
    assert "launch_info: an event's PCR" in run.text("svsm.log")
