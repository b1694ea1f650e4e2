#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Prints the steps of `make hardware` for ci/nightly/nightly.py: the gate, and a step for each suite of suites.txt that runs.

usage: steps.py SUITES"""
import sys

GATE = "[fit]\ncommand = ci/hardware/fit.sh\ngate = yes\nlimit = 10\n"
# The harness gives a suite up when it makes no progress; the limit here is for a harness or a host that hangs.
SUITE = """
[{suite}]
command = "${{KEELSON:-build/keelson}}" test {suite} --platform snp --known ci/hardware/expected.txt --runs "$STEP/runs"
limit = 20
"""


def read(path):
    """Suites that run, in order, and those that do not: {suite: why}."""
    run, left = [], {}
    for line in open(path, encoding="utf-8"):
        words = line.split("#")[0].split()
        if words[:1] == ["run"]:
            run += words[1:]
        elif words[:1] == ["leave"] and len(words) > 2:
            left[words[1]] = " ".join(words[2:])
        elif words:
            sys.exit(f"{path}: neither `run SUITE...` nor `leave SUITE why`: {line.strip()}")
    return run, left


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(GATE + "".join(SUITE.format(suite=s) for s in read(sys.argv[1])[0]), end="")
