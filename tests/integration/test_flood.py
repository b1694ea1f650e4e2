# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A program that writes to the guest's serial console without a pause holds no CPU of the guest."""

import re

import pytest

from keelson import keelson

pytestmark = pytest.mark.alone

FLOODS = 3
SECONDS = 2
TRIES = 3
PORT = "/dev/ttyS0"

# The last stty waits for what the driver still has to send.
FLOOD = f"""
stty -F {PORT} raw -opost
for i in {' '.join(map(str, range(FLOODS)))}; do
    echo >{PORT}
    /tests/held sh -c 'timeout {SECONDS} seq 1 100000000 >{PORT}; true' || exit
done
printf '\\nlast\\n' >{PORT}
stty -F {PORT} raw -opost
"""


def flood(folder, platform, tools):
    """Of each flood the longest time that a CPU of the guest was not to be had, in us."""
    words = ["--append", "no_timer_check"]  # on a busy host Linux gives up on plain QEMU's timer, and panics
    run = keelson(folder / platform, "run", "--platform", platform, "--initrd", tools, "--exec", FLOOD, *words).check(0)
    held = [[int(us) for us in re.findall(r"CPU \d+: (\d+) us", part)] for part in run.err.split(" s\n")]
    assert [len(h) for h in held[:FLOODS]] == [2] * FLOODS, run.err
    return run, [max(h) for h in held[:FLOODS]]


def check_console(text):
    """Each flood counts from 1 on; a line is cut where its program was ended."""
    text = text[:text.index("\nlast\n")]
    floods = re.split(r"^1\n(?=2\n)", text, flags=re.M)[1:]
    assert len(floods) == FLOODS
    for part in floods:
        lines = part.split("\n")
        whole = next((i for i, line in enumerate(lines) if line != str(i + 2)), len(lines))
        cut = lines[whole] if whole < len(lines) else ""
        assert whole > 100, part[:200]
        assert str(whole + 2).startswith(cut) and not any(lines[whole + 1:]), lines[max(0, whole - 3):whole + 5]


def test_a_line_is_cut_anywhere():
    """After its first digit, too: a 1 that no 2 follows begins no flood."""
    lines = "\n".join(map(str, range(1, 1200))) + "\n"
    for cut in "", "1", "12", "120", "1200":
        check_console("\n" + (lines + cut + "\n") * FLOODS + "\nlast\n")


def test_a_flood_starves_no_cpu(runs, tools, linux):
    """What holds a CPU holds it in each flood, a busy host does so now and then: the best here beside plain QEMU's worst,
    and once more where the host was busy for one of the two only."""
    figures = []
    for i in range(TRIES):
        run, native = flood(runs / str(i), "native", tools)
        _, plain = flood(runs / str(i), "plain", tools)
        check_console(run.text("console.log"))
        figures.append((native, plain))
        if min(native) < 4 * max(plain):
            return
    raise AssertionError(figures)
