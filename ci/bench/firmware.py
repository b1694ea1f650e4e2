# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Boots by OVMF: the same firmware, kernel and initramfs, handed over by fw_cfg, plain and under the SVSM."""
import boots
import exits


def measure(table, here, count):
    found = boots.rounds(here, None, count, "--firmware")
    boots.print_ratio(table, found, "firmware_user", "user")
    boots.print_ratio(table, found, "firmware_cpu", "cpu", "s")
    own, text = exits.boot(here, "--firmware")
    table.row("exits_firmware", exits.total(own))
    exits.print_groups(exits.by_group(text))
