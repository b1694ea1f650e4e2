# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What a person does with the TPM of `make run`, and how the agent judges test programs."""

import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from keelson import KEELSON, ROOT, environment, finish, keelson, start

NONCE = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def image(tools):
    """The guest image with tpm2-tools."""
    return tools


def checkquote(files, nonce=NONCE, message="quote.msg"):
    done = subprocess.run(["tpm2_checkquote", "-u", "ak.pem", "-m", message, "-s", "quote.sig", "-f", "quote.pcrs",
                           "-g", "sha256", "-q", nonce], cwd=files, capture_output=True, text=True, timeout=60)
    return done.returncode


def test_tools_by_exec(runs):
    """The issue's first measure: the tools in the guest, tpm2_checkquote on the host."""
    run = keelson(
        runs, "run", "--boot-cache",
        "--exec", "tpm2_getcap properties-fixed",
        "--exec", "tpm2_createek -Q -c ek.ctx -G rsa -u ek.pub",
        "--exec", "tpm2_createak -Q -C ek.ctx -c ak.ctx -G rsa -g sha256 -s rsassa -u ak.pem -f pem",
        "--exec", f"tpm2_quote -Q -c ak.ctx -l sha256:0,1,2,16 -q {NONCE} -m quote.msg -s quote.sig -o quote.pcrs -g sha256",
        "--exec", "host-put ak.pem quote.msg quote.sig quote.pcrs",
        "--exec", "dmesg | grep -i tpm")
    run.check(0)
    assert "TPM2_PT_FAMILY_INDICATOR:\n  raw: 0x322E3000" in run.out
    assert "vTPM 2.0" in run.out, "dmesg does not show the chip"
    assert run.json()["boots"][0]["info"]["tpm"].startswith("2.0")
    files = run.folder / "files"
    assert checkquote(files) == 0
    assert checkquote(files, nonce=NONCE[:-1] + "e") != 0
    message = bytearray((files / "quote.msg").read_bytes())
    message[-1] ^= 1
    (files / "flipped.msg").write_bytes(message)
    assert checkquote(files, message="flipped.msg") != 0


def test_exec_streams_and_codes(runs):
    run = keelson(runs, "run", "--boot-cache", "--exec", "echo out; echo err >&2", "--exec", "seq 3000", "--exec", "kill -9 $$",
                  "--exec", "echo never")
    assert run.code == 128 + 9
    assert run.out == "out\n" + "".join(f"{i}\n" for i in range(1, 3001))
    assert run.err.startswith("err\n") and "ended with 137" in run.err
    assert run.json()["exit"]["code"] == 1


def test_exec_needs_a_shell(runs):
    run = keelson(runs, "run", "core", "--exec", "true")
    assert run.code == 2 and not run.folders


def test_programs_that_misbehave(runs):
    run = keelson(runs, "test", "external").check(1)
    assert run.verdicts() == {
        "passes": "pass", "leaves": "pass", "alone": "pass", "skips": "skip", "fails": "fail", "exits": "fail",
        "crashes": "fail", "hangs": "fail", "babbles": "fail"}
    assert "1 == 2" in run.detail("fails")
    assert "exit code 3; last: last words" in run.detail("exits")
    assert "signal 11" in run.detail("crashes")
    assert "no word for 2 s, killed" in run.detail("hangs")
    assert "which means nothing" in run.detail("babbles")
    assert run.detail("skips") == "there is a reason"
    assert (run.folder / "files/hello").read_text() == "hello\n"


def test_shell_fed_by_a_script(runs):
    process = start(runs, "run", "--boot-cache", "--shell")  # its input is /dev/null: the shell ends at once
    run = finish(process, runs).check(0)
    assert "try: tpm2_getcap" in run.out  # of the shell's profile; an end that is there already may need no prompt


def test_last_words_of_a_shell(runs, tmp_path):
    """Its end is no reason to drop what the console's UART has not sent yet."""
    script = tmp_path / "script"
    script.write_text("seq 1 400 | sed s,^,last-, >words; cat words; exit\n")  # in one write
    with script.open() as stdin:
        run = finish(start(runs, "run", "--boot-cache", "--shell", stdin=stdin), runs).check(0)
    assert re.findall(r"last-(\d+)", run.out) == [str(i) for i in range(1, 401)]


class Terminal:
    """A pseudo-terminal with `keelson run --shell` in it."""

    def __init__(self, runs):
        try:
            self.ours, self.theirs = pty.openpty()
        except OSError as error:
            pytest.skip(f"this machine gives no pseudo-terminal (is /dev/pts mounted?): {error}")
        self.before = termios.tcgetattr(self.theirs)
        self.seen = b""
        cache = "--no-boot-cache" if os.environ.get("BOOT_CACHE") == "no" else "--boot-cache"
        self.process = subprocess.Popen([KEELSON, "run", cache, "--shell", "--runs", runs], cwd=ROOT, stdin=self.theirs,
                                        stdout=self.theirs, stderr=self.theirs,
                                        env=environment({"TERM": "xterm"}))

    def wait(self, text, seconds=300):
        """Reads up to the text; what comes after it is for the next wait."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < until and self.process.poll() is None, self.seen.decode(errors="replace")
            if select.select([self.ours], [], [], 1)[0]:
                self.seen += os.read(self.ours, 4096)
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.ours, text)

    def end(self):
        """Its exit code; the terminal must be as it was."""
        until = time.monotonic() + 300
        while self.process.poll() is None:
            assert time.monotonic() < until, self.seen.decode(errors="replace")
            if select.select([self.ours], [], [], 1)[0]:
                self.seen += os.read(self.ours, 4096)
        assert termios.tcgetattr(self.theirs) == self.before
        os.close(self.theirs)
        os.close(self.ours)
        return self.process.returncode


@pytest.mark.parametrize("leave", [b"poweroff\r", b"\x1d"], ids=["poweroff", "key"])
def test_shell_in_a_terminal(runs, leave):
    t = Terminal(runs)
    t.wait(b"guest /root # ")
    t.type(b"(echo $((6 * 7)) sheep; exec sleep 1000)\r")  # a job of its own: Ctrl-C is for it from its first word on
    t.wait(b"42 sheep\r\n")
    t.type(b"\x03")  # the guest's, not the harness's
    t.wait(b"guest /root # ")
    t.type(b"tpm2_getrandom --hex 4 && tty\r")
    t.wait(b"/dev/ttyS0")
    t.wait(b"guest /root # ")
    t.type(leave)
    assert t.end() == 0
