# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Any path works: what QEMU, a shell or JSON would read in it is escaped."""

import json
import os
import shutil
import subprocess

import pytest

from fake_qemu import options
from keelson import BUILD, FAKE_QEMU, KEELSON, ROOT, environment

# What somebody reads: QEMU ("," "="), a shell (quotes, blanks, "$"), printf ("%"), lines, JSON (no UTF-8), XML.
ODD = ["com,ma, ,two,,=", "it's \"quoted\"", "100%s $HOME;`id`", "new\nline <&>", "\u00f6\udcff"]
IDS = [str(i) for i in range(len(ODD))]


def after(argv, word):
    return [b for a, b in zip(argv, argv[1:]) if a == word]


@pytest.mark.parametrize("odd", ODD, ids=IDS)
def test_odd_path(tmp_path, odd):
    """Run folder, disk, monitor, IGVM file and QEMU itself lie there."""
    place = tmp_path / odd
    place.mkdir()
    files = {name: place / f"{odd}.{name}" for name in ("img", "mb", "igvm")}
    for path in files.values():
        path.write_bytes(b"any")
    qemu = place / "qemu"
    shutil.copy(FAKE_QEMU, qemu)
    words = ["--qemu", qemu, "--monitor", files["mb"], "--igvm", files["igvm"], "--disk", files["img"], "--runs", place]
    done = subprocess.run([KEELSON, "test", "core", *words, "--name", "n", "--option", "stats,trace"], cwd=tmp_path,
                          env=environment({"FAKE_MODE": "good"}), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = place / os.readlink(place / "latest")
    if odd.isprintable() and odd.isascii():
        argv = json.loads((folder / "run.json").read_text())["boots"][0]["qemu"]
        assert argv[0] == str(qemu) and after(argv, "-kernel") == [str(files["mb"])]
        assert options(after(argv, "-drive")[0])["file"] == str(files["img"])
        fw_cfg = [options(v) for v in after(argv, "-fw_cfg")]
        assert {str(files["igvm"]), "strict stats,trace"} <= {f.get("file") or f.get("string") for f in fw_cfg}
        logs = {options(v)["path"] for v in after(argv, "-chardev") if "path" in options(v)}
        assert logs == {str(folder / f) for f in ("console.log", "control", "svsm.log", "debug.log", "monitor.log", "psp")}
    again = subprocess.run([folder / "recreate.sh"], cwd="/", env=environment({"FAKE_MODE": "good"}), timeout=60,
                           capture_output=True)
    assert again.returncode == 0, again.stderr
    assert len([p for p in place.iterdir() if p.name.startswith("n-") and not p.is_symlink()]) == 2


def test_relative_disk_with_a_colon(tmp_path):
    """QEMU would take what stands before the colon for a protocol."""
    done = subprocess.run([KEELSON, "run", "hang", "--dry-run", "--disk", "nbd:1.img"], cwd=tmp_path, env=environment(),
                          capture_output=True, text=True, timeout=60)
    assert "file=./nbd:1.img " in done.stdout


def test_checkout_with_comma_and_blank(tmp_path):
    """The real thing, all of it below such a folder."""
    root = tmp_path / "a checkout, of=mine"
    (root / "build/guests/bare").mkdir(parents=True)
    shutil.copytree(ROOT / "launch", root / "launch")
    for name in ("keelson", "monitor.elf.mb", "svsm.elf", "guests/bare/core.bin"):
        shutil.copy(BUILD / name, root / "build" / name)
    disk = root / "a, disk=1.img"
    disk.write_bytes(bytes(1 << 20))
    done = subprocess.run([root / "build/keelson", "test", "core/pvalidate-4k", "--disk", disk], cwd=tmp_path,
                          env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    again = subprocess.run([root / "build/runs/latest/recreate.sh"], cwd="/", env=environment(), timeout=300)
    assert again.returncode == 0
