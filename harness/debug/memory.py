# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Memory as a stopped CPU sees it. QEMU's stub walks the tables that CR3 names as if no nested ones lay below, and takes
the C-bit, bit 47, for an address: of a guest it finds nothing. So its tables are walked here, in physical memory."""

C_BIT = 1 << 47
PRESENT, LARGE = 1, 1 << 7
ADDRESS = 0x000ffffffffff000 & ~C_BIT
MONITOR = 1  # CPU 0's thread, which never runs a guest
IMAGE, DIRECT, DIRECT_END = 0xffffffffe0000000, 0xffff800000000000, 0xffff828000000000  # launch/machine/layout.h
CR3 = 164 + 5 * 8  # in the stub's packet g: behind RIP, flags, segments, three bases, CR0 and CR2


class Memory:
    def __init__(self, machine):
        self.machine, self.known = machine, {}

    def cr3(self, thread):
        registers = bytes.fromhex(self.machine.registers(thread).decode())
        return int.from_bytes(registers[CR3:CR3 + 8], "little")

    def in_guest(self, thread):
        """A guest's tables are private; the monitor's have no C-bit."""
        return bool(self.cr3(thread) & C_BIT)

    def read(self, thread, address, size):
        """Bytes, or None: nothing is there."""
        if IMAGE <= address or DIRECT <= address < DIRECT_END:
            return self.ask(MONITOR, address, size)
        cr3 = self.cr3(thread)
        if not cr3 & C_BIT:
            return self.ask(thread, address, size)
        data = b""
        while len(data) < size:
            at = address + len(data)
            here = self.translate(cr3, at)
            some = here is not None and self.physical(here, min(size - len(data), 4096 - at % 4096))
            if not some:
                return data or None
            data += some
        return data

    def ask(self, thread, address, size):
        self.machine.stub.ask(b"Hgp01.%02x" % thread)
        said = self.machine.stub.ask(b"m%x,%x" % (address, size))
        return None if not said or said[:1] == b"E" else bytes.fromhex(said.decode())

    def physical(self, address, size):
        self.machine.stub.ask(b"Qqemu.PhyMemMode:1")
        data = self.ask(MONITOR, address, size)
        self.machine.stub.ask(b"Qqemu.PhyMemMode:0")
        return data

    def translate(self, cr3, address):
        """To what QEMU has at the same address: so it is from 1 MiB on as far as the machine's low RAM goes."""
        key = (cr3, address >> 12)
        if key not in self.known:
            self.known[key] = self.walk(cr3, address)
        page = self.known[key]
        return None if page is None else page | address & 0xfff

    def walk(self, cr3, address):
        table = cr3 & ADDRESS
        for shift in (39, 30, 21, 12):
            raw = self.physical(table + (address >> shift & 511) * 8, 8)
            entry = int.from_bytes(raw or b"", "little")
            if not entry & PRESENT:
                return None
            table = entry & ADDRESS
            if shift == 12 or (shift < 39 and entry & LARGE):
                inside = (1 << shift) - 1
                return table & ~inside | address & inside & ~0xfff
        return None
