# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the machine does not let a guest do: each case ends its own run, and says why."""

import pytest

from keelson import keelson

BREACHES = {
    "shared-read-of-private": "shared access to a private page",
    "shared-write-of-private": "shared access to a private page",
    "svsm-read": "no permission",
    "svsm-write": "no permission",
    "svsm-shared-read": "shared access to a private page",
    "svsm-execute": "no permission",
    "vmsa-execute": "no permission",
    "vmsa-write": "no permission",
    "deposited-read": "no permission",
    "ghcb-private": "not shared memory",
    "msr-unknown": "0xabc",
    "terminate-event": "terminat",
}

DENIED = {
    "deny-read": "no permission",
    "deny-write": "no permission",
    "deny-execute": "no permission",
    "deny-execute-user-only": "no permission",
    "deny-write-only": "no permission",
    "deny-svme": "VMRUN refused",
}

DENIED_AT_VMPL0 = {
    "deny-vmsa-gone": "no VMSA that can be run",
    "deny-vmsa-own": "the VMSA that it runs on",
}


def ends(run, test, why, who="VMPL 2"):
    assert run.verdicts() == {test: "fail"}
    reason = run.json()["exit"]["reason"]
    assert who in reason and why in reason


@pytest.mark.parametrize("test", BREACHES)
def test_breach(runs, test):
    ends(keelson(runs, "test", f"breach/{test}").check(4), test, BREACHES[test])


@pytest.mark.parametrize("test", DENIED)
def test_denied(runs, test):
    ends(keelson(runs, "test", f"deny/{test}").check(4), test, DENIED[test])


@pytest.mark.parametrize("test", DENIED_AT_VMPL0)
def test_denied_at_vmpl0(runs, test):
    ends(keelson(runs, "test", f"deny/{test}").check(5), test, DENIED_AT_VMPL0[test], "vCPU 1 VMPL 0")


@pytest.mark.parametrize("test", ["allow-read", "allow-write", "allow-execute"])
def test_allowed(runs, test):
    assert keelson(runs, "test", f"deny/{test}").check(0).verdicts() == {test: "pass"}
