# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What `keelson --help` and `keelson COMMAND --help` say, as data. Manual page and shell completion are made of it and
of nothing else, so they know each option that the program knows, and no other."""
import dataclasses
import re
import subprocess

COMMAND = re.compile(r"  ([a-z][a-z-]*) +(\S.*)")
OPTION = re.compile(r"  (--\S.*?)(?:  +(\S.*))?$")
CONTINUED = re.compile(r" {8,}(\S.*)")
WORD = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)(?: (\[?(?:'[^']*'|[A-Z][A-Z0-9-]*)\]?))?")


@dataclasses.dataclass
class Option:
    """One option: its name with the dashes, its value's name ("" for none, "[FILE]" where it may be left out)."""
    name: str
    value: str
    shows: str


@dataclasses.dataclass
class Command:
    name: str
    shows: str
    help: str                # as it is printed
    usage: list              # its first lines, without "usage: "
    options: list            # Option
    table: bool              # each option has a line, and what it does
    subcommands: list        # names


def ask(program, *words):
    done = subprocess.run([program, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return done.stdout


def heads(text):
    """The options that a line of the table names: "--smp N, --mem MIB" are two."""
    return [(name, value) for name, value in WORD.findall(text)]


def table_of(lines):
    """The lines `  --name VALUE   what it does`, with those that go on below."""
    rows = []
    for line in lines:
        option, more = OPTION.match(line), CONTINUED.match(line)
        if option:
            rows.append([option[1], option[2] or ""])
        elif more and rows:
            rows[-1][1] = f"{rows[-1][1]} {more[1]}".strip()
    return rows


def read_command(program, name, shows):
    text = ask(program, name)
    lines = text.splitlines()
    rows = table_of(lines)
    first = next((i for i, line in enumerate(lines) if OPTION.match(line)), len(lines))
    options = {n: Option(n, value, says) for head, says in rows for n, value in heads(head)}
    for n, value in heads(text):  # what only the usage names
        options.setdefault(n, Option(n, value, ""))
    usage = [line.removeprefix("usage: ") for line in lines[:first]]
    subcommands = sorted(set(re.findall(rf"^(?:usage:)? +keelson {name} ([a-z]+)", text, re.M)))
    return Command(name, shows, text, usage, list(options.values()), bool(rows), subcommands)


def read(program):
    """The commands in the order of `keelson --help`."""
    return [read_command(program, *m.groups()) for m in map(COMMAND.fullmatch, ask(program).splitlines()) if m]


def exit_codes(program):
    """The sentence "Exit codes: ..." of the overview, (code, meaning) each."""
    text = " ".join(ask(program).split())
    return re.findall(r"(\d+(?:\+N)?) ([^,.]+)[,.]", text.partition("Exit codes: ")[2])
