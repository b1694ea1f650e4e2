# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What happens in a run that is the same each time: where instructions are executed, in order, and how to be there.

A place is the n-th execution of an instruction, by any CPU, and a number of steps behind it. To go there the run is made
again from its start. It is stopped once, so nothing that it has done before was changed by the debugger.
"""

import bisect
import re

from machine import GUARDS, LOOK, PAGE, RUN, Looks, Machine, Trouble

LINES = 200000  # of a trace, kept: what comes later in a run is not seen
BEGINS = re.compile(rb"Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")
NOT_BEGUN = b"Stopped execution of TB chain before"


class Place:
    """hits: the trace; index: the line; steps: instructions behind it."""

    def __init__(self, hits, index, steps=0):
        self.hits, self.index, self.steps = hits, index, steps

    def thread(self):
        return self.hits.lines[self.index][0] + 1

    def address(self):
        return self.hits.lines[self.index][1]


class Hits:
    """The trace of a whole run: lines of (CPU, address, length); address 0: not an execution."""

    def __init__(self, ranges):
        self.ranges, self.guards = ranges, {}
        self.lines, self.cut = [], False

    def add(self, line):
        """A block that QEMU was about to begin, and did not, because an interrupt came, is begun later."""
        begins = BEGINS.match(line)
        if line.startswith(NOT_BEGUN) and self.lines and self.lines[-1][1]:
            cpu, _, length = self.lines[-1]
            self.lines[-1] = (cpu, 0, length)
        self.lines.append((int(begins[1]), int(begins[2], 16), len(line) + 1) if begins else (0, 0, len(line) + 1))

    def pages(self):
        return sorted({address // PAGE for first, size in self.ranges for address in range(first, first + size)})

    def number(self, index):
        """How often the instruction of this line was executed up to here."""
        address = self.lines[index][1]
        return sum(1 for line in self.lines[:index + 1] if line[1] == address)

    def find(self, address, number):
        for index, line in enumerate(self.lines):
            number -= line[1] == address
            if not number:
                return index
        raise Trouble("this place lies too far behind in the run for a trace of so many addresses")

    def next(self, index, addresses, step):
        """The nearest line behind (step 1) or before (-1) this one with one of the addresses; None."""
        index += step
        while 0 <= index < len(self.lines):
            if self.lines[index][1] in addresses:
                return index
            index += step
        return None


class History:
    """words: the command line that makes the run; stop_asked(): the user wants to wait no longer."""

    def __init__(self, words, folder, stop_asked):
        self.words, self.folder, self.stop_asked = words, folder, stop_asked
        self.scans, self.bad_guards = {}, set()

    # ---- all executions ----

    def hits(self, ranges):
        """Of these ranges, by a run to its end; each set of ranges has one."""
        key = tuple(sorted(ranges))
        while key not in self.scans:
            hits = Hits(key)
            if self.scan(hits):
                self.scans[key] = hits
        return self.scans[key]

    def choose_guards(self, hits):
        """In each page an address inside of an instruction: whatever is known to begin none."""
        for page in hits.pages():
            at = next(first for first, size in hits.ranges if first // PAGE <= page <= (first + size - 1) // PAGE)
            start = at if at // PAGE == page else page * PAGE
            free = [start + n for n in GUARDS if (start + n) // PAGE == page and start + n not in self.bad_guards]
            free = free or [a for a in range(page * PAGE, page * PAGE + PAGE) if a not in self.bad_guards]
            hits.guards[page] = free[0]

    def start(self, hits, fifo):
        machine = Machine(self.words, self.folder, hits.ranges, hits.guards.values())
        machine.size_trace(fifo)
        return machine

    def scan(self, hits):
        """False: a guard began an instruction after all; it is known now."""
        self.choose_guards(hits)
        machine = self.start(hits, 1 << 20)
        try:
            machine.go()
            looks, rest = Looks(RUN, "the run"), b""
            while not hits.cut:
                over, some = machine.is_over(), machine.read()
                *lines, rest = (rest + some).split(b"\n")
                for line in lines:
                    hits.add(line)
                hits.cut = len(hits.lines) > LINES
                if self.stop_asked():
                    raise Trouble("stopped waiting; the place is the old one")
                if not some and over:
                    return True
                stopped = machine.stub.poll() if not some else None
                if stopped and stopped[:1] == b"T":
                    return self.learn(machine, hits, stopped)
                if not some:
                    looks.pause()
            return True
        finally:
            machine.end()

    def learn(self, machine, hits, stopped):
        """It has stopped at a guard: this is no place for one."""
        guard = machine.rip(int(re.search(rb"thread:(?:p\w+\.)?(\w+)", stopped)[1], 16))
        if guard not in hits.guards.values():
            raise Trouble("QEMU stopped where nothing was to stop it")
        self.bad_guards.add(guard)
        return False

    # ---- being there ----

    def go(self, place):
        """A machine at this place."""
        machine = self.start(place.hits, PAGE)
        try:
            self.run_to(machine, place)
            for _ in range(place.steps):
                machine.step(place.thread())
            return machine
        except BaseException:
            machine.end()
            raise

    def run_to(self, machine, place):
        """Lines that fit go into the page of the FIFO, and the one that does not waits: so with the right number of bytes
        before them, and by reading whole pages, exactly this line is what QEMU waits with."""
        fill, pages = plan([line[2] for line in place.hits.lines], place.index)
        machine.fill(fill)
        machine.go()
        for number, size in enumerate(pages):
            self.await_page(machine, size)
            if number + 1 < len(pages):
                machine.read(size)
        machine.stop()
        if machine.rip(place.thread()) != place.address():
            raise Trouble("this run is not the one of before: it is not deterministic")

    def await_page(self, machine, size):
        """Full, and QEMU waits with the next line."""
        looks = Looks(RUN, "the way to this place")
        while not (machine.waiting() == size and machine.waits_for("pipe_write")):
            if self.stop_asked():
                raise Trouble("stopped waiting")
            # Twice the same: between two looks a page may have filled.
            waits = machine.waits_for("pipe_write") and machine.waiting() not in (0, size) and machine.waits_for("pipe_write")
            if machine.is_over() or machine.waiting() > size or (waits and machine.waiting() != size):
                raise Trouble("this run is not the one of before: it is not deterministic")
            looks.pause(LOOK / 5)


def plan(lengths, index):
    """How many bytes lie in the FIFO beforehand, and how many in each of its pages, so that this line begins a page."""
    sums = [0]
    for length in lengths[:index]:
        sums.append(sums[-1] + length)
    for first in range(index + 1):
        fill = PAGE - sums[first]
        if fill < 0:
            break
        pages, at = [PAGE], first
        while at < index:
            end = bisect.bisect_right(sums, sums[at] + PAGE) - 1
            pages.append(sums[end] - sums[at])
            at = end
        # A line that would still fit waits for nothing.
        if pages[-1] + lengths[index] > PAGE:
            return fill, pages
    raise Trouble("QEMU cannot be stopped at this very line; try the hit before or behind it")
