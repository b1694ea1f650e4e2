# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Debian's image of `make image`: systemd comes up at VMPL2, and its LUKS root opens by the vTPM, or does not.

One disk goes through five runs. The vTPM keeps nothing from one to the next, so its permanent state is carried on the disk
by the protocol of test builds (docs/distro.md). A vTPM with a memory needs neither SAVE nor the file tpm.state."""

import os
import pathlib
import re
import sys

import pytest

from disk import AGAIN, Disk, REPORT, SAVE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from keelson import BUILD, igvm, keelson  # noqa: E402

PCRS = "0+7+11+12"
IMAGES = sorted((BUILD / "guests/distro").glob("*.img"))
FIRMWARE = pathlib.Path(os.environ.get("FIRMWARE") or BUILD / "guests/firmware/OVMF.fd")
OTHER = pathlib.Path(os.environ.get("OTHER_FIRMWARE") or BUILD / "guests/firmware/OVMF-old.fd")


class Machine:
    """Boots one disk again and again, each time until it powers off."""

    def __init__(self, disk, folder):
        self.disk, self.folder, self.count = disk, folder, 0

    def boot(self, firmware=FIRMWARE):
        """A test build of the SVSM: only that gives the TPM's state away."""
        self.count += 1
        image, runs = self.folder / "distro.igvm", self.folder / f"runs{self.count}"
        code, out, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--firmware", firmware, "--test", "--mem", 1024,
                              "--cpus", 3, "--service-cpus", 1, "-o", image)
        assert code == 0, out + err
        return keelson(runs, "run", "--no-agent", "--igvm", image, "--disk", self.disk.path,
                       "--mem", 1024, "--smp", 2, "--timeout", 300).check(0).text("console.log")


@pytest.fixture(scope="module", params=IMAGES or [None], ids=lambda p: p.stem if p else "none")
def machine(request, tmp_path_factory):
    if not request.param:
        pytest.skip("no image: run `make image`")
    if not FIRMWARE.exists():
        pytest.skip(f"no firmware {FIRMWARE}: run `make guests`")
    folder = tmp_path_factory.mktemp(request.param.stem)
    m = Machine(Disk(request.param, folder / "disk.img"), folder)
    m.disk.put("keelson/enrol", f"{PCRS} once\n")
    m.disk.ask(REPORT + AGAIN + SAVE)
    m.console = m.boot()
    m.report = m.disk.get("keelson/run.out") or f"no report\n{m.console[-3000:]}"
    yield m
    m.disk.path.unlink()


def pcrs(report):
    return {int(n): value for n, value in re.findall(r"(?m)^ +(\d+) *: 0x([0-9A-F]{64})$", report)}


def opened(machine):
    """The root opened without a new enrolment, and the system came up."""
    report = machine.disk.get("keelson/run.out")
    return bool(report) and "state running" in report and machine.disk.get("keelson/refused") is None


def test_systemd_is_up_and_nothing_failed(machine):
    assert "\nstate running\n" in "\n" + machine.report and "\nfailed 0\n" in machine.report, machine.report
    assert "Startup finished in" in machine.report


def test_the_kernel_is_an_snp_guest_at_vmpl2(machine):
    assert re.search(r"Memory Encryption Features active: .*SEV-SNP", machine.report), machine.report
    assert re.search(r"SNP running at VMPL2", machine.report), machine.report


def test_the_root_is_luks_and_has_the_token(machine):
    assert re.search(r"/dev/mapper/root is active and is in use", machine.report), machine.report
    assert re.search(r"type: +LUKS2", machine.report) and "systemd-tpm2" in machine.report
    assert f"enrolled for PCRs {PCRS}" in machine.console


def test_firmware_and_stub_have_measured(machine):
    values = pcrs(machine.report)
    assert all(set(values[n]) != {"0"} for n in (0, 7, 11, 12)), values


# Debian's kernel looks for a TPM once, before any module is loaded: IMA goes without (docs/field-notes.md).
def test_ima_measures_no_more_than_it_can(machine):
    assert pcrs(machine.report)[10] == "0" * 64


def test_refused_after_one_more_measurement(machine):
    assert re.search(r"(?m)^again [1-9]", machine.report), machine.report
    assert refusal(machine.report), machine.report


def refusal(text):
    """systemd-cryptsetup's own words for a policy that does not hold, of 252 and of 257. Other errors have other codes."""
    return re.search(r"Current policy digest does not match stored policy digest|"
                     r"Failed to unseal secret using TPM2: Operation not permitted", text)


def refused(machine):
    words = machine.disk.get("keelson/refused")
    assert words and refusal(words), words
    assert machine.disk.get("keelson/run.out") is None


def test_opens_in_the_next_run(machine):
    machine.disk.ask(REPORT)
    console = machine.boot()
    assert "permanent state of an earlier run" in console and "enrolled for" not in console
    assert opened(machine), machine.disk.get("keelson/refused") or console[-3000:]
    assert pcrs(machine.disk.get("keelson/run.out"))[0] == pcrs(machine.report)[0]


def test_refused_with_another_command_line(machine):
    entry = machine.disk.add_words("quiet")
    machine.disk.ask(REPORT)
    machine.boot()
    machine.disk.put("loader/entries/debian.conf", entry)
    refused(machine)


def test_refused_with_other_firmware(machine):
    if not OTHER.exists():
        pytest.skip(f"no other firmware {OTHER}")
    machine.disk.ask(REPORT)
    machine.boot(OTHER)
    refused(machine)


def test_opens_again_when_all_is_as_it_was(machine):
    machine.disk.ask(REPORT)
    machine.boot()
    assert opened(machine), machine.disk.get("keelson/refused")
