#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Linux with SecureTSC (docs/timers.md): does it boot, say so, take the TSC as its clock, and how far does that drift
from the host's? Many readings at both ends of the wait, of which the quickest counts: what is late on the way is late,
never early. How far the others are behind it tells how exact that is, and a host too busy to tell fails nobody.

usage: drift.py VMLINUZ INITRD [SECONDS]      a kernel of 6.14 or newer"""

import subprocess
import sys
import time

PPM = 50
READINGS = 40
CLOCKS = "/sys/devices/system/clocksource/clocksource0"
LOOK = f"dmesg | grep -e 'SEV: Status:' -e 'tsc: Detected'; cat {CLOCKS}/current_clocksource"
READ = "sed -n 's/^now at \\([0-9]*\\) nsecs/now \\1/p' /proc/timer_list"


def command(kernel, initrd, seconds):
    words = ["build/keelson", "run", "--kernel", kernel, "--initrd", initrd, "--sev-features", "0x209", "--secure-tsc",
             "--append", "clocksource=tsc", "--timeout", "600", "--exec", LOOK]
    words += ["--exec", READ] * READINGS
    words += ["--exec", f"sleep {seconds}; echo waited"]
    return words + ["--exec", READ] * READINGS


def read(run):
    """What the guest said of itself; and the host's time ahead of the guest's, for each reading, before and after."""
    said, ends = [], [[]]
    for line in run.stdout:
        at, words = time.monotonic_ns(), line.split()
        if line == "waited\n":
            ends.append([])
        elif len(words) == 2 and words[0] == "now":
            ends[-1].append((at - int(words[1]), at))
        else:
            said.append(line.rstrip())
    return said, ends


def spread(end):
    """The quickest quarter of the readings lies that close, in ns."""
    return sorted(end)[len(end) // 4][0] - min(end)[0]


def main():
    kernel, initrd, seconds = sys.argv[1], sys.argv[2], int((sys.argv[3:] or [60])[0])
    with subprocess.Popen(command(kernel, initrd, seconds), stdout=subprocess.PIPE, text=True, bufsize=1) as run:
        said, ends = read(run)
    text = "\n".join(said)
    if run.returncode or len(ends) != 2 or not all(ends):
        sys.exit(f"drift: the run ended with {run.returncode}\n{text}")
    (before, since), (after, until) = (min(end) for end in ends)
    ppm = (after - before) / (until - since) * 1e6
    unsure = sum(map(spread, ends)) / (until - since) * 1e6
    print(f"{text}\ndrift: {ppm:+.1f} ppm, exact to {unsure:.1f}, over {(until - since) / 1e9:.0f} s; allowed: {PPM}")
    wrong = [word for word in ("SecureTSC", "tsc") if word not in text.split()]
    if wrong:
        sys.exit(f"drift: the kernel does not say {' and '.join(wrong)}\n{text}")
    if abs(ppm) > PPM and unsure > PPM / 2:
        print("drift: this host is too busy to tell: take more SECONDS")
        return 0
    return abs(ppm) > PPM


if __name__ == "__main__":
    sys.exit(main())
