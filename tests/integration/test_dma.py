# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Devices reach shared pages only, and what they are refused is told: docs/monitor.md, "Devices"."""

import os
import re
import shutil

import pytest

from keelson import fake, keelson

LINE = re.compile(r"DMA: device (\S+) may not (read|write) (0x[0-9a-f]+): (.*) \(VT-d reason (\d+)\)$", re.M)


def told(run):
    return LINE.findall(run.text("monitor.log"))


def check_told(run, expected):
    """The first of them, and others in this order. A busy host's CPU 0 may come late, and of a device that has one recorded
    QEMU's IOMMU forgets the next ones (hw/i386/intel_iommu.c, vtd_try_collapse_fault()); in a quiet run all are told."""
    left, lines = iter(expected), told(run)
    assert lines and lines[0] == expected[0] and all(line in left for line in lines)
    assert f"DMA: devices were refused at least {len(lines)} accesses" in run.text("monitor.log")


def stat(run, key):
    return int(re.search(rf"stats: {key} (\d+)$", run.text("monitor.log"), re.M)[1])


def test_each_refusal_is_told(runs):
    """A write and a read of each page that the suite tries, with what the page is; 5 and 6: VT-d's table of
    fault reasons, no right to write, no right to read."""
    run = keelson(runs, "test", "dma", "--option", "stats").check(0)
    tried = re.findall(r"LOG refused (0x[0-9a-f]+): (.*)$", run.text("control.log"), re.M)
    device = re.search(r"LOG edu at (\S+)$", run.text("control.log"), re.M)[1]
    expected = [(device, how, page, state, reason) for page, state in tried for how, reason in (("write", "5"), ("read", "6"))]
    assert len(tried) >= 8
    check_told(run, expected)
    assert stat(run, "dma.faults") == len(told(run))
    assert stat(run, "dma.opened") >= stat(run, "dma.closed") >= 2 * 512
    assert run.json()["boots"][0]["refused_dma"].startswith(f"device {device} may not write {tried[0][0]}: {tried[0][1]}")
    assert f"[dma] DMA: device {device} may not write" in run.out


def test_a_strict_run_ends(runs):
    """The first refused access ends it: exit code 4, and the line that says why."""
    run = keelson(runs, "test", "dma/private", "--strict").check(4, "state.txt")
    reason = run.json()["exit"]["reason"]
    assert re.search(r"device 00:\S+ may not write 0x[0-9a-f]+: private, validated", reason), reason
    assert len(told(run)) == 1


def test_nmis_are_told_a_number_of_times(runs):
    """Each is many lines, and a guest's device sends as many as it likes."""
    run = keelson(runs, "test", "dma/nmi").check(0)
    text = run.text("monitor.log")
    assert 1 <= text.count("NMI: this CPU was here") <= 64
    assert text.count("NMI: more of them are not told") == 1


def test_nothing_is_told_where_nothing_was_refused(runs):
    run = keelson(runs, "test", "dma/shared", "--option", "stats").check(0)
    assert "DMA:" not in run.text("monitor.log") + run.out
    assert run.json()["boots"][0]["refused_dma"] is None
    assert stat(run, "dma.faults") == 0 and stat(run, "dma.opened") >= 2


def test_a_linux_driver_is_caught(runs, tools):
    """A driver that hands a private page to its device is named with the page; one that does not, works."""
    run = keelson(runs, "test", "linux-dma").check(0)
    assert run.verdicts() == {"dma-coherent": "pass", "dma-private": "pass", "dma-after": "pass"}
    page = re.search(r"LOG .*private page (0x[0-9a-f]+)", run.text("control.log"))[1]
    device = told(run)[0][0]
    check_told(run, [(device, how, page, "private, validated", r) for how, r in (("write", "5"), ("read", "6"))])


def test_a_linux_driver_ends_a_strict_run(runs, tools):
    run = keelson(runs, "test", "linux-dma/dma-private", "--strict").check(4, "state.txt")
    assert re.search(r"device 00:\S+ may not write 0x[0-9a-f]+: private, validated", run.json()["exit"]["reason"])


def qemu_without(home, word):
    """A QEMU whose command line lacks a device, as somebody's own may."""
    real = shutil.which(os.environ.get("QEMU", "qemu-system-x86_64"))
    path = home / "qemu"
    path.write_text(f"""#!/usr/bin/python3
import os, sys
words = sys.argv[1:]
at = [i for i, w in enumerate(words) if w.startswith({word!r})]
for i in reversed(at):
    del words[i - 1:i + 1]
os.execv({real!r}, [{real!r}, *words])
""")
    path.chmod(0o755)
    return path


def test_without_an_iommu(runs, tmp_path):
    """The machine goes on and says so; and the suite tells the difference."""
    run = keelson(runs, "test", "dma/shared", "dma/private", "dma/private-again", "--option", "stats",
                  "--qemu", qemu_without(tmp_path, "intel-iommu")).check(1)
    assert run.verdicts() == {"shared": "pass", "private": "fail", "private-again": "fail"}
    assert "IOMMU: none; devices reach all of memory" in run.text("monitor.log")
    assert "stats: dma.opened" not in run.text("monitor.log")


@pytest.mark.parametrize("words", [["run", "linux"], ["test", "machine"], ["test", "linux", "--smp", "4"]])
def test_no_virtio_device_passes_the_iommu_by(runs, tmp_path, words):
    """QEMU gives one without iommu_platform all of memory."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(512))
    run = keelson(runs, *words, "--disk", disk, "--dry-run")
    devices = re.findall(r"-device '?(\S+)", run.out)
    virtio = [d for d in devices if d.startswith("virtio-")]
    assert any(d.startswith("intel-iommu") for d in devices) and virtio
    assert all("iommu_platform=on" in d for d in virtio), virtio


def test_a_refusal_of_a_boot_that_failed_is_told(runs):
    run = fake(runs, "dma", "test", "core")
    assert "[core] DMA: device 00:02.0 may not write 0x1000: private, validated; all are in monitor.log" in run.out
