#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Prints keelson(1): keelson.1.in, with what the program says of itself in place of @WORDS@.

usage: manual.py KEELSON VERSION PREFIX"""
import pathlib
import sys
import textwrap

import helptext


def roff(text):
    """Text that roff prints as it stands here."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text


def block(lines):
    return "\n".join([".RS", ".nf", *map(roff, lines), ".fi", ".RE"])



def entry(option):
    return f".TP\n.BR {roff(option.name)} \" {roff(option.value)}\"\n{roff(option.shows)}"


def commands(known):
    """Usage and purpose of each; what is no table of options is shown as it is printed."""
    for c in known:
        yield f".SS {c.name}\n{roff(c.shows[0].upper() + c.shows[1:])}."
        yield block(c.usage if c.table else textwrap.dedent(c.help.replace("usage: ", " " * 7)).splitlines())


def options(known):
    """A table that several commands print in the same words is told once."""
    tables = {}
    for c in known:
        if c.table:
            tables.setdefault(tuple((o.name, o.value, o.shows) for o in c.options if o.shows), []).append(c)
    for same in tables.values():
        yield f".SS Of {roff(', '.join(c.name for c in same))}"
        yield from (entry(o) for o in same[0].options if o.shows)


def page(program, version, prefix):
    known = helptext.read(program)
    text = pathlib.Path(__file__).with_name("keelson.1.in").read_text(encoding="utf-8")
    words = {
        "@VERSION@": version,
        "@PREFIX@": prefix,
        "@COMMANDS@": "\n".join(commands(known)),
        "@OPTIONS@": "\n".join(options(known)),
        "@EXIT@": "\n".join(f".TP\n.B {code}\n{roff(means)}" for code, means in helptext.exit_codes(program)),
    }
    for word, value in words.items():
        text = text.replace(word, value)
    return text


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(page(*sys.argv[1:]), end="")
