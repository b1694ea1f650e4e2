# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the SVSM's image is made of, from the linkers' maps, against the limits written down.

usage: size.py LIMITS SVSM_MAP VTPM_MAP

Bytes of each input section go to the component whose file they came from. A limit that is exceeded,
a component without one, or a limit without a component makes it fail.
"""
import re
import sys

# The first pattern that fits a file's name decides. The vTPM's program is one section of the SVSM's
# image, so it is taken apart by its own map.
VTPM = [
    (r"/libtpms\.a\(", "libtpms"),
    (r"/libcrypto\.a\(", "libcrypto"),
    (r"/libc\.a\(|/libgcc(_eh)?\.a\(|/crt[^/]*\.o$", "libc"),
    (r"/obj/service/", "glue"),
]
SVSM = [
    (r"/service_vtpm\.o$", None),
    (r"/service_\w+\.o$", "other services"),
    (r"/symtab\.o$", "symbol table"),
    (r"/obj/svsm/", "kernel"),
]
KINDS = {".text": "code", ".rodata": "constants", ".data": "data", ".bss": "zeros"}
COLUMNS = ["code", "constants", "data", "zeros"]

PLACED = re.compile(r"^ (?:(\S+)\s+)?0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*)$")
OUTPUT = re.compile(r"^(\.?[A-Za-z_][\w.]*)(?:\s+0x|\s*$)")


def kind_of(output):
    for prefix, kind in KINDS.items():
        if output.startswith(prefix):
            return kind
    return "zeros" if output == ".tbss" else "data" if "got" in output or "array" in output else "constants"


def sections(path):
    """(output section, size, file) of every input section that has an address."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    output = ""
    # a long name stands on a line of its own
    body = re.sub(r"\n (\.\S+)\n +0x", r"\n \1 0x", text.split("Linker script and memory map", 1)[1])
    for line in body.split("\n"):
        m = OUTPUT.match(line)
        if m:
            output = m.group(1)
            continue
        m = PLACED.match(line)
        if m and int(m.group(2), 16) and (not m.group(1) or not m.group(1).startswith("*")):
            if not output.startswith((".debug", ".comment", ".note")):
                yield output, int(m.group(3), 16), m.group(4)


def add_up(path, patterns, table):
    for output, size, name in sections(path):
        for pattern, component in patterns:
            if re.search(pattern, name):
                break
        else:
            continue
        if component:
            row = table.setdefault(component, dict.fromkeys(COLUMNS, 0))
            row[kind_of(output)] += size


def read_limits(path):
    limits = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#", 1)[0].strip()
            if line:
                name, value = line.rsplit(None, 1)
                limits[name] = int(value)
    return limits


def main(limits_path, svsm_map, vtpm_map):
    table = {}
    add_up(vtpm_map, VTPM, table)
    add_up(svsm_map, SVSM, table)
    limits = read_limits(limits_path)
    bad = []
    print("%-16s" % "KiB" + "".join("%11s" % c for c in COLUMNS + ["total", "limit"]))
    for name, row in table.items():
        total = sum(row.values())
        limit = limits.pop(name, None)
        print("%-16s" % name + "".join("%11.1f" % (row[c] / 1024) for c in COLUMNS)
              + "%11.1f%11s" % (total / 1024, "-" if limit is None else "%.1f" % (limit / 1024)))
        if limit is None:
            bad.append("%s has no limit" % name)
        elif total > limit:
            bad.append("%s has %d bytes, the limit is %d" % (name, total, limit))
    bad += ["%s has a limit and no bytes" % name for name in limits]
    for line in bad:
        print("size: %s (%s)" % (line, limits_path), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
