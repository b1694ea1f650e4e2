#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What each release offers now against the versions that the tree is known to work with.

usage: outdated.py

Exit 0 also when something is newer: that is news, no failure. docs/updating.md says how a version moves up.
"""
import os
import pathlib
import subprocess
import sys

import known

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = known.HOST_PACKAGES + known.GUEST_PACKAGES
DIR = known.ROOT / os.environ.get("BUILD", "build") / "outdated"


def offers(rows):
    """(suite, package) to version, as ci/matrix/offers.sh finds them."""
    pairs = [f"{suite}={row['kernel_from']}" for suite, row in rows.items()]
    command = [HERE / "offers.sh", DIR, *PACKAGES, "--", *pairs]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return {(suite, package): version for suite, package, version in map(str.split, done.stdout.splitlines())}


def main():
    rows = known.load()
    if not rows:
        sys.exit("outdated: no release is known to work yet: `make matrix` tries them")
    newest = offers(rows)
    moved = 0
    print(f"{'release':<10}{'package':<18}{'known to work':<34}offered")
    for suite, row in rows.items():
        for package in ["kernel"] + PACKAGES:
            have = row["kernel"] if package == "kernel" else row["packages"].get(package, "none")
            offered = newest.get((suite, package), "none")
            moved += have != offered
            print(f"{suite:<10}{package:<18}{have:<34}{offered if have != offered else 'the same'}")
    print(f"{moved} moved on: `make matrix` tries them (docs/updating.md)" if moved else "nothing moved on")


if __name__ == "__main__":
    main()
