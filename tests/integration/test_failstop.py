# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A host that keeps the SVSM from ending, or strikes where only an end is left."""

import pytest

from keelson import finish, keelson, start


# A command of the TPM that takes long, so that the service CPU works on it.
AT_WORK = "vtpm-raw/retry-meanwhile"


def ends(runs, test, *words):
    """A run that VMPL0 must end; the log of the SVSM, and that of the machine."""
    options = [o for w in words for o in ("--option", w)]
    run = finish(start(runs, "test", test, "--sev-features", "1", *options, "--timeout", "30"), runs)
    assert run.code == 5, run.out + run.err
    return run.text("svsm.log"), run.text("monitor.log")


def all_stop(log, machine):
    """One CPU says why, the others that they stop for it, and none moves again."""
    assert log.count("error: panic: ") == 1, log
    assert "error: stopped, because CPU 2 has panicked" in log, log
    assert "vCPU 2 VMPL 0 asks for termination; ignored" in machine, machine
    assert "vCPU 0 VMPL 0 asks for termination; ignored" in machine, machine
    assert "halted for good: every vCPU waits with interrupts off" in machine, machine


def test_panic_stops_all(runs):
    """A panic on the service CPU, and a host that does not grant the termination."""
    log, machine = ends(runs, AT_WORK, "inject-ud", "ignore-termination")
    assert "[2] error: panic: #UD" in log, log
    all_stop(log, machine)


def test_panic_at_start(runs):
    """A CPU that panics in its start is not one that is late: the guest does not start without it."""
    log, machine = ends(runs, "core/query-protocol", "inject-ud-start", "ignore-termination")
    assert "[0] error: stopped, because CPU 3 has panicked" in log, log
    assert "guest:" not in log, log
    assert "VMPL 2" not in machine, machine


def test_panics_everywhere(runs):
    """Each other CPU panics as well, in its way to stop or before it."""
    log, machine = ends(runs, AT_WORK, "inject-ud-all", "ignore-termination")
    assert "[2] error: panic: #UD" in log, log
    assert "vector 6 into VMPL 0 of vCPU 0" in machine, machine
    assert "halted for good: every vCPU waits with interrupts off" in machine, machine


def test_panic_in_panic(runs):
    """Two more exceptions into the report: it is cut short, and everything ends all the same."""
    log, machine = ends(runs, AT_WORK, "inject-ud-again", "ignore-termination")
    assert machine.count("vector 6 into VMPL 0 of vCPU 2") == 3, machine
    assert "error: stopped, because CPU 2 has panicked" in log, log
    assert "halted for good: every vCPU waits with interrupts off" in machine, machine


def test_machine_check(runs):
    """#MC is a panic with a name, where the processor would else shut down."""
    log, _ = ends(runs, AT_WORK, "inject-mc")
    assert "[2] error: panic: machine check" in log, log


@pytest.mark.parametrize("word, cpl", [("nested-nmi", 0), ("nested-nmi-user", 3)])
def test_nested_nmi(runs, word, cpl):
    """The handler of an NMI that lost its frame to the next one does not go back anywhere."""
    log, machine = ends(runs, AT_WORK, word)
    assert f" CPL {cpl}, RSP" in machine, machine
    assert "[2] error: panic: NMI on a stack in use" in log, log


def test_nested_nmi_restricted(runs):
    """Under restricted injection VMRUN refuses an NMI, and no host has another way to bring one (APM vol. 2, 15.36.16)."""
    run = keelson(runs / "restricted", "test", AT_WORK, "--option", "nested-nmi")
    assert run.code == 0, run.out + run.err
    assert "VMRUN refuses the event 0x80000202" in run.text("monitor.log"), run.text("monitor.log")
    assert "hostile: nested NMIs" not in run.text("monitor.log"), run.text("monitor.log")


def test_nmi_storm(runs):
    """NMIs anywhere, each after the IRET of the last one, cost time and nothing else."""
    for test in ("core/pvalidate-long", "core/vcpu-create-delete", "vtpm-raw/kill-idle"):
        run = keelson(runs / test.replace("/", "-"), "test", test, "--sev-features", "1", "--option", "nmi-storm")
        assert run.code == 0, run.out + run.err
        assert "panic" not in run.text("svsm.log"), run.text("svsm.log")
        # as many as come in the time that the tests take: on a busy host some hundred in place of thousands
        assert "hostile: 64 NMIs into VMPL 0" in run.text("monitor.log"), run.text("monitor.log")


@pytest.mark.parametrize("more", [(), ("ignore-termination",)])
def test_nmi_storm_nested(runs, more):
    """Nested ones end by termination, never by what a wrong frame leads to."""
    log, machine = ends(runs, AT_WORK, "nmi-storm-nested", *more)
    how = "halted for good" if more else "VMPL 0 terminated: set 0 reason 0"
    assert how in machine, machine
    for line in log.splitlines():
        assert "panic: " not in line or "panic: NMI on a stack in use" in line, log


def test_no_rdrand(runs):
    """Without the processor's random numbers there is no canary that the host cannot know."""
    _, machine = ends(runs, "core/query-protocol", "no-rdrand")
    assert "VMPL 0 terminated: set 2 reason 1 (no random numbers from the processor)" in machine, machine
