# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Machines at the upper end of what README.md promises. QEMU reserves nothing, so this host needs 1 GiB of it."""

import re

from keelson import BUILD, igvm, keelson


def guest_ram(run):
    """MiB, as the machine counts what it leaves to the guest."""
    return int(re.search(r"guest RAM (\d+) MiB", run.text("monitor.log"))[1])


def test_256_gib(tmp_path):
    run = keelson(tmp_path, "test", "core/query-protocol", "core/pvalidate-4k", "--mem", 262144).check(0)
    assert guest_ram(run) > 240 << 10
    assert "left out" not in run.text("svsm.log")


def test_more_ram_than_the_image_was_built_for(tmp_path):
    """The host gives 32 GiB to an image with room for the page states of less: the rest is no RAM to anybody."""
    image = tmp_path / "small.igvm"
    words = ["--bare", BUILD / "guests/bare/core.bin", "--test", "--mem", 512, "--cpus", 4, "--service-cpus", 1]
    code, out, err = igvm("build", "--svsm", BUILD / "svsm.elf", *words, "-o", image)
    assert code == 0, out + err
    run = keelson(tmp_path / "runs", "test", "core/query-protocol", "core/pvalidate-4k", "--mem", 32768, "--igvm", image).check(0)
    left, kept = map(int, re.search(r"(\d+) MiB of RAM are left out: .* of (\d+) MiB", run.text("svsm.log")).groups())
    assert left > 1024 and kept > 4096 and left + kept >= guest_ram(run)
