# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the judges have to find (expected.txt), what they found, and what is wrong about it."""

import collections
import fnmatch
import re

SIDES = ("svsm", "plain")
WHERE = {"svsm": "under the SVSM", "plain": "on plain QEMU"}
VERDICTS = ("pass", "fail", "skip", "any")
# What a judge is about: those of one subject may share a machine.
SUBJECTS = {"kernel": "tpm", "tools": "tpm", "timers": "time", "rt": "time", "stress": "time"}

Expected = collections.namedtuple("Expected", "machine svsm plain reason parts")
Part = collections.namedtuple("Part", "pattern svsm plain reason")

# A judge's own lines about its parts: TAP, and the older selftests' words in brackets at a line's end.
TAP = re.compile(r"^(?:.*\.\.)?(?P<word>not ok|ok) \d+ (?:- )?(?P<name>.*)$")
BRACKET = re.compile(r"^(?P<name>.*?)\[(?P<word>OK|FAILED|FAIL|ERROR|SKIP|UNSUPPORTED)\]")
WORDS = {"ok": "pass", "not ok": "fail", "OK": "pass", "FAILED": "fail", "FAIL": "fail", "ERROR": "fail",
         "SKIP": "skip", "UNSUPPORTED": "skip"}
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d.:]*(?!\w)")


class Mistake(Exception):
    """The expectation's file is not what it should be."""


def subject(name):
    return SUBJECTS.get(name.split("-")[0], "tpm")


def pair(word, verdicts=VERDICTS):
    """VERDICT[/VERDICT-ON-PLAIN-QEMU], or nothing."""
    svsm, _, plain = word.partition("/")
    plain = plain or svsm
    known = svsm in verdicts and plain in verdicts and (svsm == plain or "any" not in (svsm, plain))
    return (svsm, plain) if known else None


def read_part(line, where):
    """An indented line below a judge: PATTERN VERDICT[/VERDICT] REASON, two spaces between them. none: it has no such part."""
    words = re.split(r"\s{2,}", line.strip(), maxsplit=2)
    both = pair(words[1], VERDICTS + ("none",)) if len(words) > 1 else None
    if not both:
        raise Mistake(f"{where}: not PATTERN  VERDICT[/VERDICT]  REASON")
    if len(words) < 3:
        raise Mistake(f"{where}: {words[0]} needs a reason")
    return Part(words[0], *both, words[2])


def read_judge(line, where):
    """NAME shared|own|none VERDICT[/VERDICT] REASON; no reason only where both are pass."""
    words = line.split(None, 3)
    name, machine, verdict, *reason = words + [""] * (3 - len(words))
    both = pair(verdict)
    if machine not in ("shared", "own", "none") or not both:
        raise Mistake(f"{where}: not NAME shared|own|none VERDICT[/VERDICT] REASON")
    if machine == "none" and both != ("skip", "skip"):
        raise Mistake(f"{where}: {name} has no machine, so it can only skip")
    if both != ("pass", "pass") and not reason:
        raise Mistake(f"{where}: {name} needs a reason")
    if both[0] != "pass" and both[1] == "pass":
        raise Mistake(f"{where}: {name} passes on plain QEMU and must pass under the SVSM")
    return name, Expected(machine, *both, reason[0] if reason else "", [])


def read_expected(text):
    """Judge -> Expected."""
    table, last = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        where = f"line {number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            if last is None:
                raise Mistake(f"{where}: a part of no judge")
            table[last].parts.append(read_part(line, where))
            continue
        last, expected = read_judge(line, where)
        if last in table:
            raise Mistake(f"{where}: {last} a second time")
        table[last] = expected
    return table


def read_versions(text):
    """
    What the expectation is about, or what the image has, by the judges' prefix: the version of tpm2-tools ("5.4"), and the
    series of the kernel ("6.12"), whose selftests look for what a kernel of theirs can do.
    """
    patterns = {"tools-": r"^(?:# )?tpm2-tools (\d+\.\d+)", "timers-": r"^(?:# )?linux-source-(\d+\.\d+)"}
    found = {prefix: re.search(pattern, text, re.M) for prefix, pattern in patterns.items()}
    return {prefix: match.group(1) if match else None for prefix, match in found.items()}


def other_versions(expected, image):
    """The prefixes of judges of which the image has another version than the expectation is about."""
    return tuple(prefix for prefix, version in image.items() if version != expected[prefix])


def read_left_out(text):
    """Lines PATTERN REASON: judges that could not be had."""
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line]


def read_parts(log):
    """Part -> verdict of a judge's log. Numbers, which are measured, are no part of a name; a name that comes again gets
    a count."""
    parts, seen = {}, collections.Counter()
    for line in log.splitlines():
        found = TAP.match(line) or BRACKET.match(line)
        if not found:
            continue
        name, directive = re.subn(r"#\s*SKIP", "", found["name"], flags=re.I)
        name = re.sub(r"[\s.]+", " ", NUMBER.sub("", name)).strip(" :#")
        seen[name] += 1
        if seen[name] > 1:
            name += f" #{seen[name]}"
        parts[name] = "skip" if directive else WORDS[found["word"]]
    return parts


def compare_parts(name, expected, parts):
    """
    What is wrong about a judge's parts, a line each; parts: {side: {part: verdict}}. They are the same on both sides, or
    expected.txt says why not. A part that fails on plain QEMU alone is no fault of ours, nor is what a judge that failed
    there never came to.
    """
    wrong = []
    gave_up = "fail" in parts["plain"].values()
    for part in sorted(parts["svsm"].keys() | parts["plain"].keys()):
        svsm, plain = (parts[side].get(part, "none") for side in SIDES)
        want = next((w for w in expected.parts if fnmatch.fnmatchcase(part, w.pattern)), None)
        if want:
            right = want.svsm == "any" or (svsm, plain) == (want.svsm, want.plain)
        else:
            right = svsm == plain or plain == "fail" or (plain == "none" and gave_up)
        if not right:
            said = f", expected {want.svsm} and {want.plain}" if want else ""
            wrong.append(f"{name}: {part}: {svsm} under the SVSM, {plain} on plain QEMU{said}")
    return wrong


def compare(names, expected, got, others=()):
    """
    What is wrong, a line each. got: {side: {name: verdict}}. Judges of another version than the expectation's (others:
    their prefixes) are measured by the other side alone.
    """
    wrong = []
    for name in names:
        svsm, plain = (got[side].get(name, "none") for side in SIDES)
        worse = [f"{name}: passes on plain QEMU and not under the SVSM"] if svsm != "pass" and plain == "pass" else []
        if name.startswith(others):
            wrong += worse
            continue
        if name not in expected:
            wrong.append(f"{name}: {svsm} under the SVSM, {plain} on plain QEMU, and expected.txt does not name it")
            continue
        if expected[name].svsm == "any" and "none" not in (svsm, plain):
            continue
        wrong += [f"{name}: {got[side].get(name, 'none')} {WHERE[side]}, expected {getattr(expected[name], side)}"
                  for side in SIDES if not as_expected(expected, side, name, got[side].get(name, "none"))]
        wrong += worse
    return wrong


def as_expected(expected, side, name, verdict):
    """A judge that nobody has an expectation of has to pass."""
    want = getattr(expected[name], side) if name in expected else "pass"
    return verdict == want or (want == "any" and verdict != "none")


def missing(expected, judges, left_out, others=()):
    """Whom the expectation names, and nobody has said why there is no such judge."""
    excused = [pattern for pattern, _ in left_out] + [prefix + "*" for prefix in others]
    return [n for n in expected if n not in judges and not any(fnmatch.fnmatch(n, p) for p in excused)]
