# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Two builds of this tree in two folders give the same images, byte for byte: the one that is here, and one elsewhere."""

import os
import pathlib
import shutil
import subprocess

import pytest

from keelson import BUILD, ROOT

NAME = os.environ.get("BUILD", "build")  # below the tree: debug information has it
IMAGES = ["monitor.elf.mb", "svsm.elf", "guests/bare/core.bin"]


def copy_tree(to):
    """What make sees here, so with files that git does not know yet."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        source = ROOT / name
        if not name or not source.is_file():
            continue
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, to / name)


def build(folder, images):
    """What is there already, compiled with the flags of this run, is not compiled again."""
    env = {k: v for k, v in os.environ.items() if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    targets = [f"{NAME}/{i}" for i in IMAGES] + [f"{NAME}/keelson"]
    done = subprocess.run(["make", "-j2", f"BUILD={NAME}", *targets], cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    images.mkdir()
    bare = ["--bare", folder / NAME / "guests/bare/core.bin"]
    return [igvm(folder, images / "bare.igvm", *bare),
            igvm(folder, images / "svsm.igvm", *(linux() or bare))] + [folder / NAME / i for i in IMAGES]


def linux():
    """The guest, where there is one: it was fetched, not built, so both images get the same."""
    kernel, initrd = BUILD / "guests/kernel/vmlinuz", BUILD / "guests/initramfs.cpio"
    if not kernel.exists() or not initrd.exists():
        return []
    return ["--kernel", kernel, "--initrd", initrd, "--cmdline", "console=ttyS0 quiet"]


def igvm(folder, image, *words):
    build = folder / NAME
    subprocess.run([build / "keelson", "igvm", "build", "--svsm", build / "svsm.elf", *words, "-o", image], check=True, timeout=600)
    return image


def test_two_folders(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git tree: no list of files to copy")
    if pathlib.Path(NAME).is_absolute():
        pytest.skip("BUILD is a folder elsewhere, and so are the names in its images")
    place = tmp_path / "another" / "place" / "with-a-longer-name"
    copy_tree(place)
    one, two = build(ROOT, tmp_path / "one"), build(place, tmp_path / "two")
    different = [a.name for a, b in zip(one, two) if a.read_bytes() != b.read_bytes()]
    assert not different
