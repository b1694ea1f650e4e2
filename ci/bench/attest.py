# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What a report of the SVSM's attestation protocol costs its caller (guests/bare/attest/cost.c)."""


def ms(info, ticks):
    return int(ticks) / int(info["tsc_khz"])


def measure(table, here):
    info = here.info("test", "attest/cost")
    median, most = (ms(info, n) for n in info["attest_tsc"].split())
    table.row("attest", median, None, f"median of 20; the most {most:.1f}")
    table.row("attest_held", ms(info, info["attest_held_tsc"]), None, "the longest call of those")
    info = here.info("test", "attest/cost-first")
    whole, held = (ms(info, n) for n in info["attest_first_tsc"].split())
    table.row("attest_first", whole, None, f"with six keys of the TPM, in calls of {held:.1f} at most")
