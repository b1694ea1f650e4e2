# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""One run of QEMU: its gdb stub, its QMP, and its trace.

QEMU writes a line into the trace, a FIFO, before it begins a block of code in the ranges that are traced (-d
exec,nochain, -dfilter). A breakpoint makes each block in its page one instruction long (QEMU: check_for_breakpoints() in
accel/tcg/cpu-exec.c), and changes nothing else as long as it is not hit. So each execution of an instruction there is a
line, and the run is the one that it is without us: its trail says so.

To stop a machine at a breakpoint would change it: other CPUs run on until QEMU's main loop has heard of it. A FIFO that
is full stops it at once, with all CPUs, which share one thread: QEMU waits in write(2), before the instruction.
"""

import array
import fcntl
import json
import os
import signal
import socket
import subprocess
import termios
import time

PAGE = 4096
F_SETPIPE_SZ = 1031
LOOK = 0.005  # seconds between two looks at a FIFO
ANSWER = 600  # seconds, for an answer or a start of QEMU's
RUN = 3600  # seconds, for a run to its end or to a place
GUARDS = (2, 3, 1, 5, 6, 7, 9, 10)  # how far behind an instruction no other one may begin


class Trouble(Exception):
    """What a user is told."""


class Looks:
    """A wait for what another process does, which ends after so many seconds of pauses: a busy host makes it longer."""

    def __init__(self, seconds, what):
        self.left, self.what = seconds, what

    def pause(self, seconds=LOOK):
        time.sleep(seconds)
        self.left -= seconds
        if self.left < 0:
            raise Trouble(f"{self.what} takes too long")


class Stub:
    """A connection that speaks gdb's remote protocol."""

    def __init__(self, connection):
        self.socket = connection
        self.data = b""

    def send(self, packet):
        self.socket.sendall(b"$" + packet + b"#%02x" % (sum(packet) & 255))

    def take(self):
        """The next packet, or b"\\x03", among what has come; None: there is none."""
        while self.data:
            if self.data[:1] == b"\x03":
                self.data = self.data[1:]
                return b"\x03"
            end = self.data.find(b"#")
            if self.data[:1] != b"$":
                self.data = self.data[1:]
            elif end < 0 or len(self.data) < end + 3:
                return None
            else:
                packet, self.data = self.data[1:end], self.data[end + 3:]
                self.socket.sendall(b"+")
                return packet
        return None

    def receive(self):
        """The next packet; None: the other end is gone."""
        while (packet := self.take()) is None:
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                return None
            self.data += more
        return packet

    def poll(self):
        """As take(), with what is there by now."""
        try:
            more = self.socket.recv(65536, socket.MSG_DONTWAIT)
            if not more:
                return b"\x03"  # who is gone waits no longer
            self.data += more
        except OSError:
            pass
        return self.take()

    def ask(self, packet):
        self.send(packet)
        answer = self.receive()
        if answer is None:
            raise Trouble("QEMU's stub does not answer")
        return answer


class Qmp:
    def __init__(self, connection):
        self.socket = connection
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def send(self, command):
        self.file.write(json.dumps({"execute": command}))  # no newline: QEMU leaves it unread (heard())
        self.file.flush()

    def answer(self):
        for line in self.file:
            said = json.loads(line)
            if "return" in said:
                return said["return"]
        return {}

    def ask(self, command):
        self.send(command)
        return self.answer()

    def heard(self):
        """QEMU has read all that was sent."""
        unread = array.array("i", [0])
        fcntl.ioctl(self.socket, termios.TIOCOUTQ, unread)
        return unread[0] == 0


