# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Two builds of this tree in two folders give the same images, byte for byte."""

import os
import shutil
import subprocess

import pytest

from keelson import BUILD, ROOT

IMAGES = ["monitor.elf.mb", "svsm.elf", "guests/bare/core.bin"]


def copy_tree(to):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        source = ROOT / name
        if not name or not source.is_file():
            continue
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, to / name)


def build(folder):
    copy_tree(folder)
    env = {k: v for k, v in os.environ.items() if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    targets = [f"build/{i}" for i in IMAGES] + ["build/keelson"]
    done = subprocess.run(["make", "-j2", *targets], cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [igvm(folder, "bare.igvm", "--bare", "build/guests/bare/core.bin"),
            igvm(folder, "svsm.igvm", *linux())] + [folder / "build" / i for i in IMAGES]


def linux():
    """The guest, where there is one: it was fetched, not built, so both images get the same."""
    kernel, initrd = BUILD / "guests/kernel/vmlinuz", BUILD / "guests/initramfs.cpio"
    if not kernel.exists() or not initrd.exists():
        return ["--bare", "build/guests/bare/core.bin"]
    return ["--kernel", kernel, "--initrd", initrd, "--cmdline", "console=ttyS0 quiet"]


def igvm(folder, name, *words):
    image = folder / "build" / name
    subprocess.run([folder / "build/keelson", "igvm", "build", "--svsm", "build/svsm.elf", *words, "-o", image],
                   cwd=folder, check=True, timeout=60)
    return image


def test_two_folders(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git tree: no list of files to copy")
    one = build(tmp_path / "one")
    two = build(tmp_path / "another" / "place" / "with-a-longer-name")
    different = [a.name for a, b in zip(one, two) if a.read_bytes() != b.read_bytes()]
    assert not different
