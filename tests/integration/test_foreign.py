# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Kernels and initrds that are not ours: what passes where no agent answers, and what is said of an old kernel."""

import struct
import subprocess

import pytest

from keelson import BUILD, KEELSON, ROOT, environment, fake, igvm


@pytest.mark.parametrize("mode, code, says", [
    ("foreign", 0, ""),
    ("foreign-reset", 4, "reset"),
    ("foreign-silent", 7, "no progress"),
    ("", 2, "has the agent"),  # one that says HELLO
])
def test_no_agent(runs, mode, code, says):
    """Its console is the output, and only a power off passes."""
    run = fake(runs, mode, "run", "guest", "--no-agent", "--timeout", 2).check(code)
    assert says in (run.json()["exit"]["reason"] or "")
    assert run.out == ("login: " if mode else "")
    assert ("powered off" in run.err) == (code == 0)


@pytest.mark.parametrize("words", [["--exec", "true"], ["--shell"], ["core"]])
def test_what_needs_an_agent(words):
    done = subprocess.run([KEELSON, "run", "--no-agent", *words], cwd=ROOT, env=environment(), capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and done.stderr and not done.stdout


def bzimage(path, version):
    """As much of one as the builder reads: Linux Documentation/arch/x86/boot.rst."""
    image = bytearray(0x3000)
    struct.pack_into("<B", image, 0x1f1, 7)         # setup_sects
    struct.pack_into("<H", image, 0x1fe, 0xaa55)
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, 0x20f)     # protocol
    struct.pack_into("<H", image, 0x20e, 0x600 - 0x200)
    struct.pack_into("<I", image, 0x22c, 0x7fffffff)  # initrd_addr_max
    struct.pack_into("<BxH", image, 0x234, 1, 1)    # relocatable, xloadflags: a 64-bit entry
    struct.pack_into("<I", image, 0x238, 2047)      # cmdline_size
    struct.pack_into("<I", image, 0x260, 0x3000)    # init_size
    image[0x600:0x600 + len(version)] = version.encode()
    path.write_bytes(image)
    return path


@pytest.mark.parametrize("version, old", [("6.1.0-50-cloud-amd64 (debian)", True), ("6.10.14", True), ("6.11.0-rc1", False),
                                          ("7.2.13+deb14", False), ("", False)])
def test_an_old_kernel_is_told_before_the_boot(tmp_path, version, old):
    kernel = bzimage(tmp_path / "vmlinuz", version)
    code, out, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--kernel", kernel, "-o", tmp_path / "out.igvm")
    assert code == 0, err
    assert ("before 6.11" in err) == old
    assert not old or f"{kernel} is Linux {version.split()[0]}:" in err


def test_an_old_kernel_is_told_after_the_boot(runs):
    run = fake(runs, "old-kernel", "run", "linux").check(4)
    reason = run.json()["exit"]["reason"]
    assert "(not VMPL0)" in reason and "use 6.11 or newer" in reason and "kexec" in reason
