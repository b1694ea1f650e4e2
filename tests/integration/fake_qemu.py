#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Stands in for QEMU where a test needs a target that misbehaves; $FAKE_MODE says how."""

import base64
import json
import os
import struct
import sys
import time
import zlib

MAGIC, HEADER = 0x4C52544B, struct.Struct("<IBBHII")
HELLO, INFO, LOG, LIST, TEST, LIST_END, RUN, START, FAILURE, VERDICT, END, BYE, BYE_ACK, HOST, REPLY = range(1, 16)
EXEC, OUTPUT, EXEC_END, ALIVE = 16, 17, 18, 19
OFF, GUEST_PANIC, SVSM_PANIC, MONITOR, BAD_IGVM, RESET = 33, 35, 37, 39, 41, 43


class Port:
    def __init__(self, path):
        self.tx = os.open(path + ".out", os.O_WRONLY)
        self.rx = os.open(path + ".in", os.O_RDONLY)
        self.seq, self.have = 0, b""

    def raw(self, data):
        os.write(self.tx, data)

    def send(self, kind, *fields):
        body = "\t".join(fields).encode()
        head = HEADER.pack(MAGIC, 1, kind, len(body), self.seq, 0)
        crc = zlib.crc32(head + body)
        self.raw(HEADER.pack(MAGIC, 1, kind, len(body), self.seq, crc) + body)
        self.seq += 1

    def receive(self):
        while True:
            if len(self.have) >= HEADER.size:
                size = HEADER.size + HEADER.unpack_from(self.have)[3]
                if len(self.have) >= size:
                    kind, body = self.have[5], self.have[HEADER.size:size].decode()
                    self.have = self.have[size:]
                    return kind, body
            self.have += os.read(self.rx, 4096)


def options(word):
    """The fields of an option as QEMU's qemu-options(7) has them: a comma in a value is doubled."""
    fields = word.replace(",,", "\0").split(",")
    return dict(f.replace("\0", ",").split("=", 1) for f in fields if "=" in f)


def chardev(name, key="path"):
    for word in sys.argv:
        fields = options(word)
        if fields.get("id") == name:
            return fields[key]
    sys.exit(f"fake QEMU: no chardev {name}")


def say(log, line):
    with open(chardev(log), "a", encoding="ascii") as f:
        f.write(line + "\n")


def qmp(**message):
    """A line on the monitor's socket, which was inherited: the greeting or an event."""
    os.write(int(chardev("qmp", "fd")), json.dumps(message).encode() + b"\n")


def event(name, **data):
    """The one event of this QEMU, which then answers nothing: closed, the socket says so."""
    qmp(QMP={})
    qmp(event=name, data=data)
    os.close(int(chardev("qmp", "fd")))


def panic(port, mode):
    """A console that speaks of a panic, with what confirms or refutes it."""
    if mode != "panics-silently":
        say("con", "[    9.9] Kernel panic - not syncing: tried and tested")
    if mode in ("panics-told", "panics-silently"):
        event("GUEST_PANICKED", action="run")
        time.sleep(600)
    if mode == "panics-reset":
        sys.exit(RESET)
    if mode == "panics-off":
        sys.exit(OFF)
    if mode == "panics-alive":
        for _ in range(4):
            time.sleep(1)
            port.send(ALIVE)
    if mode == "panics-alive-hangs":
        while True:
            time.sleep(0.2)
            port.send(ALIVE)
    if mode == "panics-driver":
        until = time.monotonic() + 3
        while time.monotonic() < until:
            pass
    if mode == "panics-text":
        time.sleep(600)


def talk_to_console(mode):
    """Lines that say nothing of the test: for ever those of a kernel whose CPU is stuck, others for a while."""
    line = "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [test:63]" if mode == "stuck" else "all is well"
    until = time.monotonic() + (600 if mode == "stuck" else 3)
    while time.monotonic() < until:
        say("con", line)
        say("con", "Call Trace:")
        time.sleep(0.3)


def held_up():
    """Says nothing until the test has made the file; asks for it rarely enough to be no work."""
    while not os.path.exists(os.environ["FAKE_GO"]):
        time.sleep(0.1)


def crash_kernel(port):
    """After a panic another kernel boots, and its agent is ready."""
    say("con", "[    9.9] Kernel panic - not syncing: sysrq triggered crash")
    event("GUEST_CRASHLOADED", action="run")
    time.sleep(2)
    port.seq = 0
    port.send(INFO, "kernel", "crash kernel")
    port.send(HELLO, "fake", "1")


def ask(port, *words):
    port.send(HOST, *words)
    return port.receive()[1]


