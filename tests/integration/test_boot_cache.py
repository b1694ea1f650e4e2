# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Machines that are saved and loaded again: a busy one in the middle of its work, and those of the boot cache."""

import hashlib
import json
import re
import shlex
import socket
import subprocess
import time

from keelson import keelson, igvm

# ---- a machine by itself: the SVSM's own tests need nobody who talks to them ----

ASK, QUIET, GO = b"q", b"Q", b"g"  # svsm/include/abi/machine.h


def commands(folder):
    """The two command lines of a run: the IGVM file's and QEMU's, whose logs a second QEMU goes on with."""
    out = keelson(folder, "test", "selftest", "--dry-run", "--option", "quiesce").out.splitlines()
    (folder / "NEW-RUN").mkdir(parents=True)
    keys = folder / "NEW-RUN/keys"
    keys.write_bytes(bytes(range(128)))  # the security processor's; nobody asks it
    build, qemu = map(shlex.split, out)
    qemu = [re.sub(r"^pipe,id=(ctl|psp),.*", r"null,id=\1", re.sub("^file,id=", "file,append=on,id=", w)) for w in qemu]
    return build[2:], [w.replace("/dev/fd/5", str(keys)) for w in qemu]


class Machine:
    """QEMU with both its sockets here."""

    def __init__(self, qemu, *more):
        self.talk, theirs = socket.socketpair()
        self.port, its = socket.socketpair()
        words = [w.replace("id=qmp,fd=3", f"id=qmp,fd={theirs.fileno()}") for w in qemu]
        words += ["-chardev", f"socket,id=quiesce,fd={its.fileno()}",
                  "-device", "isa-serial,iobase=0x408,irq=7,chardev=quiesce", *more]
        self.process = subprocess.Popen(words, pass_fds=[theirs.fileno(), its.fileno()])
        theirs.close()
        its.close()
        self.lines = self.talk.makefile("r")
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.talk.sendall(json.dumps({"execute": command, "arguments": arguments, "id": command}).encode())
        for line in self.lines:
            answer = json.loads(line)
            if answer.get("id") == command:
                assert "return" in answer, line
                return answer["return"]
        raise AssertionError(f"QEMU ended before it answered {command}")

    def wait(self, command, *words):
        while self.ask(command).get("status") not in words:
            time.sleep(0.05)

    def save(self, path):
        """Quiet first: a CPU that is in a guest is saved, and never loaded."""
        self.port.sendall(ASK)
        assert self.port.recv(1) == QUIET
        self.ask("stop")
        self.ask("migrate", uri=f"exec:cat >{shlex.quote(str(path))}")
        self.wait("query-migrate", "completed")
        self.process.kill()
        self.process.wait()

    def go(self):
        self.wait("query-status", "paused")
        self.port.sendall(GO)
        self.ask("cont")


def verdicts(folder):
    return re.findall(r"selftest: (\S+) (pass|fail|skip)\b", (folder / "NEW-RUN/svsm.log").read_text())


def test_in_the_middle_of_everything(runs):
    """The SVSM's own tests, moved to another QEMU three times on their way, end as if nothing had been."""
    build, qemu = commands(runs)
    code, _, err = igvm(*build)
    assert code == 0, err
    machine = Machine(qemu)
    for number, done in enumerate((1, 12, 30)):
        while len(verdicts(runs)) < done:
            assert machine.process.poll() is None
            time.sleep(0.01)
        state = runs / f"state{number}"
        machine.save(state)
        machine = Machine(qemu, "-incoming", f"exec:cat {shlex.quote(str(state))}")
        machine.go()
    assert machine.process.wait() == 33  # power off: enum machine_end
    told = verdicts(runs)
    assert told and all(verdict != "fail" for _, verdict in told), told
    assert f"selftest: end {len(told)}" in (runs / "NEW-RUN/svsm.log").read_text()


# ---- the cache ----

SOME = ["linux/dmesg-clean", "linux/cpus-online", "linux/svsm-query", "linux/disk-read"]


def kept(cache):
    folder, = cache.iterdir()
    return folder


def used(run):
    return run.json()["boots"][0].get("boot_cache")


def test_loaded_is_as_good_as_booted(runs, tmp_path, linux):
    """The same verdicts, facts and logs; and a machine that QEMU does not load costs a line and a boot."""
    cache = tmp_path / "cache"
    first, second, third = (runs / n for n in "123")
    words = ["test", *SOME, f"--boot-cache={cache}"]
    booted = keelson(first, *words).check(0)
    loaded = keelson(second, *words).check(0)
    assert (used(booted), used(loaded)) == ("saved", "loaded")
    assert set(booted.verdicts().values()) == {"pass"} and loaded.verdicts() == booted.verdicts()
    assert loaded.json()["boots"][0]["info"] == booted.json()["boots"][0]["info"]
    for log in ("console.log", "svsm.log", "monitor.log"):
        assert loaded.text(log).startswith((kept(cache) / log).read_text())

    state = kept(cache) / "state"
    state.write_bytes(b"no machine")
    what = json.loads((kept(cache) / "boot.json").read_text())
    what["sha256"] = hashlib.sha256(b"no machine").hexdigest()
    (kept(cache) / "boot.json").write_text(json.dumps(what))
    again = keelson(third, "test", SOME[1], f"--boot-cache={cache}").check(0)
    assert again.err.count("boot cache:") == 1 and "QEMU does not load it" in again.err
    assert used(again) == "saved" and state.stat().st_size > 1 << 20


def asks_for_it(runs, *words):
    """QEMU gets the port by which the machine is made quiet, and the monitor the word for it; or neither."""
    done = keelson(runs, *words, "--dry-run")
    assert done.code == 0, done.err
    device, word = "chardev=quiesce" in done.out, bool(re.search(r"options,string=\S*quiesce|string=[^']*quiesce", done.out))
    assert device == word
    return device


def test_who_uses_it(runs):
    """Suites that say so, as they stand; with the option others as well; --no-boot-cache nobody."""
    assert asks_for_it(runs, "test", "vtpm-tools")
    assert not asks_for_it(runs, "test", "vtpm-tools", "--no-boot-cache")
    assert not asks_for_it(runs, "test", "vtpm-tools", "--smp", "4")
    assert not asks_for_it(runs, "test", "linux")
    assert not asks_for_it(runs, "run")
    assert asks_for_it(runs, "run", "--boot-cache")
    assert asks_for_it(runs, "run", "--boot-cache", "--smp", "4", "--option", "stats")
    assert not asks_for_it(runs, "run", "--boot-cache", "--no-boot-cache")


def test_who_cannot(runs):
    for words, why in ((["test", "core"], "no agent"), (["test", "linux-strict"], "its boot is what it tests"),
                       (["test", "ovmf"], "firmware"), (["run", "--platform", "plain"], "platform"),
                       (["run", "--no-agent"], "no agent")):
        done = keelson(runs, *words, "--boot-cache")
        assert done.code == 2 and why in done.err and not done.folders, words
