# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""In how many pages of code the objects lie that a linker script lays side by side, against a limit.

usage: pages.py SCRIPT MAP PAGES [ONE]

The linker says nothing of a name that fits no object, nor of code that has grown. A name of SCRIPT without code
in MAP makes it fail, more than PAGES pages do, and so does ONE, a name's end, when its code crosses a page's border.
"""
import fnmatch
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from size import PLACED  # noqa: E402

PAGE = 4096


def names(script):
    """The objects of a script, as ARCHIVE(MEMBER) where they lie in one."""
    with open(script, encoding="utf-8") as f:
        found = re.findall(r"\*(?:(\S+?\.a):)?(\S+?\.o)\(\.text", f.read())
    return [f"{archive}({member})" if archive else member for archive, member in found]


def code(path):
    """(file, first byte, last byte) of every piece of code in a map."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"\n (\.\S+)\n +0x", r"\n \1 0x", f.read())
    for line in text.split("\n"):
        m = PLACED.match(line)
        if m and m.group(1) == ".text" and int(m.group(2), 16) and int(m.group(3), 16):
            start = int(m.group(2), 16)
            yield m.group(4), start, start + int(m.group(3), 16) - 1


def pages(placed, wanted):
    """The pages of all code of the files that end with one of the names; the names without any."""
    used, left = set(), set(wanted)
    for name, first, last in placed:
        for w in wanted:
            if fnmatch.fnmatch(name, "*/" + w.replace("[", "[[]")):
                left.discard(w)
                used |= set(range(first // PAGE, last // PAGE + 1))
    return used, left


def main(script, path, most, one=None):
    placed = list(code(path))
    used, missing = pages(placed, names(script))
    bad = [f"{script} names {name}, which has no code in {path}" for name in sorted(missing)]
    if len(used) > int(most):
        bad.append(f"{path}: the code that {script} lays side by side has {len(used)} pages, the limit is {most}")
    if one and len(pages(placed, [one])[0]) != 1:
        bad.append(f"{path}: {one} does not lie in one page")
    print(f"{script}: {len(used)} pages")
    for line in bad:
        print("pages:", line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
