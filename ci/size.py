# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the SVSM's image is made of, from the linkers' maps, against the limits written down.

usage: size.py LIMITS SVSM_MAP SERVICE_MAP...

Bytes of each input section go to the component whose file they came from. A limit that is exceeded,
a component without one, a limit without a component, or a file that belongs to no component of its
program makes it fail. A limit is a number of bytes; a share of what the component's archives hold,
which says how much of a library is drawn in whatever its version ("60%"); or "any".

Linkers merge equal strings, and newer ones book all that is left of them on the first file. So our
objects have the strings that they brought, and what is left is the row of the libraries' strings.
"""
import os
import re
import subprocess
import sys

# The first pattern that fits a file's name decides. The vTPM's program is one section of the SVSM's
# image, so it is taken apart by its own map; that of attestation, which has a little of libcrypto, is
# counted as a whole; the other programs link nothing but our objects.
PROGRAMS = {
    "svsm": [
        (r"/service_vtpm\.o$", None),
        (r"/service_attest\.o$", "attestation"),
        (r"/service_\w+\.o$", "other services"),
        (r"/symtab\.o$", "symbol table"),
        (r"/obj/svsm/", "kernel"),
    ],
    "vtpm": [
        (r"/libtpms\.a\(", "libtpms"),
        (r"/libcrypto\.a\(", "libcrypto"),
        (r"/libjansson\.a\(", "libjansson"),
        (r"/libc\.a\(", "libc"),
        (r"/libgcc(_eh)?\.a\(|/libclang_rt[^/]*\.a\(|/crt[^/]*\.o$", "compiler"),
        (r"/obj/service/", "glue"),
    ],
    "attest": [
        (r"/obj/service/|/libcrypto\.a\(", None),
    ],
}
OTHER = [(r"/obj/service/", None)]
OURS = re.compile(r"/obj/(svsm|service)/")
STRINGS = "strings"
MERGED = re.compile(r"\.str\d+\.\d+$|\.cst\d+$")
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
    """(output section, input section, size, file) of every input section that has an address."""
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
                yield output, m.group(1) or "", int(m.group(3), 16), m.group(4)


def own_sections(name):
    """(section, size) of all that an object or an archive's members would bring into a program."""
    done = subprocess.run([os.environ.get("SIZE", "size"), "-A", "-d", name], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) == 3 and re.match(r"\.(text|rodata|data|tdata|init|fini|eh_frame|gcc_except)", fields[0]):
            yield fields[0], int(fields[1])


def component_of(name, patterns):
    """(whether the file belongs there at all, its component or None)."""
    for pattern, component in patterns:
        if re.search(pattern, name):
            return True, component
    return False, None


def add_up(path, patterns, table, archives):
    """Adds a program's bytes to the table and its archives to each component's; the files that nobody expects."""
    strange = set()
    merged = 0
    ours = {}
    for output, section, size, name in sections(path):
        known, component = component_of(name, patterns)
        if not known and size and name != "linker stubs":  # its own jumps
            strange.add(re.sub(r"\(.*", "", name))
        if not component:
            continue
        if "(" in name:
            archives.setdefault(component, set()).add(name.split("(")[0])
        elif OURS.search(name):
            ours[name] = component
        if MERGED.search(section):
            merged += size
            continue
        table.setdefault(component, dict.fromkeys(COLUMNS, 0))[kind_of(output)] += size
    for name, component in ours.items():
        if component not in table:
            continue
        size = sum(n for section, n in own_sections(name) if MERGED.search(section))
        table[component]["constants"] += size
        merged -= size
    if any("(" in name for _, _, _, name in sections(path)):
        table.setdefault(STRINGS, dict.fromkeys(COLUMNS, 0))["constants"] += max(merged, 0)
    return [f"{os.path.basename(path)} has bytes of {name}, which is of no component" for name in sorted(strange)]


def read_limits(path):
    limits = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#", 1)[0].strip()
            if line:
                name, value = line.rsplit(None, 1)
                limits[name] = value
    return limits


def limit_of(value, archives):
    """In bytes; None for "any"."""
    if value == "any":
        return None
    if not value.endswith("%"):
        return int(value)
    held = sum(n for a in archives for section, n in own_sections(a) if not MERGED.search(section))
    return held * int(value[:-1]) // 100


def main(limits_path, *maps):
    table, archives, bad = {}, {}, []
    for path in maps:
        patterns = PROGRAMS.get(os.path.basename(path).removesuffix(".map"), OTHER)
        bad += add_up(path, patterns, table, archives)
    limits = read_limits(limits_path)
    print("%-16s" % "KiB" + "".join("%11s" % c for c in COLUMNS + ["total", "limit"]))
    for name, row in table.items():
        total = sum(row.values())
        value = limits.pop(name, None)
        limit = None if value is None else limit_of(value, archives.get(name, ()))
        print("%-16s" % name + "".join("%11.1f" % (row[c] / 1024) for c in COLUMNS)
              + "%11.1f%11s" % (total / 1024, "-" if limit is None else "%.1f" % (limit / 1024)))
        if value is None:
            bad.append("%s has no limit" % name)
        elif limit is not None and total > limit:
            bad.append("%s has %d bytes, the limit is %d" % (name, total, limit))
    bad += ["%s has a limit and no bytes" % name for name in limits]
    for line in bad:
        print("size: %s (%s)" % (line, limits_path), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
