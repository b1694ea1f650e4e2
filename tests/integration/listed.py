# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The names of a suite's tests, from the very images that hold them: no machine has to be started.

Whoever runs the suite compares them with what the target then said (test_suites.py).
"""

import configparser
import fnmatch
import re
import shlex
import struct
import subprocess

from keelson import BUILD, HANGS, ROOT

TREE = BUILD / "guests/tools/tree"  # what tools.cpio is made of


class Elf:
    """As much of ELF64 as finds a string by its address: gABI, chapter 4."""

    def __init__(self, path):
        self.data = path.read_bytes()
        offset, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        heads = [struct.unpack_from("<IIQQQQ", self.data, offset + i * size) for i in range(count)]
        self.sections = {self.string(heads[names][4] + name): (kind, address, at, length)
                         for name, kind, _, address, at, length in heads}

    def string(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def offset(self, address):
        """Where in the file the byte at an address lies."""
        return next(at + address - start for kind, start, at, length in self.sections.values()
                    if kind != 8 and start and start <= address < start + length)  # 8: NOBITS

    def words(self, address, size):
        return struct.unpack_from(f"<{size // 8}Q", self.data, self.offset(address))

    def name(self, entry):
        """Each table's entries begin with a pointer to the test's name."""
        return self.string(self.offset(self.words(entry, 8)[0]))

    def table(self, section):
        """The names in a section of pointers to entries."""
        _, address, _, length = self.sections[section]
        return [self.name(entry) for entry in self.words(address, length)]


def selftests():
    """Entries of two words between two symbols; the linker put them into .rodata."""
    elf = BUILD / "svsm.elf"
    listed = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    symbols = {name: int(address, 16) for address, _, name in map(str.split, listed.splitlines())}
    image = Elf(elf)
    return [image.name(entry) for entry in range(symbols["selftest_table"], symbols["selftest_table_end"], 16)]


def program(path):
    """A test program lists itself (docs/writing-tests.md); a script's library lies elsewhere in the guest."""
    if path.read_bytes()[:4] == b"\x7fELF":
        words, text = [path, "--list"], None
    else:
        words, text = ["sh", "-s", "--", "--list"], path.read_text().replace(" /lib/", f" {shlex.quote(str(TREE / 'lib'))}/")
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=True, timeout=HANGS)
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def linux(keys):
    """The agent's own tests, or the programs that the suite names, by its key or on the kernel's command line."""
    words = dict(word.split("=", 1) for word in keys["cmdline"].split() if "=" in word)
    patterns = keys.get("tests", words.get("keelson.tests", "own")).split(",")
    names = Elf(BUILD / "guests/agent").table("agent_tests") if "own" in patterns else []
    for path in sorted(TREE.glob("tests/*")):
        if any(fnmatch.fnmatchcase(path.name, p) for p in patterns):
            names += program(path)
    return names


def tests(suite):
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "launch/suites.cfg")
    keys = config[suite]
    if keys.get("boot_only") == "yes":
        return ["boot"]
    if keys["kind"] == "selftest":
        return selftests()
    if keys["kind"] == "linux":
        return linux(keys)
    names = image_tests((ROOT / keys["image"]).stem)
    return asked_for(suite, names) if keys["kind"] == "firmware" else [name for name, _ in names]


def image_tests(image):
    """Name and rules of each test in a bare image (struct test of guests/bare/lib/test.h)."""
    elf = Elf(BUILD / f"obj/bare/{image}.elf")
    entries = elf.words(elf.sections["bare_tests"][1], elf.sections["bare_tests"][3])
    return [(elf.name(entry), elf.name(entry + 24)) for entry in entries]


def left_out(suite):
    """What a conformance image says that it leaves out, and why (guests/bare/conform/*/main.c)."""
    text = (ROOT / "guests/bare/conform" / suite.removeprefix("conformance-") / "main.c").read_text()
    return re.findall(r'^\t\{"([a-z0-9-]+)", *\n?\s*("[^"]+"|[A-Z_]+)\}', text, re.MULTILINE)


def asked_for(suite, names):
    """A conformance image asks for what a specification says, but for its own list."""
    without = [name for name, _ in left_out(suite)]
    return [name for name, rules in names if re.search(r"\b(svsm|tpm):", rules) and name not in without]
