# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The versions that the tree is known to work with: ci/matrix/known.json, and its table in README.md.

`make matrix` writes both, `make outdated` compares them with what the releases offer now.
"""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "ci/matrix/known.json"
README = ROOT / "README.md"
TABLE = re.compile(r"(<!-- make matrix writes this table -->\n).*?(<!-- end -->\n)", re.S)

# What the build and the runs take from the release; the rest of ci/deps.sh are helpers.
HOST_PACKAGES = ["gcc", "binutils", "qemu-system-x86", "libssl-dev", "libtpms-dev", "libtss2-dev", "clang-format", "cppcheck"]
AGE = ["bookworm", "trixie", "forky", "sid"]  # the order of the rows
GUEST_PACKAGES = ["tpm2-tools", "busybox-static"]


def word(path):
    """The first word of a file, or "none" when there is no such file."""
    try:
        return path.read_text(encoding="utf-8").split()[0]
    except OSError:
        return "none"


def fetched(path):
    """Name and version of the guest's packages, as guests/tools/fetch.sh left them."""
    try:
        pairs = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return {}
    return {name: version for name, version in pairs if name in GUEST_PACKAGES}


def load():
    return {row["suite"]: row for row in json.loads(FILE.read_text(encoding="utf-8"))}


def table(rows):
    head = ["Debian", "gcc", "QEMU", "kernel", "passed", "failed", "skipped", "time"]
    lines = [head]
    for r in rows:
        lines.append([r["suite"], *(r.get(key, "none") for key in ("gcc", "qemu", "kernel")),
                      *(str(r[key]) for key in ("passed", "failed", "skipped")), f"{r['seconds'] // 60}:{r['seconds'] % 60:02}"])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ["-" * w for w in widths])
    return "\n".join("| " + " | ".join(f"{c:<{w}}" for c, w in zip(line, widths)) + " |" for line in lines)


def remember(rows):
    """Rows without a failure replace those of the same release."""
    if not rows:
        return
    by_suite = load()
    by_suite.update({r["suite"]: {key: r[key] for key in r if key != "steps"} for r in rows})
    kept = sorted(by_suite.values(), key=lambda r: (AGE.index(r["suite"]) if r["suite"] in AGE else len(AGE)))
    FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(TABLE.sub(lambda m: m[1] + table(kept) + "\n" + m[2], text), encoding="utf-8")
