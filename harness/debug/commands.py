# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""gdb's side of `keelson debug`: the images' symbols, and what CPU, VMPL and image a place is in. debug.json, beside this file,
says with which words the run is made, and which images are in it."""

import json
import os
import sys

import gdb

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True

from memory import C_BIT, IMAGE  # noqa: E402

MASK = (1 << 64) - 1


def value(expression):
    return int(gdb.parse_and_eval(expression)) & MASK


def loads(path):
    """The contents of an ELF file's segments that are code."""
    with open(path, "rb") as file:
        data = file.read()
    wide = data[4:5] == b"\2"
    offset, width, count = (32, 56, 56) if wide else (28, 42, 44)
    table = int.from_bytes(data[offset:offset + (8 if wide else 4)], "little")
    size, number = (int.from_bytes(data[at:at + 2], "little") for at in ((54, 56) if wide else (42, 44)))
    found = []
    for at in (table + n * size for n in range(number)):
        def field(place, bytes_, at=at):
            return int.from_bytes(data[at + place:at + place + bytes_], "little")
        start, length, flags = (field(8, 8), field(32, 8), field(4, 4)) if wide else (field(4, 4), field(16, 4), field(24, 4))
        if field(0, 4) == 1 and flags & 1:
            found.append(data[start:start + length])
    return found


def load_symbols(images):
    """An image without symbols is debugged by addresses, and one of another build is not named wrongly."""
    for name in ("monitor", "svsm", "service", "kernel"):
        path = images.get(name)
        if not path:
            print(f"keelson: no symbols of the {name}" + (": give its vmlinux by --vmlinux" if name == "kernel" else ""))
        elif name == "monitor" and loads(path) != loads(images["monitor-run"]):
            print(f"keelson: {path} is not the monitor of this run: no symbols of it")
        else:
            gdb.execute(f"add-symbol-file {path}", to_string=True)


class Where:
    """Of the selected thread. QEMU's CPU n is vCPU n - 1; CPU 0 is the monitor's own."""

    def __init__(self):
        self.cpu = gdb.selected_thread().num - 1
        self.rip, self.guest = value("$rip"), bool(value("$cr3") & C_BIT)
        self.cpl = value("$cs") & 3

    def vmpl(self):
        """Of what the CPU runs, or would run next; None: nothing yet."""
        if not self.cpu:
            return None
        try:
            vcpu = gdb.parse_and_eval(f"machine_vcpus[{self.cpu - 1}]")
            return int(vcpu["vmpl"]) if int(vcpu) else None
        except gdb.error:
            return None

    def image(self):
        if not self.guest:
            return "the monitor" if self.rip >= IMAGE else "the machine's firmware, or the monitor's start"
        if self.vmpl() == 0:
            return "the SVSM" if self.cpl == 0 else "a service of the SVSM"
        return "the guest" if self.vmpl() is not None else "a guest of the monitor"

    def exits(self):
        try:
            return str(int(gdb.parse_and_eval("'trail.c'::count")))
        except gdb.error:
            return "?"


def symbol(address):
    name = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return "" if name.startswith("No symbol") else " " + name.split(" in section")[0]


def instructions():
    """All that the CPUs have executed together."""
    return gdb.execute("monitor instructions", to_string=True).strip()


class Command(gdb.Command):
    def __init__(self, name, say):
        super().__init__(name, gdb.COMMAND_STATUS)
        self.say = say

    def invoke(self, _argument, _from_tty):
        self.say()


def say_where():
    """The line that each stop ends with."""
    where = Where()
    vmpl = where.vmpl()
    level = f"VMPL {vmpl}" if where.guest else f"host mode (VMPL {vmpl} is its vCPU's)" if vmpl is not None else "host mode"
    name = symbol(where.rip) if not where.guest or vmpl == 0 else ""
    print(f"CPU {where.cpu}, {level}, CPL {where.cpl}: {where.image()}, {where.rip:#x}{name}; {where.exits()} exits, "
          f"{instructions()} instructions")


def say_vmpl():
    vmpl = Where().vmpl()
    print("no vCPU" if vmpl is None else f"VMPL {vmpl}")


def start():
    with open(os.path.join(FOLDER, "debug.json"), encoding="utf-8") as file:
        given = json.load(file)
    for setting in ("pagination off", "confirm off", "architecture i386:x86-64", "remotetimeout 100000", "breakpoint pending off",
                    "can-use-hw-watchpoints 0"):
        gdb.execute(f"set {setting}", to_string=True)
    load_symbols(given["images"])
    Command("keelson-where", say_where)
    Command("keelson-vmpl", say_vmpl)
    gdb.execute(f"target remote | python3 -B '{FOLDER}/server.py'")


start()
