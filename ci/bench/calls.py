# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What a call of the SVSM costs, an exit, and what the monitor and ring 3 are made of."""
import re

from tree import kernel


def ticks(info, key):
    """Quickest batch and median one, in us."""
    return [int(n) * 1000 / int(info["tsc_khz"]) for n in info[key].split()]


def measure(table, here, base):
    own = here.info("test", "core/call-roundtrip")
    # The same guest on both, or its calls would not be the same ones.
    other = base.info("test", "core/call-roundtrip", root=base.with_guest("core.bin", here)) if base else None
    for key, name in (("call_two", "core_call_two_tsc"), ("call_linux", "core_call_linux_tsc"),
                      ("call_protocol", "core_call_protocol_tsc")):
        best, median = ticks(own, name)
        table.row(key, best, ticks(other, name)[0] if other else None, f"quickest of 40 batches; median {median:.1f}")
    best, median = here.info("test", "vtpm-bench/calls", *kernel("BENCH"))["module_call"].split()
    table.row("call_module", float(best), None, f"the same from Linux; median {median}")


def machine(table, here):
    info = here.info("test", "machine/cost-*")
    for what, key in (("one exit", "exit_tsc"), ("PVALIDATE of 2M", "pvalidate_2m_tsc"),
                      ("RMPADJUST of 2M", "rmpadjust_2m_tsc")):
        table.plain(what, f"{int(info[key]) * 1000 / int(info['tsc_khz']):.1f} us")


def user_mode(table, here):
    _, folder = here.run("test", "selftest/user_cost")
    detail = (folder / "results.jsonl").read_text()
    khz = int(re.search(r"(\d+) kHz", detail).group(1))
    for what, key in ("system call of ring 3", "user_call_tsc"), ("loading a process", "user_switch_tsc"):
        count = int(re.search(key + r"=(\d+)", detail).group(1))
        table.plain(what, f"{count * 1000 / khz:.2f} us", f"{count} ticks")
