# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The control port of a Linux guest: fast, no burden for the guest, and nothing of it is lost."""

import hashlib
import os
import re
import signal
import statistics
import time

import pytest

from keelson import finish, keelson, start

pytestmark = pytest.mark.alone

FLOODS = 5
LINES = 12000

# A file of 300,000 bytes to the host, and 60,000 of it back, in pieces of 600 (docs/test-control.md, verb `file`).
THERE_AND_BACK = r"""
cd /tmp; head -c 300000 /dev/urandom >sent; host-put sent || exit 1
at=0; while [ $at -lt 60000 ]; do
    printf 'HOST file\tget sent %d\n' $at >&3; read -r ok piece <&3; printf %s "$piece"; at=$((at + 600))
done | base64 -d >back; sha256sum <sent; sha256sum <back
"""


def port(run):
    return run.json()["boots"][0]["control_port"]


def lines(n):
    return "".join(f"{i}\n" for i in range(1, n + 1))


def flood(folder, platform, tools, linux, *commands):
    """Floods of output; of each the longest time that a CPU of the guest was not to be had, in us."""
    command = f"for i in {' '.join(map(str, range(FLOODS)))}; do /tests/held seq 1 {LINES} || exit; done"
    words = [w for c in (command, *commands) for w in ("--exec", c)]
    words += ["--append", "no_timer_check"]  # on a busy host Linux gives up on plain QEMU's timer, and panics
    run = keelson(folder / platform, "run", "--platform", platform, "--initrd", tools, *words).check(0)
    assert port(run) == "virtio"
    assert run.out.startswith(lines(LINES) * FLOODS)
    held = [[int(us) for us in re.findall(r"CPU \d+: (\d+) us", part)] for part in run.err.split(" s\n")]
    assert [len(h) for h in held[:FLOODS]] == [2] * FLOODS, run.err
    return run, [max(h) for h in held[:FLOODS]]


def test_output_starves_no_cpu(runs, tools, linux):
    """Compared with plain QEMU in the same minute: a median and a factor that a busy host does not reach."""
    run, native = flood(runs, "native", tools, linux, THERE_AND_BACK)
    _, plain = flood(runs, "plain", tools, linux)
    assert statistics.median(native) < 4 * statistics.median(plain), (native, plain)
    sent, back = run.out[len(lines(LINES)) * FLOODS:].split()[0::2]
    there = (run.folder / "files/sent").read_bytes()
    assert len(there) == 300000
    assert (sent, back) == (hashlib.sha256(there).hexdigest(), hashlib.sha256(there[:60000]).hexdigest())


def test_nothing_is_lost(runs, tools, linux):
    """More than all buffers hold, a reader that is late, a harness that is stopped, and then the guest is off."""
    process = start(runs, "run", "--boot-cache", "--exec", "seq 1 400000; echo last; poweroff")
    first = os.read(process.stdout.fileno(), 1).decode()
    time.sleep(1)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    process.send_signal(signal.SIGCONT)
    run = finish(process, runs).check(0)
    assert first + run.out == lines(400000) + "last\n"
    assert port(run) == "virtio"


def test_kernel_without_the_driver(runs, linux):
    run = keelson(runs, "test", "linux/cpus-online", "--append", "initcall_blacklist=virtio_console_init").check(0)
    assert port(run) == "serial"
