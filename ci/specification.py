# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Holds docs/specification.md, the sources and the tests together.

usage: specification.py [TREE]

A row of a table there is a rule: id, what it says, its section, where it is implemented, what proves it.
This fails, with a line for each finding (where, what, what to do), when
  - a row does not have these five cells, or two rows have one id;
  - a row names a file, a function or a test that does not exist;
  - a bare test (guests/bare) names no rule, or one that no row has;
  - a bare test names a rule whose row does not name the test, or the other way round.
"""
import re
import sys
from pathlib import Path

DOC = "docs/specification.md"
ID = re.compile(r"(?:svsm|ghcb|apm|snp|tpm|keelson):[a-z0-9.-]+(?::[a-z0-9.-]+)?")
# What stands in a cell instead of a name: "-", or "- (why)", or "- ([where it is explained](file.md))"
NOTHING = re.compile(r"-(?: \((?:[^()]|\([^()]*\))+\))?$")
LINK = re.compile(r"\]\(([^)]+)\)")

# Tests other than the bare ones: where they lie, how one is declared, the suite that `keelson test` knows.
OTHERS = [
    ("guests/agent", "*.c", r'^AGENT_TEST(?:_LAST)?\(\s*\w+,\s*"([^"]+)"', "linux"),
    ("guests/tss", "*.c", r'^TSS_TEST\(\s*\w+,\s*"([^"]+)"', "vtpm-tss"),
    ("guests/reset", "*.c", r'^EXTERNAL_TEST\(\s*\w+,\s*"([^"]+)"', "vtpm-tss"),
    ("guests/longcmd", "*.c", r'^EXTERNAL_TEST\(\s*\w+,\s*"([^"]+)"', "vtpm-long"),
    ("guests/timers", "*.c", r'^EXTERNAL_TEST\(\s*\w+,\s*"([^"]+)"', "timer-linux"),
    ("guests/timers", "*.c", r'^EXTERNAL_TEST\(\s*\w+,\s*"([^"]+)"', "timer-linux-icount"),
    ("svsm", "**/*.c", r"^SELFTEST\((\w+)\)", "selftest"),
    ("tests/fuzz", "test_*.c", r"^TEST\((\w+)\)", None),
    ("tests/native", "*.c", r"^TEST\((\w+)\)", None),  # the program's name
    ("tests/integration", "*.py", r"^def (test_\w+)\(", None),
]

STRING = r'(?:"(?:[^"\\]|\\.)*"|#\w+)'
STRINGS = rf"{STRING}(?:[\s\\]+{STRING})*"
BARE_TEST = re.compile(rf"^\s*TEST\(\s*[\w#]+,\s*({STRINGS}),[\s\\]*({STRINGS})(?:,[\s\\]*({STRINGS}))?\s*\)", re.M)


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, where, what, do):
        self.lines.append(f"{where}: {what}: {do}")


def text_of(strings):
    """The C string that literals side by side make; what a macro puts in is a star."""
    parts = re.findall(STRING, strings or "")
    return "".join("*" if p.startswith("#") else p[1:-1] for p in parts)


def line_at(text, position):
    return text.count("\n", 0, position) + 1


class BareTest:
    def __init__(self, name, rules, where, path):
        self.name, self.rules, self.where, self.path = name, rules, where, path


def bare_tests(root, found):
    """All tests of guests/bare, and the ids of rules that stand in rows of each file's tables."""
    tests, rows = [], {}
    for folder in sorted((root / "guests/bare").glob("*")):
        texts = {p: p.read_text() for p in sorted(folder.glob("*.c"))}
        suite = next((m.group(1) for t in texts.values() for m in [re.search(r'test_main\("([^"]+)"\)', t)] if m), None)
        for path, text in texts.items() if suite else ():
            name = path.relative_to(root)
            spans = []
            for m in BARE_TEST.finditer(text):
                spans.append(m.span())
                where = f"{name}:{line_at(text, m.start())}"
                test = BareTest(f"{suite}/{text_of(m.group(1))}", text_of(m.group(3)).split(), where, path)
                tests.append(test)
                if not test.rules:
                    found.add(where, f"{test.name} names no rule",
                              f"give TEST() the ids of the rows of {DOC} that it proves")
            for m in re.finditer(r'"([^"\n]+)"', text):
                ids = m.group(1).split()
                if all(ID.fullmatch(i) for i in ids) and not any(a <= m.start() < b for a, b in spans):
                    for i in ids:
                        rows.setdefault(path, {}).setdefault(i, f"{name}:{line_at(text, m.start())}")
    return tests, rows


