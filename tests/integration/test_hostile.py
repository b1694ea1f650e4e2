# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A hostile host: what the SVSM must not be led into before it can defend itself."""

import re

import pytest

from keelson import finish, keelson, start


def test_boot_nmi(runs):
    """An exception in the boot stub is a shutdown there, never a way around the C-bit."""
    run = finish(start(runs, "test", "core/boot", "--sev-features", "1", "--option", "boot-nmi"), runs)
    assert run.code == 5, run.out + run.err
    assert "VMPL 0 shut down: triple fault, RIP 0x2000" in run.out, run.out


def boot(runs, linux, option, vcpus):
    """Linux comes to user space with that many vCPUs, whatever the host has told it."""
    kernel, initrd = linux
    run = finish(start(runs, "run", "--kernel", kernel, "--initrd", initrd, "--smp", vcpus,
                       "--timeout", 40, "--option", option), runs)
    assert run.code == 0, run.out + run.err
    return run


def test_wakeup_madt(runs, linux):
    """Nothing of a host's MADT that makes Linux write to an address reaches it."""
    assert "vCPUs         2\n" in boot(runs, linux, "wakeup-madt", 2).out


def test_truncated_madt(runs, linux):
    """A MADT that is not one in all of its entries is none: the CPUs come from the list of APIC IDs, the guest's table
    is ours."""
    run = boot(runs, linux, "truncated-madt", 2)
    assert "vCPUs         2\n" in run.out
    assert "no usable MADT from the host: 3 CPUs by its list" in run.text("svsm.log")


def test_stale_lines(runs):
    """Where the processor asks for it, every page has its first and last byte touched right after
    PVALIDATE: the SVSM's own, all RAM at the boot, and what the guest has validated."""
    run = finish(start(runs, "test", "core/pvalidate-*", "--mem", 256, "--option", "stale-lines"), runs)
    assert run.code == 0, run.out + run.err
    evicted, lost = re.search(r"stale lines: (\d+) pages evicted, (\d+) lost", run.text("monitor.log")).groups()
    assert int(lost) == 0, run.text("monitor.log")
    assert int(evicted) > (256 - 16) * 256, "less than RAM without what the launch has loaded"


def test_many_ranges(runs):
    """RAM in more than 64 ranges, in no order, is no reason not to start."""
    run = finish(start(runs, "test", "core/pvalidate-stops", "--option", "many-ranges"), runs)
    assert run.code == 0, run.out + run.err


@pytest.mark.parametrize("option", ["overlapping-ranges", "wrapping-range", "empty-range"])
def test_unusable_memory_map(runs, option):
    """A memory map that cannot be true ends the boot, and the SVSM's log says why."""
    run = finish(start(runs, "test", "core/pvalidate-stops", "--option", option), runs)
    assert run.code == 5, run.out + run.err
    assert "panic: the host's memory map is malformed" in run.text("svsm.log")


CORE = ["core/query-protocol", "core/pvalidate-4k", "core/vcpu-twice", "core/call-roundtrip"]
QUICK = "vtpm-raw/facts"
INTERRUPTED = "vtpm-raw/kill-working"


@pytest.mark.parametrize("option, tests", [
    ("refuse-once", [INTERRUPTED]),
    ("refuse-timer", [INTERRUPTED]),
    ("forge-eoi", [INTERRUPTED]),
    ("refuse-run-vmpl", CORE),
    ("lies", CORE + [QUICK]),
    ("forge-success", CORE + [QUICK]),
])
def test_answers(runs, option, tests):
    """What a host refuses, forges or spoils stops no call. The long command shows that the timer
    interrupts ring 3 again: its first answer has to be RETRY."""
    eoi = ["--sev-features", "1"] if option == "forge-eoi" else []  # with a doorbell none is asked for
    run = finish(start(runs, "test", *tests, *eoi, "--timeout", 40, "--option", option), runs)
    assert run.code == 0, run.out + run.err
    assert f"{len(tests)} passed, 0 failed" in run.out + run.err


def test_hv_storm(runs):
    """#HV at any instruction, any word in the doorbell page: services are late, and nothing else."""
    run = keelson(runs, "test", "vtpm-raw/auth-own", "--option", "hv-storm").check(0)
    rung = re.findall(r"hostile: (\d+) #HVs, (\d+) in ring 0, (\d+) there with the user's GS", run.text("monitor.log"))
    assert rung and int(rung[-1][0]) >= 64 and int(rung[-1][1]) > 0, rung  # as many as come in that time
    assert "panic" not in run.text("svsm.log")


def test_hv_storm_at_every_instruction(runs):
    """By instructions the timer strikes between any two: also behind SWAPGS, on the way to ring 3."""
    run = keelson(runs, "test", "vtpm-raw/auth-own", "--icount", "0", "--option", "hv-storm").check(0)
    rung = re.findall(r"hostile: \d+ #HVs, \d+ in ring 0, (\d+) there with the user's GS", run.text("monitor.log"))
    assert rung and int(rung[-1]) > 0, rung


def test_hv_nested(runs):
    """What the first #HV has interrupted is lost then: the SVSM ends, and says so."""
    run = keelson(runs, "test", "vtpm-raw/auth-own", "--option", "hv-nested").check(5)
    assert "hostile: a #HV into the handler of another" in run.text("monitor.log")
    assert re.search(r"panic: #HV", run.text("svsm.log")), run.text("svsm.log")


def test_hv_in_copy(runs):
    """Ring 3's frame, half copied, is not that of the next #HV: else ring 0 goes on with ring 3's registers."""
    run = keelson(runs, "test", "vtpm-raw/auth-own", "--option", "hv-in-copy").check(5)
    assert "hostile: a #HV into the copy of another's frame" in run.text("monitor.log")
    assert re.search(r"panic: #HV", run.text("svsm.log")), run.text("svsm.log")


def test_vmrun_refuses_other_events(runs):
    """Restricted injection: an NMI of the host's never reaches the SVSM."""
    run = keelson(runs, "test", "core/query-protocol", "--option", "boot-nmi").check(0)
    assert "VMRUN refuses the event 0x80000202: restricted injection" in run.text("monitor.log")


def test_hv_storm_where_vmpl0_injects(runs):
    """A run of the guest is called off by #HV, but not for ever: docs/apic.md."""
    keelson(runs, "test", "apic/priority", "apic/lazy-eoi", "apic/registers", "--option", "hv-storm").check(0)
