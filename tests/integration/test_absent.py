# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The SVSM's image on a machine that is no confidential one: one line that says so, and power off."""

import subprocess

import pytest

from keelson import BUILD


@pytest.mark.parametrize("cpu", ["qemu64", "EPYC", "Skylake-Client"])
def test_plain_machine(tmp_path, cpu):
    image, log = tmp_path / "svsm.mb", tmp_path / "log"
    # QEMU's multiboot loader takes ELF32 only.
    subprocess.run(["objcopy", "-O", "elf32-i386", BUILD / "svsm.elf", image], check=True)
    qemu = subprocess.run(
        ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", cpu, "-m", "256", "-display", "none", "-nodefaults",
         "-no-reboot", "-chardev", f"file,id=log,path={log}", "-device", "isa-debugcon,iobase=0x402,chardev=log",
         "-kernel", image], capture_output=True, text=True, timeout=300)
    ours = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("Keelson")]
    assert qemu.returncode == 0, qemu.stderr
    assert ours == ["Keelson SVSM: this machine is neither an SEV-SNP guest nor a TD; start the IGVM file on a host "
                    "that has SEV-SNP, or with build/keelson"]
