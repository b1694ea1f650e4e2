# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What gdb speaks with instead of QEMU: a target that goes forwards and backwards. Each resumption is a run made again from
its start (history.py); registers and memory are those of the machine that was stopped there."""

import json
import os
import signal
import socket
import sys

from history import History, Place
from machine import Machine, Stub, Trouble
from memory import Memory

STEPS = 5000  # from the last instruction in a page to the one that is looked for, by way of other pages


class Server:
    """gdb: the socket by which gdb's `target remote | PROGRAM` speaks with its program."""

    def __init__(self, gdb, words, folder):
        self.gdb = Stub(gdb)
        self.history = History(words, folder, self.stop_asked)
        self.breakpoints = set()
        self.place = None  # None: before the first instruction
        self.thread_id = 1
        self.machine = self.memory = None

    def run(self):
        try:
            self.be_at(None)
            while (packet := self.gdb.receive()) is not None:
                answer = self.serve(packet)
                if answer is not None:
                    self.gdb.send(answer)
        except (OSError, Trouble) as wrong:
            self.tell(str(wrong))
        finally:
            self.end()

    def end(self):
        if self.machine:
            self.machine.end()
            self.machine = None

    def stop_asked(self):
        return self.gdb.poll() == b"\x03"

    def tell(self, line):
        """Text on gdb's console, which it shows while it waits for a stop."""
        try:
            self.gdb.send(b"O" + (line + "\n").encode().hex().encode())
        except OSError:
            pass

    # ---- packets ----

    def serve(self, packet):
        kind = packet[:1]
        if packet.startswith(b"qSupported"):
            return self.machine.stub.ask(packet) + b";ReverseStep+;ReverseContinue+"
        if packet[:2] in (b"Z0", b"Z1", b"z0", b"z1"):
            address = int(packet.split(b",")[1], 16)
            (self.breakpoints.add if kind == b"Z" else self.breakpoints.discard)(address)
            return b"OK"
        if packet in (b"bc", b"bs") or packet.startswith((b"vCont;c", b"vCont;s")) or kind in b"cs" and kind:
            return self.resume(packet)
        if kind == b"m":
            return self.read(packet)
        if kind == b"?":
            return self.stopped()
        if kind == b"k" or packet.startswith((b"vKill", b"D")):
            self.end()
            return b"OK" if kind != b"k" else None
        if kind in (b"G", b"P", b"M", b"X"):
            return b"E01"  # the next resumption would lose it: what is looked at is the recorded run
        if packet.startswith((b"Z", b"z", b"QStartNoAckMode", b"vFile", b"vRun", b"vAttach")):
            return b""
        if packet == b"qRcmd," + b"instructions".hex().encode():
            return str(self.machine.instructions()).encode().hex().encode()
        if packet.startswith(b"Hg"):
            number = int(packet[2:].split(b".")[-1], 16)
            self.thread_id = number if number > 0 else self.thread_id
        return self.machine.stub.ask(packet)

    def read(self, packet):
        address, size = (int(word, 16) for word in packet[1:].split(b","))
        data = self.memory.read(self.thread_id, address, size)
        self.machine.stub.ask(b"Hgp01.%02x" % self.thread_id)
        return data.hex().encode() if data else b"E14"

    def stopped(self, why=b""):
        self.machine.stub.ask(b"Hgp01.%02x" % self.thread_id)
        return b"T05" + why + b"thread:p01.%02x;" % self.thread_id

    # ---- going ----

    def be_at(self, place):
        self.end()
        self.machine = self.history.go(place) if place else Machine(self.history.words, self.history.folder)
        self.place, self.memory = place, Memory(self.machine)
        self.thread_id = place.thread() if place else 1

    def resume(self, packet):
        back = packet[:1] == b"b"
        stepping = packet == b"bs" or packet[:1] == b"s" or packet.startswith(b"vCont;s")
        try:
            if stepping:
                reached = self.step_back() if back else self.step()
            else:
                reached = self.hit_before() if back else self.hit_behind()
            return self.stopped(b"" if reached else b"replaylog:begin;" if back else b"replaylog:end;")
        except Trouble as wrong:
            self.tell(str(wrong))
            if not self.machine or self.machine.is_over() or self.machine.trace < 0:
                self.be_at(self.place)
            return self.stopped(b"replaylog:begin;" if back else b"replaylog:end;")

    def step(self):
        if not self.place:
            raise Trouble("before the first instruction there are no steps: set a breakpoint and continue")
        self.machine.step(self.place.thread())
        self.place = Place(self.place.hits, self.place.index, self.place.steps + 1)
        self.memory = Memory(self.machine)
        return True

    def here(self):
        """All hits of the breakpoints in the run, and this place among them: the line of its last hit."""
        ranges = {(address, 1) for address in self.breakpoints}
        if not self.place:
            return self.history.hits(ranges), -1
        if set(self.place.hits.ranges) == ranges:
            return self.place.hits, self.place.index
        address, number = self.place.address(), self.place.hits.number(self.place.index)
        hits = self.history.hits(ranges | {(address, 1)})
        return hits, hits.find(address, number)

    def hit_behind(self):
        if not self.breakpoints:
            raise Trouble("without a breakpoint the run would only end: set one")
        now = self.machine.instructions()
        hits, index = self.here()
        while (index := hits.next(index, self.breakpoints, 1)) is not None:
            before = self.place
            self.be_at(Place(hits, index))
            # A step may have gone beyond a hit, or be at one.
            if not before or not before.steps or self.machine.instructions() > now:
                return True
        if hits.cut:
            self.tell("the trace of these breakpoints was cut: they are hit too often")
        return False

    def hit_before(self):
        if not self.place or not self.breakpoints:
            return False
        hits, index = self.here()
        if self.place.steps and hits.lines[index][1] in self.breakpoints:
            self.be_at(Place(hits, index))
            return True
        index = hits.next(index, self.breakpoints, -1)
        if index is None:
            return False
        self.be_at(Place(hits, index))
        return True

    def step_back(self):
        place = self.place
        if not place:
            return False
        if place.steps:
            self.be_at(Place(place.hits, place.index, place.steps - 1))
            return True
        return self.instruction_before(place)

    def instruction_before(self, place):
        """The last one of this CPU in the same page, by the page's own trace; and from there by steps, if the way led through
        other pages. That the steps lead to this very place is seen by its registers."""
        address, thread = place.address(), place.thread()
        registers = self.machine.registers(thread)
        hits = self.history.hits({(address & ~0xfff, 0x1000)})
        index = hits.find(address, place.hits.number(place.index)) - 1
        while index >= 0 and not (hits.lines[index][1] and hits.lines[index][0] + 1 == thread):
            index -= 1
        if index < 0:
            raise Trouble("no instruction of this page was executed by this CPU before")
        self.be_at(Place(hits, index))
        for steps in range(STEPS):
            self.machine.step(thread)
            if self.machine.registers(thread) == registers:
                self.be_at(Place(hits, index, steps))
                return True
        self.be_at(place)
        raise Trouble("the instruction before lies in another page, and no steps lead here: set a breakpoint there")


def main():
    """Ctrl-C is for gdb, which says so by a packet."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "debug.json"), encoding="utf-8") as file:
        words = json.load(file)["words"]
    Server(socket.socket(fileno=os.dup(0)), words, folder).run()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
