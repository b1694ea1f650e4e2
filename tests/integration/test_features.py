# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""SEV_FEATURES of the boot VMSA: the SVSM says which bit it cannot run with, and ends the launch."""

import pytest

from keelson import BUILD, igvm, keelson

HANG = BUILD / "guests/bare/hang.bin"


@pytest.mark.parametrize("features, bit, name", [
    (0x1 | 1 << 4, 6, "AlternateInjection"),
    (0x1 | 1 << 14, 16, "VmsaRegProt"), (0x1 | 1 << 13, 15, "reserved"), (0x1 | 1 << 40, 42, "reserved"),
])
def test_a_feature_that_the_svsm_does_not_know(runs, features, bit, name):
    """On a processor that offers it. APM vol. 2, 15.34.10: SEV_STATUS[n + 2] is SEV_FEATURES[n]."""
    run = keelson(runs, "test", "core/query-protocol", "--sev-features", hex(features), "--option", "any-features").check(5)
    assert f"bit {bit} ({name}) is on, and this SVSM cannot run with it" in run.text("svsm.log")
    assert "terminated: set 0 reason 2" in run.text("monitor.log")


def test_a_virtual_tom_of_zero(runs):
    """The machine has the feature, and no VMSA can run with nothing below its Virtual TOM. (What the SVSM says of the
    bit: test_features.)"""
    run = keelson(runs, "test", "core/query-protocol", "--sev-features", "0x3").check(3)
    assert "cannot start from this VMSA (SEV_FEATURES 0x3)" in run.out


def test_a_feature_that_asks_nothing_of_software(runs):
    """Bits 6, 7, 15 and 21, and debug swap: the boot goes on."""
    features = 1 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 15 | 1 << 21
    run = keelson(runs, "test", "core/query-protocol", "--sev-features", hex(features), "--option", "any-features").check(0)
    assert "cannot run" not in run.text("svsm.log")


def test_a_feature_that_the_machine_lacks(runs):
    """VMRUN refuses it: the launch ends before the SVSM's first instruction."""
    run = keelson(runs, "test", "core/query-protocol", "--sev-features", "3").check(3)
    assert "cannot start from this VMSA (SEV_FEATURES 0x3)" in run.text("monitor.log")


@pytest.mark.parametrize("value", ["", "x", "2", "0", "-1", "1x"])
def test_no_such_features(tmp_path, value):
    code, _, _ = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, "--sev-features", value, "-o", tmp_path / "x")
    assert code == 2


def test_they_are_measured(tmp_path):
    digests = set()
    for n in ("1", "9", "0x21"):
        path = tmp_path / f"{n}.igvm"
        assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, "--sev-features", n, "-o", path)[0] == 0
        assert f"sev_features {hex(int(n, 0))}" in igvm("inspect", path)[1]
        digests.add(igvm("measure", path)[1])
    assert len(digests) == 3


def test_alternate_injection_is_measured(tmp_path):
    """The launch page says it, so a guest that was promised it can tell by the digest."""
    said, digests = [], set()
    for words in ([], ["--alternate-injection"]):
        path = tmp_path / f"{len(said)}.igvm"
        assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, *words, "-o", path)[0] == 0
        said.append("alternate injection" in igvm("inspect", path)[1])
        digests.add(igvm("measure", path)[1])
    assert said == [False, True] and len(digests) == 2


def test_a_payload_has_no_guest_to_inject_into(tmp_path):
    code, _, _ = igvm("build", "--payload", BUILD / "svsm.elf", "--alternate-injection", "-o", tmp_path / "x")
    assert code == 2


@pytest.mark.parametrize("option, fact", [(["--option", "tsc-adjust"], "shown"), ([], "hidden")])
def test_tsc_adjust_where_it_is_shown(runs, option, fact):
    """QEMU hides it from SNP guests; the option shows it, and a write to it then counts."""
    run = keelson(runs, "test", "machine/tsc*", *option).check(0)
    assert f'"tsc_adjust": "{fact}"' in run.text("run.json")


SECURE = "0x209"  # SNP, restricted injection, SecureTSC


@pytest.mark.parametrize("words, secure, ahead", [
    ([], "no", 0), (["--secure-tsc"], "yes", 0), (["--secure-tsc", "--tsc-offset", 5 << 40], "yes", 5),
    (["--tsc-offset", 5 << 40], "no", 0),
])
def test_secure_tsc(runs, words, secure, ahead):
    """The SVSM has it, the guest where the launch says so; one counter for all vCPUs, the offset in all VMSAs."""
    run = keelson(runs, "test", "core/*tsc*", "--sev-features", SECURE, *words).check(0)
    facts = run.text("run.json")
    assert f'"secure_tsc": "{secure}"' in facts and f'"tsc_ahead": "{ahead}"' in facts


def test_secure_tsc_in_the_svsm(runs):
    """Its own CPUs, its timer and services go by the counter of their VMSAs."""
    keelson(runs, "test", "selftest", "--sev-features", SECURE, "--tsc-offset", hex(3 << 50)).check(0)


def test_secure_tsc_of_an_unknown_scale(runs, tmp_path):
    """Without scale and offset in the launch page the other CPUs' time would stand still."""
    path = tmp_path / "x.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, "--sev-features", SECURE, "-o", path)[0] == 0
    run = keelson(runs, "run", "--igvm", path).check(5)
    assert "SecureTSC is on, and the launch page says no scale and offset of it" in run.text("svsm.log")
    assert "terminated: set 0 reason 2" in run.text("monitor.log")


@pytest.mark.parametrize("value", ["", "x", "-1", "0x10000000000000000"])
def test_no_such_offset(tmp_path, value):
    code, _, _ = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, "--tsc-offset", value, "-o", tmp_path / "x")
    assert code == 2


def test_a_guest_that_was_promised_injection_does_not_run_without(runs):
    """Without restricted injection at VMPL0 there is nobody to inject: docs/apic.md."""
    run = keelson(runs, "test", "core/query-protocol", "--alternate-injection", "--sev-features", "1").check(5)
    assert "the launch asks for alternate injection" in run.text("svsm.log")


def test_a_kernel_that_does_not_know_injection_says_so(runs, linux):
    """Linux 6.12, snp_check_features(): AlternateInjection is in SNP_FEATURES_IMPL_REQ, so the kernel asks
    to be terminated. That counts as the guest's end, and the line says why."""
    run = keelson(runs, "run", "--alternate-injection").check(4)
    assert "VMPL 2 terminated: set 0 reason 2 (SNP features not supported)" in run.out + run.text("monitor.log")
