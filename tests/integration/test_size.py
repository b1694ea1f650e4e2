# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`make size`: the table adds up to the image, and a limit that is exceeded, missing or left over fails."""

import subprocess
import sys

import pytest

from keelson import BUILD, ROOT

MAPS = [BUILD / "svsm.map", BUILD / "services/vtpm.map"]
LIMITS = (ROOT / "ci/size.limits").read_text()


def size(tmp_path, limits):
    path = tmp_path / "limits"
    path.write_text(limits)
    return subprocess.run([sys.executable, ROOT / "ci/size.py", path, *MAPS], capture_output=True, text=True)


def totals(text):
    """KiB by component."""
    return {line[:16].strip(): float(line[16:].split()[4]) for line in text.splitlines()[1:]}


def test_the_tree_keeps_its_limits(tmp_path):
    done = size(tmp_path, LIMITS)
    assert done.returncode == 0, done.stderr
    parts = totals(done.stdout)
    assert {"libtpms", "libcrypto", "libc", "glue", "kernel"} <= set(parts)
    # Nothing of the program may be missing: what is not counted is its headers, padding and bss
    program = (BUILD / "services/vtpm").stat().st_size / 1024
    counted = sum(parts[n] for n in ("libtpms", "libcrypto", "libc", "glue"))
    assert 0.97 * program < counted < 1.1 * program


@pytest.mark.parametrize("change, complaint", [
    (lambda t: t.replace("libtpms         1130000", "libtpms 1000"), "libtpms has"),
    (lambda t: "\n".join(line for line in t.splitlines() if not line.startswith("glue")), "glue has no limit"),
    (lambda t: t + "libother 5\n", "libother has a limit and no bytes"),
])
def test_a_broken_limit_fails(tmp_path, change, complaint):
    limits = change(LIMITS)
    assert limits != LIMITS
    done = size(tmp_path, limits)
    assert done.returncode == 1
    assert complaint in done.stderr
