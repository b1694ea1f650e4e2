# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson doctor --platform, and what a run on SEV-SNP hardware is refused for, on hosts that are made up."""

import os
import re
import shutil
import subprocess

import pytest

from hosts import Host, OpenFolder
from keelson import KEELSON, ROOT, finish, keelson, start
from schema import check

KVM_AMD = "sys/module/kvm_amd/parameters"


def test_a_host_that_is_fit(tmp_path):
    host = Host(tmp_path, "snp")
    code, found = host.doctor()
    assert code == 0, found
    for document in found.values():
        check(document, "host_check")
    assert {d["verdict"] for d in found.values()} <= {"ok", "no"}
    assert "RMP table physical range" in found["RMP table"]["found"] and "SEV-SNP API:1.55" in found["SNP firmware"]["found"]
    assert found["QEMU"]["found"] == "QEMU emulator version 11.0.50 (svsm)"
    assert not any("-object tdx-guest" in words and "help" not in words for words in host.asked())


def test_for_people(tmp_path):
    host = Host(tmp_path, "snp")
    shutil.rmtree(host.root / "dev")
    done = subprocess.run([KEELSON, "doctor", "--platform", "snp", "--qemu", host.bin / "qemu"], env=host.words(),
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "MISSING  /dev/sev                 there is none\n" in done.stdout and "-> modprobe ccp;" in done.stdout
    assert done.stdout.endswith("this host is not fit for platform snp\n")


def write(path, text):
    return lambda host: (host.root / path).write_text(text)


def remove(path):
    return lambda host: (host.root / path).unlink()


def says(line):
    return lambda host: host.log(f"[    0.000000] {line}\n")


def qemu(**words):
    return lambda host: host.qemu(**words)


# What is wrong with a host, the check that has to say so, and what to do about it. The kernel's lines are Linux's
# (arch/x86/virt/svm/sev.c, drivers/iommu/amd/init.c), QEMU's answers those of 7.2.22, 10.2.2 and 11.1.3.
WRONG = {
    "intel": (lambda h: h.cpu("GenuineIntel", "Xeon", "fpu vmx"), "CPU with sev_snp", "missing", "EPYC 7003"),
    "guest": (lambda h: h.cpu("AuthenticAMD", "EPYC", "sev_snp hypervisor"), "CPU with sev_snp", "missing", "bare metal"),
    "naples": (lambda h: h.cpu("AuthenticAMD", "EPYC 7601", "svm sev sev_es"), "CPU with sev_snp", "missing", "BIOS: SMEE"),
    "old kernel": (lambda h: h.kernel("6.10.9"), "kernel", "missing", "coconut-svsm/linux"),
    "no rmp": (says("SEV-SNP: Memory for the RMP table has not been reserved by BIOS"), "RMP table", "missing", "SNP Memory"),
    "short rmp": (says("SEV-SNP: Memory reserved for the RMP table does not cover full system RAM (expected 0x1 got 0x0)"),
                  "RMP table", "missing", "cover all RAM"),
    "passthrough": (says("AMD-Vi: SNP: IOMMU disabled or configured in passthrough mode, SNP cannot be supported."),
                    "IOMMU", "missing", "take iommu=pt"),
    "firmware": (says("ccp 0000:45:00.1: SEV-SNP: failed to INIT rc -5, error 0x3"), "SNP firmware", "missing", "amd_sev_"),
    "silent log": (says("nothing of interest"), "RMP table", "unknown", "journalctl -k"),
    "no log": (lambda h: h.log(None), "SNP firmware", "unknown", "sudo"),
    "snp off": (write(f"{KVM_AMD}/sev_snp", "N\n"), "kvm_amd.sev_snp", "missing", "kvm_amd.sev_snp=1"),
    "snp off by number": (write(f"{KVM_AMD}/sev_snp", "0\n"), "kvm_amd.sev_snp", "missing", "kvm_amd.sev_snp=1"),
    "es off": (write(f"{KVM_AMD}/sev_es", "N\n"), "kvm_amd.sev_es", "missing", "ASID"),
    "not loaded": (remove(f"{KVM_AMD}/sev"), "kvm_amd.sev", "missing", "modprobe kvm_amd"),
    "no kvm": (remove("dev/kvm"), "/dev/kvm", "missing", "SVM Mode"),
    "no sev": (remove("dev/sev"), "/dev/sev", "missing", "modprobe ccp"),
    "no qemu": (lambda h: (h.bin / "qemu").unlink(), "QEMU", "missing", "--qemu"),
    "old qemu": (qemu(version="10.0.2 (Debian 1:10.0.2+ds-2+deb13u1)"), "QEMU", "missing", "10.1 or newer"),
    "debian": (qemu(version="11.1.3 (Debian 1:11.1.3+ds-1)", objects=("sev-snp-guest", "tdx-guest"), machine=()),
               "QEMU with igvm-cfg", "missing", "--enable-igvm"),
    "no sev in qemu": (qemu(objects=("igvm-cfg",)), "QEMU with sev-snp-guest", "missing", "coconut-svsm/qemu"),
    "upstream": (qemu(version="11.0.0", machine=("igvm-cfg",)), "KVM planes", "doubt", "coconut-svsm/linux, branch svsm, and QEMU coconut-svsm/qemu"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_host_that_is_not(tmp_path, name):
    spoil, what, verdict, todo = WRONG[name]
    host = Host(tmp_path, "snp")
    spoil(host)
    code, found = host.doctor()
    assert code == (0 if verdict == "unknown" else 3)
    assert found[what]["verdict"] == verdict and todo in found[what]["todo"], found[what]
    others = {w for w, d in found.items() if d["verdict"] in ("missing", "doubt")} - {what}
    assert others == ({"KVM planes"} if name == "debian" else set()), "one fault is one line"


@pytest.mark.parametrize("name", ["no sev", "debian", "snp off"])
def test_a_run_is_refused_for_the_same(runs, tmp_path, name):
    host = Host(tmp_path / "made", "snp")
    spoil, what, _, todo = WRONG[name]
    spoil(host)
    run = finish(start(runs, "run", "--platform", "snp", "--qemu", host.bin / "qemu", env=host.words()), runs).check(3)
    assert f"platform snp needs {what} (" in run.out and todo in run.out


def test_rights():
    """The devices are root's: a user is told so."""
    with OpenFolder() as folder:
        host = Host(folder, "snp")
        (host.root / "dev/sev").chmod(0o600)
        for path in folder.rglob("*"):
            os.chmod(path, path.stat().st_mode | 0o044 if "dev/sev" not in str(path) else 0o600)
        program = folder / "keelson"
        shutil.copy(KEELSON, program)
        if os.geteuid() != 0:
            (host.root / "dev/sev").chmod(0o000)
        env = host.words() | {"KEELSON_ROOT": str(folder)}
        done = subprocess.run([program, "doctor", "--platform", "snp", "--qemu", host.bin / "qemu"], env=env, capture_output=True,
                              text=True, timeout=60, cwd="/", user=65534 if os.geteuid() == 0 else None)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "MISSING  /dev/sev                 you may not read and write it\n" in done.stdout
    assert "ok       /dev/kvm" in done.stdout and "chgrp kvm /dev/sev" in done.stdout


def test_planes_in_the_command(tmp_path, runs):
    """Both words where QEMU knows planes, neither where it does not; RAM that is not reserved; no VGA."""
    host = Host(tmp_path, "snp")
    out = keelson(runs, "run", "--dry-run", "--platform", "snp", "--qemu", host.bin / "qemu", env=host.words()).out
    assert "confidential-guest-support=sev0,kernel-irqchip=split,device-plane=2,memory-backend=ram0,igvm-cfg=igvm0 " in out
    assert "prealloc=false,reserve=false " in out and " -nodefaults " in out
    assert "--sev-features 1 " in out  # no KVM there that offers restricted injection
    host.qemu(machine=("igvm-cfg",))
    out = keelson(runs, "run", "--dry-run", "--platform", "snp", "--qemu", host.bin / "qemu", env=host.words()).out
    assert "device-plane" not in out and "kernel-irqchip" not in out


# What the real QEMU 11.1.3 says on a box without SNP, a warning before it.
REFUSES = """echo 'qemu-system-x86_64: -mon chardev=qmp,mode=control: warning: -mon is deprecated' >&2
echo 'qemu-system-x86_64: -accel kvm: vm-type SEV-SNP not supported by KVM' >&2
exit 1"""


def test_what_qemu_refused(runs, tmp_path):
    host = Host(tmp_path / "made", "snp")
    host.qemu(starts=REFUSES)
    run = finish(start(runs, "run", "--platform", "snp", "--qemu", host.bin / "qemu", env=host.words()), runs).check(3)
    assert "vm-type SEV-SNP not supported by KVM" in run.json()["exit"]["reason"]


def test_doubt_does_not_refuse(runs, tmp_path):
    """A kernel of another branch may have planes under another name: said, and tried."""
    host = Host(tmp_path / "made", "snp")
    host.qemu(machine=("igvm-cfg",), starts=REFUSES)
    run = finish(start(runs, "run", "--platform", "snp", "--qemu", host.bin / "qemu", env=host.words()), runs).check(3)
    assert "not supported by KVM" in run.json()["exit"]["reason"]
    assert "platform snp: KVM planes: this QEMU has no -machine device-plane=" in run.err


TDX_WRONG = {
    "amd": (lambda h: h.cpu("AuthenticAMD", "EPYC", "svm"), "CPU with TDX"),
    "old kernel": (lambda h: h.kernel("6.15.0"), "kernel"),
    "keys": (says("virt/tdx: initialization failed: too few private KeyIDs available."), "TDX module"),
    "off": (write("sys/module/kvm_intel/parameters/tdx", "N\n"), "kvm_intel.tdx"),
    "no object": (qemu(objects=("igvm-cfg",)), "QEMU with tdx-guest"),
}
NEVER = {"IGVM for TDX", "TDX part of the SVSM"}  # on no host today


@pytest.mark.parametrize("name", TDX_WRONG)
def test_tdx(tmp_path, name):
    spoil, what = TDX_WRONG[name]
    host = Host(tmp_path, "tdx")
    spoil(host)
    code, found = host.doctor()
    assert code == 3 and {w for w, d in found.items() if d["verdict"] == "missing"} == NEVER | {what}
    assert not any("-object tdx-guest" in words and "help" not in words for words in host.asked())


def test_no_tdx_host_is_fit(tmp_path):
    code, found = Host(tmp_path, "tdx").doctor()
    assert code == 3 and {w for w, d in found.items() if d["verdict"] != "ok"} == NEVER
    assert found["IGVM for TDX"]["found"] == "no QEMU release loads IGVM for TDX"


@pytest.mark.parametrize("platform", ["snp", "tdx"])
def test_the_qemu_that_is_installed(tmp_path, platform):
    """The real one on a host that is otherwise fit. What it was built with it says itself."""
    real = shutil.which(os.environ.get("QEMU") or "qemu-system-x86_64")
    if not real:
        pytest.skip("no QEMU here")
    code, found = Host(tmp_path, platform).doctor(qemu=real)
    said = subprocess.run([real, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()[0]
    assert code == 3 and found["QEMU"]["found"] == said
    for name in ("igvm-cfg", "sev-snp-guest", "tdx-guest"):
        if f"QEMU with {name}" in found:
            help_of = subprocess.run([real, "-object", f"{name},help"], capture_output=True, timeout=60)
            assert (found[f"QEMU with {name}"]["verdict"] == "ok") == (help_of.returncode == 0)


def test_no_such_platform():
    done = subprocess.run([KEELSON, "doctor", "--platform", "vax"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "vax" in done.stderr


def test_the_page_quotes_what_is_said():
    """docs/hardware.md, "What a failure looks like": each quote is in the program, but for QEMU's own words."""
    page = (ROOT / "docs/hardware.md").read_text().split("## What a failure looks like")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")][1:]
    program, quotes = KEELSON.read_bytes(), 0
    for row in rows:
        ours = "" if "QEMU: `" in row[1] or "svsm.log" in row[1] else row[1]
        for quote in re.findall("`([^`]+)`", ours):
            assert quote.encode() in program, quote
            quotes += 1
    assert quotes >= 15
