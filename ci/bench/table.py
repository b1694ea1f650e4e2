# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The rows of `make bench`: a figure beside what it is to reach, and beside another tree's where there is one."""
import pathlib

GOALS = pathlib.Path(__file__).with_name("goals.txt")
UNMEASURED = "-"


def goals(path=GOALS):
    """key -> unit, before, to reach, label."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, *rest = (part.strip() for part in line.split("|"))
            rows[key] = rest
    return rows


def number(value):
    """As many digits as mean something: ratios to two places, what is below 100 to one, counts whole."""
    if value is None:
        return UNMEASURED
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


class Table:
    """Prints each row as soon as it is known. With a base there is a column for it and none for "before"."""

    def __init__(self, has_base):
        self.goals, self.has_base = goals(), has_base
        print(f"{'':<38} {'':<2} {'here':>10} {'base' if has_base else 'before':>10} {'to reach':>9}   ", flush=True)

    def row(self, key, value, base=None, words=""):
        unit, before, goal, label = self.goals[key]
        other = number(base) if self.has_base else before
        print(f"{label:<38} {unit:<2} {number(value):>10} {other or UNMEASURED:>10} {goal or UNMEASURED:>9}   {words}".rstrip(),
              flush=True)

    @staticmethod
    def plain(label, value, words=""):
        """A figure without a goal, in no table."""
        print(f"{label:<38}    {value:>10}   {words}".rstrip(), flush=True)