def reset(port, mode):
    """Announced or not; in mode "resets" once, which the host's file tells."""
    again = not ask(port, "file", "get mark 0").startswith("error")
    if mode == "resets" and again:
        return
    ask(port, "file", "put mark 0 eA==")
    if mode == "resets-failed":
        port.send(FAILURE, "a.c:8", "it went wrong before")
    if mode != "resets-unasked":
        assert ask(port, "reset") == "ok"
    sys.exit(OFF if mode == "resets-off" else RESET)


def end(port, mode):
    """The machine ends it, as it announced, for another reason, in another way, or not at all."""
    assert ask(port, "end", "4", "VMPL 2", "denied") == "ok"
    if mode == "ends-failed":
        port.send(FAILURE, "a.c:9", "it went wrong before")
    if mode == "ends-never":
        return
    why = "triple fault" if mode == "ends-otherwise" else "denied"
    say("mon", f"[cpu 1   1.000] exit: vCPU 0 VMPL 2 read 0x1000: {why}, RIP 0x1234 CPL 0")
    sys.exit({"ends-svsm": SVSM_PANIC, "ends-off": OFF}.get(mode, GUEST_PANIC))


def fill_disk():
    """All that the file system of the run folders still takes."""
    with open(os.path.join(os.environ["FAKE_FILL"], "fill"), "wb", buffering=0) as f:
        try:
            while f.write(bytes(4096)):
                pass
            while f.write(b"x"):
                pass
        except OSError:
            pass


