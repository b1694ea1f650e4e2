# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`make size`: the table adds up to the image, and a limit that is exceeded, missing or left over fails."""

import re
import subprocess
import sys

import pytest

from keelson import BUILD, ROOT

MAPS = [BUILD / "svsm.map", *sorted((BUILD / "services").glob("*.map"))]
LIMITS = (ROOT / "ci/size.limits").read_text()


def size(tmp_path, limits, maps=MAPS):
    path = tmp_path / "limits"
    path.write_text(limits)
    return subprocess.run([sys.executable, ROOT / "ci/size.py", path, *maps], cwd=ROOT, capture_output=True,
                          text=True)


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
    counted = sum(parts[n] for n in ("libtpms", "libcrypto", "libc", "compiler", "glue", "strings"))
    assert 0.97 * program < counted < 1.1 * program


@pytest.mark.parametrize("change, complaint", [
    (lambda t: re.sub(r"(?m)^glue .*", "glue 1000", t), "glue has"),
    (lambda t: re.sub(r"(?m)^kernel .*", "kernel 1000", t), "kernel has"),
    (lambda t: re.sub(r"(?m)^libc .*", "libc 10%", t), "libc has"),
    (lambda t: "\n".join(line for line in t.splitlines() if not line.startswith("glue")), "glue has no limit"),
    (lambda t: t + "libother 5\n", "libother has a limit and no bytes"),
])
def test_a_broken_limit_fails(tmp_path, change, complaint):
    limits = change(LIMITS)
    assert limits != LIMITS
    done = size(tmp_path, limits)
    assert done.returncode == 1
    assert complaint in done.stderr


def test_another_library_fails(tmp_path):
    """A program that draws in a library nobody has asked for, whatever its size."""
    text = (BUILD / "services/probe.map").read_text()
    assert "libc.a" not in text
    spoilt = tmp_path / "probe.map"
    spoilt.write_text(text + "\n.text           0x400000       0x10\n"
                      " .text          0x0000000000400000       0x10 /usr/lib/libother.a(other.o)\n")
    done = size(tmp_path, LIMITS, [*MAPS, spoilt])
    assert done.returncode == 1
    assert "probe.map has bytes of /usr/lib/libother.a" in done.stderr


def test_merged_strings_are_the_libraries(tmp_path):
    """Newer linkers book the strings of the whole program on the first file that has one."""
    path = BUILD / "services/vtpm.map"
    before = totals(size(tmp_path, LIMITS).stdout)
    spoilt = tmp_path / "vtpm.map"
    spoilt.write_text(path.read_text() + "\n.rodata         0x900000   0x100000\n"
                      " .rodata.put.str1.1\n                0x0000000000900000   0x100000 "
                      f"{BUILD.relative_to(ROOT)}/obj/service/svsm/services/vtpm/message.o\n")
    done = size(tmp_path, LIMITS, [spoilt if m == path else m for m in MAPS])
    assert done.returncode == 0, done.stderr
    after = totals(done.stdout)
    assert after["glue"] == before["glue"]
    assert after["strings"] == pytest.approx(before["strings"] + 1024, abs=0.2)


# What runs together lies together: the script that says so, the image's map, how many pages that may take, and the
# object that must not cross a page's border (docs/architecture.md, docs/vtpm.md).
TOGETHER = [
    ("svsm/svsm.lds", BUILD / "svsm.map", 6, []),
    ("svsm/services/vtpm/hot.lds", BUILD / "services/vtpm.map", 40, ["libcrypto.a(libcrypto-lib-x86_64-mont.o)"]),
]


def together(script, path, most, one):
    return subprocess.run([sys.executable, ROOT / "ci/pages.py", script, path, str(most), *one], cwd=ROOT,
                          capture_output=True, text=True)


@pytest.mark.parametrize("script, path, most, one", TOGETHER)
def test_what_runs_together_lies_together(script, path, most, one):
    done = together(ROOT / script, path, most, one)
    assert done.returncode == 0, done.stderr


def test_what_lies_apart_fails(tmp_path):
    """Too many pages, an object that has gone, and one that crosses a border."""
    script, path, _, one = TOGETHER[1]
    text = (ROOT / script).read_text()
    assert "the limit is 3" in together(ROOT / script, path, 3, one).stderr
    gone = tmp_path / "gone.lds"
    gone.write_text(text.replace("bn_mont.o", "bn_gone.o"))
    done = together(gone, path, 40, one)
    assert done.returncode == 1 and "bn_gone.o" in done.stderr
    assert "does not lie in one page" in together(ROOT / script, path, 40, ["libc.a(malloc.o)"]).stderr
