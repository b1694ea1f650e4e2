# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Firmware in the guest: what the builder makes of an image, and what run makes of the options (docs/firmware.md)."""

import re

import pytest

from keelson import BUILD, igvm, keelson


@pytest.fixture
def ovmf():
    path = BUILD / "guests/firmware/OVMF.fd"
    if not path.exists():
        pytest.skip("no firmware: run `make guests`")
    return path


def build(path, firmware, *words):
    return igvm("build", "--svsm", BUILD / "svsm.elf", "--firmware", firmware, *words, "-o", path)


def built(path, firmware, *words):
    code, out, err = build(path, firmware, *words)
    assert code == 0, out + err
    return path


def digest(path):
    return igvm("measure", path)[1].strip().split()[-1]


def test_everything_has_its_place(tmp_path, ovmf):
    out = igvm("inspect", built(tmp_path / "x.igvm", ovmf, "--mem", "1024", "--cpus", "3"))[1]
    assert "guest: firmware, VMPL 2" in out and "TPM measurements: 0" in out
    for name in ("memory", "secrets", "CPUID", "calling area", "hashes of kernel, initrd"):
        assert re.search(rf"firmware's section +0x[0-9a-f]+\.\.0x[0-9a-f]+ {name}", out), out
    base, end = (int(x, 16) for x in re.search(r"required memory +0x([0-9a-f]+)\.\.0x([0-9a-f]+)", out).groups())
    assert base == 1024 << 20 and end <= 2 << 30
    assert re.search(r"page data +0x0ffc00000\.\.0x100000000", out), out


def test_the_largest_machine_s_svsm_ends_below_pci(tmp_path, ovmf):
    """edk2 places 32-bit BARs from 2 GiB on (PlatformInitLib, Uc32Base)."""
    out = igvm("inspect", built(tmp_path / "x.igvm", ovmf, "--mem", "262144", "--cpus", "66"))[1]
    base, end = (int(x, 16) for x in re.search(r"required memory +0x([0-9a-f]+)\.\.0x([0-9a-f]+)", out).groups())
    assert base == 1920 << 20 and end <= 2 << 30
    code, _, err = build(tmp_path / "y.igvm", ovmf, "--mem", "262144", "--cpus", "200")
    assert code == 1 and "--mem" in err and not (tmp_path / "y.igvm").exists()


@pytest.mark.parametrize("mem", [513, 1023])
def test_the_svsm_lies_at_a_2m_boundary(tmp_path, ovmf, mem):
    """Its boot page tables map it by 2 MiB pages (svsm/boot/boot.S), whatever the machine's memory is."""
    out = igvm("inspect", built(tmp_path / "x.igvm", ovmf, "--mem", mem))[1]
    base, = (int(x, 16) for x in re.findall(r"required memory +0x([0-9a-f]+)\.\.", out))
    assert base == (mem + 1) << 20


def test_the_digest_covers_all(tmp_path, ovmf, linux):
    kernel, initrd = linux
    changed = tmp_path / "changed.fd"
    data = bytearray(ovmf.read_bytes())
    data[0x1000] ^= 1
    changed.write_bytes(data)
    words = ("--kernel", kernel, "--initrd", initrd, "--cmdline")
    files = [built(tmp_path / f"{n}.igvm", f, *w) for n, (f, w) in enumerate((
        (ovmf, ()), (changed, ()), (ovmf, (*words, "quiet")), (ovmf, (*words, "loud")),
        (ovmf, ("--kernel", kernel, "--cmdline", "quiet"))))]
    assert len({digest(p) for p in files}) == len(files)
    assert digest(built(tmp_path / "again.igvm", ovmf)) == digest(files[0])


def test_a_kernel_that_the_digest_does_not_cover(tmp_path, ovmf, linux):
    """Firmware without a page for hashes takes the kernel unseen; that is said, and only then."""
    old = ovmf.with_name("OVMF-old.fd")
    code, _, err = build(tmp_path / "old.igvm", old, "--kernel", linux[0])
    assert code == 0 and err == f"keelson: {old} has no page for hashes: the launch digest does not cover {linux[0]}\n"
    assert digest(tmp_path / "old.igvm") == digest(built(tmp_path / "bare.igvm", old))
    assert build(tmp_path / "new.igvm", ovmf, "--kernel", linux[0])[2] == ""


@pytest.mark.parametrize("size", [0, 4095, 4096, 3 << 20])
def test_what_is_no_firmware_is_told_in_a_line(tmp_path, size):
    image = tmp_path / "odd.fd"
    image.write_bytes(bytes(size))
    code, _, err = build(tmp_path / "x.igvm", image)
    assert code == 1 and len(err.splitlines()) == 1 and str(image) in err
    assert not (tmp_path / "x.igvm").exists()


