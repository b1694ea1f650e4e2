# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A hostile host: what the SVSM must not be led into before it can defend itself."""

from keelson import finish, start


def test_boot_nmi(runs):
    """An exception in the boot stub is a shutdown there, never a way around the C-bit."""
    run = finish(start(runs, "test", "core/boot", "--option", "boot-nmi"), runs)
    assert run.code == 5, run.out + run.err
    assert "VMPL 0 shut down: triple fault, RIP 0x2000" in run.out, run.out
