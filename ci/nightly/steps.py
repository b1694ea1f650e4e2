# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A list of steps: sections [NAME] with these keys, run in the order of the file.

command   a line for the shell, run in the project's root; $STEP is the step's own folder, whose files are kept
short     what stands for it in a short night: the same with smaller counts; without it, the command itself
limit     minutes after which it is ended and counts as hung
needs     a line for the shell that fails, and prints why, where the step cannot run: then it is skipped
gate      yes: where it ends with 3, the host is unfit; nothing else runs, and that is no failure
"""
import configparser
import dataclasses
import re

KEYS = {"command", "short", "limit", "needs", "gate"}


class Mistake(Exception):
    """The list cannot be read."""


@dataclasses.dataclass
class Step:
    name: str
    command: str
    limit: float    # minutes
    needs: str
    gate: bool


def step(name, keys, short):
    if set(keys) - KEYS or "command" not in keys or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        raise Mistake(f"[{name}]: a name of small letters, digits, dots and dashes; `command` and what else of {', '.join(sorted(KEYS))} is needed")
    try:
        limit = float(keys.get("limit", "60"))
    except ValueError:
        limit = 0
    if limit <= 0 or keys.get("gate", "no") not in ("yes", "no"):
        raise Mistake(f"[{name}]: limit takes minutes, gate takes yes or no")
    return Step(name, keys.get("short", keys["command"]) if short else keys["command"], limit, keys.get("needs", ""), keys.get("gate") == "yes")


def read(path, wanted=(), short=False):
    """All steps of the file, or those wanted, in its order."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    try:
        with open(path, encoding="utf-8") as f:
            parser.read_file(f)
    except (OSError, configparser.Error) as e:
        raise Mistake(f"{path}: {e}") from None
    steps = [step(name, dict(parser[name]), short) for name in parser.sections()]
    unknown = set(wanted) - {s.name for s in steps}
    if unknown or not steps:
        raise Mistake(f"{path} has no step {' '.join(sorted(unknown))}; it has: {' '.join(s.name for s in steps)}")
    return [s for s in steps if s.name in wanted or not wanted]
