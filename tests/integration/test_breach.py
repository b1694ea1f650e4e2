# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the machine does not let a guest do ends it; a test that announces its end passes by that alone.

The cases themselves are the suites breach and deny, which are part of `make check` as every suite is.
"""

import pytest

from keelson import keelson


@pytest.mark.parametrize("test, who, why", [
    ("breach/svsm-read", "vCPU 0 VMPL 2", "no permission for this VMPL (0x2000000)"),
    ("deny/deny-svme", "vCPU 0 VMPL 2", "VMRUN refused"),
    ("deny/deny-vmsa-own", "vCPU 1 VMPL 0", "the VMSA that it runs on"),
])
def test_the_announced_end_is_a_pass(runs, test, who, why):
    run = keelson(runs, "test", test).check(0)
    name = test.split("/")[1]
    assert run.verdicts() == {name: "pass"}
    assert who in run.detail(name) and why in run.detail(name)
    assert run.json()["boots"][0]["reason"] == run.detail(name)
    assert not (run.folder / "state.txt").exists()


def test_an_end_that_does_not_come_fails(runs):
    run = keelson(runs, "test", "panic/survives").check(1)
    assert run.verdicts() == {"survives": "fail"}
    assert "which did not come" in run.detail("survives")


def test_another_end_fails(runs):
    run = keelson(runs, "test", "panic/dies-otherwise").check(4, "state.txt")
    assert run.verdicts() == {"dies-otherwise": "fail"}
    assert "terminated: set 0 reason 0" in run.detail("dies-otherwise")