def connect(path):
    """Refused, or not there: QEMU is about to listen."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER)
    try:
        connection.connect(path)
    except (ConnectionRefusedError, FileNotFoundError):
        connection.close()
        return None
    return connection


class Machine:
    """A run from its start on, which has not begun. ranges: [(first, size)] to be traced; guards: addresses at which no
    instruction begins, one in each page that is traced."""

    def __init__(self, words, folder, ranges=(), guards=()):
        self.base = os.path.join(folder, "gdb")
        for end in ("", ".qmp", ".trace"):
            if os.path.exists(self.base + end):
                os.unlink(self.base + end)
        os.mkfifo(self.base + ".trace", 0o600)
        self.trace = os.open(self.base + ".trace", os.O_RDWR | os.O_NONBLOCK)
        words = words + ["--gdb", self.base]
        if ranges:
            words += ["--gdb-trace", ",".join(f"0x{first:x}+0x{size:x}" for first, size in ranges)]
        self.log = open(os.path.join(folder, "run.log"), "w", encoding="utf-8")
        # Not in gdb's process group: Ctrl-C is for the debugger.
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        try:
            self.stub, self.qmp = Stub(self.await_socket("")), Qmp(self.await_socket(".qmp"))
            self.pid = qemu_of(self.process.pid)
            self.stub.ask(b"qSupported:multiprocess+")
            for guard in guards:
                self.stub.ask(b"Z1,%x,1" % guard)
        except (OSError, Trouble) as wrong:
            self.end()
            raise Trouble(f"QEMU did not start: {wrong}") from wrong

    def await_socket(self, end):
        looks = Looks(ANSWER, "the start of QEMU")
        while (connection := connect(self.base + end)) is None:
            if self.process.poll() is not None:
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    raise Trouble("the run does not start:\n" + log.read())
            looks.pause()
        return connection

    def go(self):
        self.stub.send(b"vCont;c")

    def fill(self, count):
        """Bytes that are no line lie in the FIFO before the first one."""
        os.write(self.trace, b"." * count)

    def size_trace(self, size):
        """How much QEMU writes ahead of who reads; an unprivileged user may have no large FIFO."""
        try:
            fcntl.fcntl(self.trace, F_SETPIPE_SZ, size)
        except OSError:
            pass

    def waiting(self):
        """How many bytes lie in the FIFO."""
        count = array.array("i", [0])
        fcntl.ioctl(self.trace, termios.FIONREAD, count)
        return count[0]

    def read(self, most=1 << 20):
        try:
            return os.read(self.trace, most)
        except BlockingIOError:
            return b""

    def registers(self, thread):
        """Packet g of this CPU."""
        self.stub.ask(b"Hgp01.%02x" % thread)
        return self.stub.ask(b"g")

    def rip(self, thread):
        """16 registers lie before it."""
        return int.from_bytes(bytes.fromhex(self.registers(thread)[256:272].decode()), "little")

    def step(self, thread):
        """One instruction of this CPU; no other one moves, and no interrupt comes (QEMU's sstep). The stop packet."""
        return self.stub.ask(b"vCont;s:p01.%02x" % thread)

    def is_over(self):
        return self.process.poll() is not None

    def waits_for(self, what, thread=None):
        """A thread of QEMU's, or this one, sleeps in a function of the kernel with that name."""
        folder = f"/proc/{self.pid}/task"
        try:
            threads = [str(thread)] if thread else os.listdir(folder)
            return any(what in text(f"{folder}/{t}/wchan") for t in threads)
        except OSError:
            return False

    def stop(self):
        """Where a full FIFO holds it: QEMU hears of the stop, then its CPUs go on to the next check, which is before the
        next instruction. Returns the lines that were in the FIFO."""
        self.qmp.send("stop")
        looks = Looks(ANSWER, "a stop of QEMU")
        while not (self.qmp.heard() and self.waits_for("futex", self.pid)):
            if self.is_over():
                raise Trouble("QEMU is gone")
            looks.pause()
        lines = self.read()
        self.qmp.answer()
        self.stub.receive()
        return lines + self.read()

    def instructions(self):
        """All that the CPUs have executed together."""
        return self.qmp.ask("query-replay").get("icount", 0)

    def end(self):
        """The harness ends its QEMU when it is told to end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(ANSWER)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.trace >= 0:
            os.close(self.trace)
            self.trace = -1
        self.log.close()


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def qemu_of(harness):
    """The process that the harness has started."""
    children = text(f"/proc/{harness}/task/{harness}/children").split()
    if not children:
        raise Trouble("QEMU is gone")
    return int(children[-1])
