# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""With --json stdout is JSON alone, as docs/json.md and its schema describe."""

import base64
import json

import pytest

from keelson import BUILD, fake, igvm, keelson
from schema import SCHEMA, check, wrong


def documents(text):
    """All of stdout: nothing but JSON values, one behind the other."""
    found, at, decoder = [], 0, json.JSONDecoder()
    while text[at:].strip():
        value, used = decoder.raw_decode(text[at:].lstrip())
        at += len(text[at:]) - len(text[at:].lstrip()) + used
        found.append(value)
    return found


def one(text, name):
    return check(json.loads(text), name)


def test_the_checker_itself():
    good = {"suite": "s", "test": "t", "verdict": "pass", "ms": 1, "detail": ""}
    assert not wrong(good, SCHEMA["$defs"]["result"])
    for spoilt in ({"ms": -1}, {"ms": True}, {"ms": "1"}, {"verdict": "ok"}, {"more": 1}, {"suite": None}):
        assert wrong({**good, **spoilt}, SCHEMA["$defs"]["result"]), spoilt
    for name in good:
        assert wrong({k: v for k, v in good.items() if k != name}, SCHEMA["$defs"]["result"])


def test_output_of_commands_is_in_the_document(runs):
    run = fake(runs, "exec", "run", "--json", "--exec", "first", "--exec", "odd", "--exec", "false", "--exec", "never")
    document = one(run.out, "run")
    assert document == run.json()
    assert run.code == 3 and document["exit"]["code"] == 1  # the command's, and the harness's
    assert [e["command"] for e in document["exec"]] == ["first", "odd", "false"]
    assert [e["code"] for e in document["exec"]] == [0, 0, 3]
    assert document["exec"][0]["stdout"] == "out first" and document["exec"][0]["stderr"] == "err\n"
    assert base64.b64decode(document["exec"][1]["stderr_base64"]) == b"err\n\xff\0"
    assert "first" not in run.err.split("run folder")[0].replace(str(run.folder), "")


def test_output_is_passed_on_without_json(runs):
    run = fake(runs, "exec", "run", "--exec", "first").check(0)
    assert run.out == "out first" and "err\n" in run.err
    assert check(run.json(), "run")["exec"] == [{"command": "first", "code": 0}]


def test_command_that_powers_off(runs):
    run = fake(runs, "poweroff", "run", "--json", "--exec", "poweroff").check(0)
    assert one(run.out, "run")["exec"] == [{"command": "poweroff", "code": None, "stdout": "", "stderr": ""}]


@pytest.mark.parametrize("option", ["--shell", "--no-agent"])
def test_console_wants_stdout(runs, option):
    run = keelson(runs, "run", "--json", option)
    assert run.code == 2 and not run.out and not run.folders


@pytest.mark.parametrize("mode, code", [("good", 0), ("refuses", 3), ("liar", 0)])
def test_run(runs, mode, code):
    run = fake(runs, mode, "run", "core", "--json").check(code)
    assert one(run.out, "run") == run.json()


@pytest.mark.parametrize("mode, code", [("good", 0), ("liar", 1), ("dies", 1), ("monitor", 6), ("refuses", 3)])
@pytest.mark.parametrize("suites", [["core"], ["core", "machine"]])
def test_verdicts(runs, mode, code, suites):
    run = fake(runs, mode, "test", *suites, "--json")
    *verdicts, total = documents(run.out)
    assert [check(v, "result") for v in verdicts] == run.results()
    assert check(total, "sum")["exit"] == run.code
    assert run.code in (code, 4)
    check(run.json(), "run")


def test_lists(runs):
    for suite in documents(keelson(runs, "test", "--list", "--json").out):
        check(suite, "suite")
    tests = documents(fake(runs, "good", "test", "--list", "--json", "core").out)
    assert [check(t, "test")["test"] for t in tests] == ["first", "second", "third"]


def test_dry_run(runs):
    document = one(keelson(runs, "run", "--dry-run", "--json").out, "dry_run")
    assert document["igvm_command"][1:3] == ["igvm", "build"] and "-accel" in document["qemu"]
    assert [d["suite"] for d in documents(keelson(runs, "test", "--dry-run", "--json", "core", "machine").out)] == ["core", "machine"]


def test_measure(tmp_path):
    path = tmp_path / "any.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", path)[0] == 0
    one(igvm("measure", "--json", path)[1], "measure")


def test_pcrs(linux):
    one(igvm("pcrs", "--json", "--kernel", linux[0])[1], "pcrs")


def test_real_run(runs, linux, tools):
    run = keelson(runs, "run", "--json", "--boot-cache", "--exec", "echo hi; echo ho >&2; exit 7")
    assert run.code == 7
    assert one(run.out, "run")["exec"] == [
        {"command": "echo hi; echo ho >&2; exit 7", "code": 7, "stdout": "hi\n", "stderr": "ho\n"}]
