# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Hosts that this one is not: /proc, /sys and /dev of an SEV-SNP or TDX machine, and QEMUs as they answer there."""

import json
import shutil
import subprocess
import tempfile

from keelson import KEELSON, environment

SNP_LOG = """\
[    0.000000] SEV-SNP: RMP table physical range [0x0000000035500000 - 0x0000000075afffff]
[    1.400000] AMD-Vi: IOMMU SNP support enabled.
[    9.100000] ccp 0000:45:00.1: SEV-SNP API:1.55 build:21
[   11.00000] kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)
"""
TDX_LOG = """\
[    5.205693] virt/tdx: BIOS enabled: private KeyID range [64, 128)
[   29.884513] virt/tdx: module initialized
"""
NO_TYPE = "Parameter 'qom-type' does not accept value '{}'"  # QEMU 7.2, 11.1.3


def put(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


class Host:
    """A host that is as it should be, until a test takes something away."""

    def __init__(self, home, platform):
        self.home, self.root, self.bin, self.platform = home, home / "host", home / "bin", platform
        snp = platform == "snp"
        self.cpu("AuthenticAMD" if snp else "GenuineIntel", "AMD EPYC 9454P 48-Core Processor" if snp else "INTEL(R) XEON(R) PLATINUM 8592+",
                 "fpu svm sme sev sev_es sev_snp" if snp else "fpu vmx tdx_host_platform")
        self.kernel("7.1.0-svsm+")
        for name in ("kvm_amd/parameters/sev", "kvm_amd/parameters/sev_es", "kvm_amd/parameters/sev_snp") if snp else ("kvm_intel/parameters/tdx",):
            put(self.root, f"sys/module/{name}", "Y\n")
        put(self.root, "dev/kvm", "")
        put(self.root, "dev/sev", "")
        for device in ("kvm", "sev"):
            (self.root / "dev" / device).chmod(0o666)
        self.log(SNP_LOG if snp else TDX_LOG)
        self.qemu()

    def cpu(self, vendor, model, flags):
        put(self.root, "proc/cpuinfo", "".join(f"processor\t: {n}\nvendor_id\t: {vendor}\nmodel name\t: {model}\nflags\t\t: {flags}\n\n" for n in (0, 1)))

    def kernel(self, release):
        put(self.root, "proc/sys/kernel/osrelease", f"{release}\n")

    def program(self, name, text):
        put(self.bin, name, f"#!/bin/sh\n{text}")
        (self.bin / name).chmod(0o755)

    def log(self, text):
        """What dmesg(1) says; None: nothing to this user."""
        put(self.home, "dmesg.txt", text or "")
        self.program("dmesg", f"cat {self.home}/dmesg.txt\n" if text is not None else
                     "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2\nexit 1\n")

    def qemu(self, version="11.0.50 (svsm)", objects=("igvm-cfg", "sev-snp-guest", "tdx-guest"), machine=("igvm-cfg", "device-plane"),
             devices=("isa-debugcon",), starts="sleep 600"):
        """One that answers what real ones do; what it was asked is in asked.txt. A machine without -S and help runs."""
        lines = [f"echo \"$@\" >>{self.home}/asked.txt",
                 f"case \"$*\" in --version) echo 'QEMU emulator version {version}'; exit ;;",
                 "*'-machine none -object tdx-guest'*) kill -ABRT $$ ;;"]  # 11.1.3: "not an instance of type kvm-accel"
        lines += [f"'-object {o},help') echo '{o} options:'; exit ;;" for o in objects]
        lines += [f"'-device {d},help') echo '{d} options:'; exit ;;" for d in devices]
        lines += [f"'-machine q35,help') printf '  %s=<x>\\n' memory-backend {' '.join(machine)}; exit ;;",
                  "-h) echo '-machine [type=]name[,prop[=value][,...]]'; exit ;;",
                  f"'-object '*,help) o=${{2%,help}}; echo \"qemu-system-x86_64: -object $o,help: {NO_TYPE.format('$o')}\" >&2; exit 1 ;;",
                  "'-device '*,help) echo \"qemu-system-x86_64: Device '${2%,help}' not found\" >&2; exit 1 ;; esac", starts]
        self.program("qemu", "\n".join(lines) + "\n")

    def words(self):
        return environment({"KEELSON_HOST_ROOT": str(self.root), "PATH": f"{self.bin}:/usr/bin:/bin"})

    def doctor(self, qemu=None, user=None):
        """Exit code, and a document a check."""
        done = subprocess.run([KEELSON, "doctor", "--platform", self.platform, "--qemu", str(qemu or self.bin / "qemu"), "--json"],
                              env=self.words(), capture_output=True, text=True, timeout=120, user=user)
        assert not done.stderr, done.stderr
        return done.returncode, {d["check"]: d for d in map(json.loads, done.stdout.splitlines())}

    def asked(self):
        file = self.home / "asked.txt"
        return file.read_text().splitlines() if file.exists() else []


class OpenFolder:
    """A folder that other users can enter, as pytest's own are not."""

    def __enter__(self):
        import pathlib
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="keelson-host-"))
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *unused):
        shutil.rmtree(self.path)