def other_tests(root):
    names = set()
    for folder, pattern, declared, suite in OTHERS:
        for path in (root / folder).glob(pattern):
            program = path.name if path.suffix == ".py" else path.stem
            for m in re.finditer(declared, path.read_text(), re.M):
                names.add(f"{suite or program}/{m.group(1)}")
    return names


def defines(text, name, suffix):
    """A plain search: a label, a macro, or a function whose body follows."""
    if suffix == ".S":
        return re.search(rf"^{name}:", text, re.M)
    return re.search(rf"^#define {name}\b", text, re.M) or \
        re.search(rf"^[A-Za-z_][^;{{}}#=\n]*\b{name} ?\([^;{{}}]*\)\s*\{{", text, re.M)


class Rule:
    def __init__(self, line, cells):
        self.where = f"{DOC}:{line}"
        self.id, self.text, self.section, self.code, self.proofs = cells


def read_rules(root, found):
    rules = {}
    for number, line in enumerate((root / DOC).read_text().splitlines(), 1):
        if not line.startswith("|") or re.match(r"\|[ :|-]*\|$", line) or line.startswith("| id |"):
            continue
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        where = f"{DOC}:{number}"
        if len(cells) != 5 or not all(cells):
            found.add(where, f"{len([c for c in cells if c])} cells that are not empty",
                      "write: id | rule | section | implemented in | proven by")
            continue
        cells[0] = cells[0].strip("`")
        if not ID.fullmatch(cells[0]):
            found.add(where, f"'{cells[0]}' is no id", "write svsm, ghcb, apm, snp, tpm or keelson, and words behind colons")
            continue
        rule = Rule(number, cells)
        if rule.id in rules:
            found.add(where, f"{rule.id} has a row already, at {rules[rule.id].where}", "give one of them another id")
            continue
        rules[rule.id] = rule
    return rules


def check_nothing(root, rule, cell, found):
    for link in LINK.findall(cell):
        if not (root / "docs" / link.split("#")[0]).is_file():
            found.add(rule.where, f"{rule.id}: there is no docs/{link}", "name the page that explains it")


def check_code(root, rule, found, texts):
    if NOTHING.match(rule.code):
        return check_nothing(root, rule, rule.code, found)
    for name in rule.code.split(", "):
        path, colon, function = name.partition(":")
        if not colon or not (root / path).is_file():
            found.add(rule.where, f"{rule.id}: there is no file {path}", "write file:function as it is now")
            continue
        text = texts.setdefault(path, (root / path).read_text())
        if not defines(text, re.escape(function), Path(path).suffix):
            found.add(rule.where, f"{rule.id}: {path} defines no {function}", "name the function that does it now")


def check_proofs(root, rule, names, found):
    if NOTHING.match(rule.proofs):
        return check_nothing(root, rule, rule.proofs, found)
    for name in rule.proofs.split(", "):
        if name not in names:
            found.add(rule.where, f"{rule.id}: there is no test {name}", "name the test that proves it now, or '- (why)'")


def check_bare(rules, tests, rows, found):
    """Both ways: a test's rules name it, and a rule's tests name it."""
    def proven_by(i, test):
        return test.name in rules[i].proofs.split(", ")

    for test in tests:
        for i in test.rules:
            if i not in rules:
                found.add(test.where, f"{test.name} names {i}, which no row has", f"add the row to {DOC}, or name another")
            elif not proven_by(i, test):
                found.add(test.where, f"{test.name} names {i}, whose row does not name it",
                          f"add {test.name} to 'proven by' at {rules[i].where}")
    for path, ids in rows.items():
        for i, where in ids.items():
            if i not in rules:
                found.add(where, f"a row names {i}, which no row of {DOC} has", "add it there, or name another")
            elif not any(proven_by(i, t) for t in tests if t.path == path):
                found.add(where, f"a row names {i}, and the rule names no test of this file",
                          f"add the test to 'proven by' at {rules[i].where}")
    for rule in rules.values():
        for test in tests:
            if proven_by(rule.id, test) and rule.id not in test.rules and rule.id not in rows.get(test.path, {}):
                found.add(rule.where, f"{rule.id}: {test.name} does not name it",
                          f"add the id to TEST() at {test.where}, or to a row there")


def main(root):
    found = Findings()
    texts = {}
    rules = read_rules(root, found)
    tests, rows = bare_tests(root, found)
    names = other_tests(root) | {t.name for t in tests}
    for rule in rules.values():
        check_code(root, rule, found, texts)
        check_proofs(root, rule, names, found)
    check_bare(rules, tests, rows, found)
    for line in found.lines:
        print(line)
    return 1 if found.lines else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
