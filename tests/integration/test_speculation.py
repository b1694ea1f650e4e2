# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the SVSM's image does about speculation (svsm/include/base/speculation.h), read from its instructions and
counted on a machine that shows what it has to."""

import re
import subprocess

import pytest

from keelson import BUILD, finish, start

# Branches that are no retpolines: from the boot stub into C, and to the boot CPU's stack; before there is a guest.
INDIRECT = {"boot_long", "kernel_main"}

# What takes lengths, addresses and choices of code from the guest or from ring 3. GCC and clang inline what is called
# once, so an outer function may stand for it.
LFENCE = [["serve", "serve_stopped", "svsm_request"], ["vtpm_page_read"], ["buffer_list_open"], ["call_read"],
          ["call_write"], ["user_copy", "user_copy_in"], ["user_copy", "user_copy_out"],
          # before the first return behind the guest, where a branch may say that it is none or that there is no IBPB
          ["ghcb_call"], ["predictor_flush"]]
MASK = [["guest_ptr", "guest_copy_in"], ["guest_ptr", "guest_copy_out"], ["guest_ptr", "guest_zero"],
        ["find", "pagestate_get"], ["slot", "syscall_serve"], ["user_ptr", "user_copy_in"], ["call_load"],
        ["service_blob_replace"], ["word", "read", "guest_apic_read"]]


@pytest.fixture(scope="module")
def functions():
    """The instructions of each function of the SVSM, by name; several may have the same."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(BUILD / "svsm.elf")], check=True,
                         capture_output=True, text=True).stdout
    found = {}
    for block in re.split(r"\n\n", out):
        head = re.match(r"[0-9a-f]+ <([^>]+)>:\n", block)
        if head:
            found[head[1]] = found.get(head[1], "") + block
    return found


def test_no_predicted_indirect_branch(functions):
    """Whoever trains the predictors chooses no target of ours."""
    assert {name for name, text in functions.items() if re.search(r"\b(call|jmp)q? +\*", text)} == INDIRECT


@pytest.mark.parametrize("names", LFENCE, ids="|".join)
def test_barrier(functions, names):
    assert any("lfence" in functions.get(name, "") for name in names)


@pytest.mark.parametrize("names", MASK, ids="|".join)
def test_mask(functions, names):
    assert any(re.search(r"\bsbb ", functions.get(name, "")) for name in names)


def test_no_return_between_the_guest_and_the_barrier(functions):
    """The guest has filled the return stack (svsm/cpu/predictor.h): behind the VMGEXIT that runs it, the first branch of
    any kind is the call of predictor_flush(). ask_by_msr() may be inlined into any of these."""
    behind = []
    for names in (["hv_run_unless", "hv_run_asked"], ["ask_for_run"], ["ghcb_run"], ["ghcb_msr_run"]):
        text = "\n".join(functions.get(name, "") for name in names)
        behind += re.split(r"\bvmgexit\b", text)[1:]
    assert len(behind) >= 2
    for text in behind:
        assert "<predictor_flush>" in re.search(r"\t(ret|call|j[a-z]+)\b.*", text)[0]


def test_ibpb(runs):
    """Where the processor has it, VMPL0 comes back from the guest with a barrier each time, so one a call at least."""
    run = finish(start(runs, "test", "core/query-*", "--option", "ibpb", "--option", "stats"), runs)
    assert run.code == 0, run.out + run.err
    barriers = int(re.search(r"ibpb: (\d+) barriers", run.text("monitor.log"))[1])
    returns = int(re.search(r"stats: hv.vmpl2.run_vmpl (\d+)", run.text("monitor.log"))[1])
    assert barriers >= returns > 0


def test_ibpb_refused(runs):
    """A hypervisor that does not let it be executed ends nothing; the log tells."""
    run = finish(start(runs, "test", "core/query-*", "--option", "ibpb-refused"), runs)
    assert run.code == 0, run.out + run.err
    assert "the hypervisor refuses IBPB" in run.text("svsm.log")