def say_much(log, size):
    """As QEMU's chardev does: what the disk does not take is dropped."""
    try:
        for _ in range(size // 64):
            say(log, "x" * 63)
    except OSError:
        pass


def flood(port, kind, times=None, body=b"word"):
    """Frames faster than anybody reads them, and for ever where no number is given."""
    head = HEADER.pack(MAGIC, 1, kind, len(body), port.seq, 0)
    frame = HEADER.pack(MAGIC, 1, kind, len(body), port.seq, zlib.crc32(head + body)) + body
    while times is None:
        port.raw(frame * 10000)
    port.raw(frame * times)


def flood_noise(port):
    """Bytes for ever that are no frame, and look as much like one as they can."""
    heads = HEADER.pack(MAGIC, 1, LOG, 1024, 0, 0) * 4000
    while True:
        port.raw(heads)


def run_test(port, mode, name):
    port.send(START, name)
    if mode == "fills" and name == "test-010":
        fill_disk()
    if mode == "long-console" and name == "second":
        say_much("con", 100000)
    if mode.startswith("late-reset"):
        if name == "second":
            assert ask(port, "reset") == "ok"
        if mode == "late-reset" and name == "third" and ask(port, "file", "get mark 0").startswith("error"):
            ask(port, "file", "put mark 0 eA==")
            sys.exit(RESET)
    if mode.startswith("resets") and name == "second":
        reset(port, mode)
    if mode.startswith("ends") and name == "second":
        end(port, mode)
    if mode == "floods-noise":
        flood_noise(port)
    if mode.startswith("floods"):
        flood(port, {"floods-log": LOG, "floods-alive": ALIVE}.get(mode, FAILURE))
    if mode.startswith("panics") and name == "second":
        panic(port, mode)
    if mode in ("stuck", "chats") and name == "second":
        talk_to_console(mode)
    if mode == "held-up" and name == "second":
        held_up()
    if mode == "mute-qmp":
        qmp(QMP={})
        while b"inject-nmi" not in os.read(int(chardev("qmp", "fd")), 4096):  # a command comes in one write
            pass
        open(os.environ["FAKE_ASKED"], "w").close()
        time.sleep(600)
    if mode == "no-end":
        port.send(VERDICT, name, "pass", "")
        time.sleep(600)
    if mode == "unknown-type":
        port.send(99, "what")
    if mode == "no-verdict":
        return port.send(END, name)
    if mode == "liar":
        port.send(FAILURE, "a.c:7", "x == y: is 1 (0x1), expected 2 (0x2)")
    if mode == "skip-silent":
        port.send(VERDICT, name, "skip", "")
        return port.send(END, name)
    if mode == "dma" and name == "second":
        say("mon", "[cpu 0   1.000] DMA: device 00:02.0 may not write 0x1000: private, validated")
        say("mon", "[cpu 0   1.100] DMA: device 00:03.0 may not read 0x2000: a VMSA")
        sys.exit(GUEST_PANIC)
    if mode == "dies" and name == "second":
        say("mon", "[cpu 1   1.000] exit: vCPU 0 VMPL 2 shut down: triple fault, RIP 0x1234 CPL 0")
        sys.exit(GUEST_PANIC)
    if mode == "gives-up" and name == "third":
        say("mon", "[cpu 1   1.000] exit: monitor fault")
        sys.exit(MONITOR)
    if mode == "wrong-name":
        name = "other"
    port.send(VERDICT, name, "pass", "")
    return port.send(END, name)


def serve(port, other, mode):
    tests = ["first", "second", "first" if mode == "twice" else "third"]
    if mode in ("many", "fills"):
        tests = [f"test-{i:03}" for i in range(200)]
    while True:
        kind, body = port.receive()
        if kind == LIST and mode == "no-list":
            sys.exit(OFF)
        if kind == LIST:
            if mode == "virtio-both":  # the harness has chosen: it asks on the first port
                other.send(LOG, "on the other port")
                other.send(HELLO, "another", "1")
            for name in tests:
                port.send(TEST, name, f"shows {name}")
            port.send(LIST_END, "4" if mode == "wrong-count" else str(len(tests)))
        elif kind == EXEC and mode == "exec":
            for stream, data in (("1", b"out "), ("2", b"err\n"), ("1", body.encode()), ("2", b"\xff\0" if "odd" in body else b"")):
                port.send(OUTPUT, stream, base64.b64encode(data).decode())
            port.send(EXEC_END, "3" if body == "false" else "0")
        elif kind == EXEC:
            if mode == "deaf":
                time.sleep(600)
            if mode == "floods-output":
                flood(port, OUTPUT, body=b"1\t" + base64.b64encode(b"word\n"))
            if mode.endswith("kdump") and body == "crash":
                port = other if mode == "virtio-kdump" else port
                crash_kernel(port)
            elif mode.endswith("kdump"):
                port.send(OUTPUT, "1", base64.b64encode(body.encode()).decode())
                port.send(EXEC_END, "0")
            else:
                sys.exit(OFF)
        elif kind == RUN:
            run_test(port, mode, body)
        elif kind == BYE:
            if mode == "last-words":
                flood(port, LOG, 10000)
            if mode != "no-bye":
                port.send(BYE_ACK)
            if mode.startswith("virtio"):
                assert port.receive()[0] == BYE_ACK  # a guest whose ring may still hold its own waits for it
            if mode == "late-reset-bye":
                sys.exit(RESET)
            if mode == "no-off":
                time.sleep(600)
            sys.exit(OFF)


def main():
    mode = os.environ.get("FAKE_MODE", "")
    if "--version" in sys.argv:
        print("QEMU emulator version " + ("5.2.0" if mode == "old" else "7.2.0"))
        return
    if mode == "refuses":
        sys.exit("qemu-system-x86_64: something it did not like")
    for log in ("con", "svsm", "mon"):
        say(log, f"[0] {log}")
    if mode == "spins":
        while True:
            pass
    if mode == "monitor":
        say("mon", "[cpu 0   0.100] exit: page fault in the monitor")
        sys.exit(MONITOR)
    if mode == "old-kernel":
        say("mon", "[cpu 0   0.100] exit: vCPU 0 VMPL 2 terminated: set 1 reason 3 (not VMPL0), RIP 0x4d66374 CPL 0")
        sys.exit(GUEST_PANIC)
    if mode.startswith("foreign"):
        with open(chardev("con") + ".out", "w", encoding="ascii") as console:
            console.write("login: ")
            while mode == "foreign-floods":
                console.write("word" * 10000)
        if mode == "foreign-silent":
            time.sleep(600)
        sys.exit({"foreign": OFF, "foreign-reset": RESET}[mode])
    if mode == "console-panic":
        say("con", "[    1.0] Kernel panic - not syncing: tried and tested")
        time.sleep(600)
    if mode.startswith("selftest"):
        for line in ["one pass", "two skip no need", "end 2"] if mode == "selftest" else ["end 0"]:
            say("svsm", f"[0] selftest: {line}")
        sys.exit(OFF)
    port = Port(chardev("ctl"))
    port.raw(b"KTRL noise before the first frame \x00\xff")
    serial = port
    if mode.startswith("virtio"):
        port = Port(chardev("vctl"))
    port.send(INFO, "kernel", "1.2.3")
    for i in range(5000 if mode == "facts" else 0):
        port.send(INFO, f"fact {i}", "none")
    if mode == "panics-driver":
        port.send(INFO, "pvpanic", "yes")
    port.send(HELLO, "fake", "1")
    serve(port, serial, mode)


if __name__ == "__main__":
    main()