def test_a_cut_image(tmp_path, ovmf):
    image = tmp_path / "cut.fd"
    image.write_bytes(ovmf.read_bytes()[:-4096])
    code, _, err = build(tmp_path / "x.igvm", image)
    assert code == 1 and "no firmware with SEV-SNP metadata" in err


def test_a_machine_without_the_memory_that_it_wants(tmp_path, ovmf):
    code, _, err = build(tmp_path / "x.igvm", ovmf, "--mem", "8")
    assert code == 1 and "--mem" in err


def test_words_that_make_no_sense(tmp_path, ovmf):
    code, _, err = build(tmp_path / "x.igvm", ovmf, "--bare", BUILD / "guests/bare/hang.bin")
    assert code == 2 and "usage" in err
    assert igvm("build", "--payload", BUILD / "guests/bare/machine.elf", "--firmware", ovmf, "-o", tmp_path / "x")[0] == 2
    assert build(tmp_path / "x.igvm", tmp_path / "none.fd")[0] == 3


def test_pcrs_are_the_firmware_s_word(tmp_path, ovmf):
    code, out, err = igvm("pcrs", built(tmp_path / "x.igvm", ovmf))
    assert code == 1 and not out and "event log" in err


def test_dry_run(runs, ovmf):
    for words in (["--firmware"], ["--firmware", ovmf], [f"--firmware={ovmf}"], ["--firmware", "guest"]):
        out = keelson(runs, "run", "--dry-run", "--mem", 6144, *words).out
        assert f"--firmware {ovmf}" in out and "string=6144 1920" in out, out
        for name in ("kernel", "initrd", "cmdline"):
            assert f"opt/org.keelson/guest-{name}," in out


def test_dry_run_of_a_disk(runs, tmp_path, ovmf):
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(512))
    out = keelson(runs, "run", "--dry-run", "--firmware", "--disk", disk).out
    assert f"--firmware {ovmf}" in out and "guest-kernel" not in out and "--kernel" not in out.splitlines()[0]
    for words in (["--kernel", "/boot/vmlinuz"], ["--initrd", "/boot/initrd"], ["--append", "more"]):
        out = keelson(runs, "run", "--dry-run", "--firmware", "--disk", disk, *words).out
        assert "guest-kernel" in out and words[1] in out


def test_a_test_is_no_image(runs, ovmf):
    """The word behind --firmware is its file, or what is to be tested."""
    out = keelson(runs, "test", "--dry-run", "--firmware", "linux/boot").out
    assert f"--firmware {ovmf}" in out


@pytest.mark.parametrize("suite", ["core", "machine", "selftest", "conformance-core"])
def test_suites_without_linux(runs, suite):
    for verb in ("run", "test"):
        done = keelson(runs, verb, "--dry-run", "--firmware", suite)
        assert done.code == 2 and f"suite {suite} boots no Linux" in done.err


def test_dry_run_of_a_disk_with_a_ready_file(runs, tmp_path, ovmf):
    """Firmware in an IGVM file that was given boots the disk, too."""
    disk, image = tmp_path / "disk", tmp_path / "ovmf.igvm"
    disk.write_bytes(bytes(512))
    code, out, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--firmware", ovmf, "-o", image)
    assert code == 0, out + err
    assert "guest-kernel" in keelson(runs, "run", "--dry-run", "--igvm", image).out
    assert "guest-kernel" not in keelson(runs, "run", "--dry-run", "--igvm", image, "--disk", disk).out


def test_a_ready_file_for_a_smaller_machine(runs, tmp_path, ovmf):
    """The SVSM would lie in RAM that firmware takes for its own; one of 1920 MiB or more fits all."""
    for mem, more, code in ((512, 513, 2), (512, 512, 0), (2048, 6144, 0)):
        image = built(tmp_path / "ovmf.igvm", ovmf, "--mem", mem)
        done = keelson(runs, "run", "--dry-run", "--igvm", image, "--mem", more)
        assert done.code == code and ("at most 512 MiB" in done.err) == bool(code), done.err


def test_plain_has_the_same_firmware(runs, ovmf):
    words = ("run", "--dry-run", "--platform", "plain", "--firmware")
    out = keelson(runs, *words).out
    assert f"-bios {ovmf}" in out and "-kernel" in out
    out = keelson(runs, *words, "--disk", "x.img").out
    assert f"-bios {ovmf}" in out and "-kernel" not in out


def test_an_image_that_is_not_there(runs, tmp_path):
    done = keelson(runs, "run", f"--firmware={tmp_path}/none.fd").check(3)
    assert "none.fd" in done.out
