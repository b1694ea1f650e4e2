# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson kbs (docs/key-release.md): launches get the keys of their state and no others do; an older state and a clone are refused."""

import contextlib
import json
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

import key_server
from keelson import BUILD, KEELSON, ROOT, environment, finish, keelson, start

# A secret that the TPM opens, and nothing of it outside: what a disk's key would be.
SEAL = ("--exec", "tpm2_createprimary -Q -C o -c primary && echo -n 12345678 | tpm2_create -Q -C primary -i - -u public -r private &&"
        " tpm2_load -Q -C primary -u public -r private -c sealed && tpm2_evictcontrol -Q -C o -c sealed 0x81000001")
UNSEAL = ("--exec", "tpm2_unseal -c 0x81000001")
# The services manifest, and the report that vouches for it.
TAKE = ("--exec", "head -c 64 /dev/urandom >nonce && tsm-report nonce services && mv outblob report && mv auxblob chain && mv manifestblob manifest &&"
        " host-put nonce report chain manifest")
WAIT = 60


class Kbs:
    """The server, and what it says."""

    def __init__(self, home, *words):
        self.home, self.socket = home, home / "keys"
        self.err = open(home / "kbs.err", "w+", encoding="utf-8")  # noqa: SIM115, closed with the server
        self.process = subprocess.Popen([KEELSON, "kbs", "--store", home / "store", "--listen", self.socket, *words],
                                        stdout=subprocess.PIPE, stderr=self.err, text=True, env=environment())
        assert self.process.stdout.readline().startswith("kbs: listening on "), self.said()

    def said(self):
        self.err.flush()
        return (self.home / "kbs.err").read_text()

    def heard(self, text):
        """It says so within a minute."""
        end = time.monotonic() + WAIT
        while text not in self.said():
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(WAIT) == 128 + signal.SIGTERM
        self.err.close()

    def list(self):
        done = subprocess.run([KEELSON, "kbs", "--list", "--store", self.home / "store"], capture_output=True, text=True,
                              env=environment())
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def kbs(home, *words):
    server = Kbs(home, *words)
    try:
        yield server
    finally:
        server.stop()


def build(home, image, *words):
    """The IGVM file of `keelson run` with those words."""
    done = subprocess.run([KEELSON, "run", "--dry-run", "--state", home / "tpm", "--keys", home / "keys", "--initrd", image, *words],
                          capture_output=True, text=True, env=environment(), check=True)
    line = shlex.split(done.stdout.splitlines()[0])
    line[line.index("--output") + 1] = str(home / "vm.igvm")
    subprocess.run(line, check=True, cwd=ROOT, env=environment())
    return home / "vm.igvm"


@pytest.fixture(scope="module")
def vm(tools, tmp_path_factory):
    """A launch that takes keys of the signer signer.key, and requires its state."""
    home = tmp_path_factory.mktemp("vm")
    subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", home / "signer.key"], check=True)
    subprocess.run(["openssl", "pkey", "-in", home / "signer.key", "-pubout", "-out", home / "signer.pub"], check=True)
    return home, build(home, tools, "--keys-signer", home / "signer.pub", "--state-required")


def launch(runs, vm, state, server, name, *words):
    return start(runs / name, "run", "--igvm", vm[1], "--state", state, "--keys", server.socket, *words)


def ran(runs, vm, state, server, name, *words):
    return finish(launch(runs, vm, state, server, name, *words), runs / name)


def verify(files, image, *words, code=0):
    """What `keelson verify` says of that evidence."""
    done = subprocess.run([KEELSON, "verify", files / "report", "--chain", files / "chain", "--root", BUILD / "psp/Genoa/ark.pem", "--igvm", image,
                           "--nonce", files / "nonce", "--manifest", files / "manifest", *words], capture_output=True, text=True, env=environment())
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_state_goes_from_launch_to_launch(runs, tmp_path, vm):
    """An older file, and a copy that another launch has left behind, open no more; the server tells of it."""
    state, old = tmp_path / "tpm", tmp_path / "old"
    with kbs(tmp_path, "--vm", f"red={vm[1]}", "--signer", vm[0] / "signer.key") as server:
        assert "TEST ROOT" in server.said()
        ran(runs, vm, state, server, "one", *SEAL).check(0)
        shutil.copy(state, old)
        assert ran(runs, vm, state, server, "two", *UNSEAL).check(0).out == "12345678"
        refused = ran(runs, vm, old, server, "old", *UNSEAL)
        assert refused.code == 5 and "does not open" in refused.text("svsm.log") and refused.text("console.log") == ""
        empty = ran(runs, vm, tmp_path / "mistyped", server, "empty", *UNSEAL)
        assert empty.code == 5 and "is not there, and there is one" in empty.text("svsm.log")
        server.heard("red: the launch before, report ID ")
        server.heard("has not proved epoch 3")
        three = ran(runs, vm, state, server, "three", *UNSEAL, *TAKE).check(0)
        assert three.out == "12345678"
        said = verify(three.folder / "files", vm[1])
        assert re.search(r"kept state +epoch 5, counter \d+, of a signed key", said), said
        verify(three.folder / "files", vm[1], "--kept-least", "5.1")
        assert "is older than 6, 0" in verify(three.folder / "files", vm[1], "--kept-least", "6", code=1)
    said = server.list()
    assert said.startswith("red: newest proved epoch 5, 1 keys\n"), said
    assert [line.split()[3:5] for line in said.splitlines()[1:]] == [["1", "proved"], ["2", "proved"], ["3", "not"], ["4", "not"],
                                                                     ["5", "proved"]]
    assert len({line.split()[-1] for line in said.splitlines()[1:]}) == 5, "each launch has a report ID of its own"
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700 and (tmp_path / "store/red.json").stat().st_mode & 0o777 == 0o600


def test_who_gets_no_keys(runs, tmp_path, vm, tools):
    """Another image than the VM's; the file is not touched and no guest starts."""
    other = tmp_path / "other"
    other.mkdir()
    image = build(other, tools, "--keys-signer", vm[0] / "signer.pub", "--state-required", "--append", "other")
    with kbs(tmp_path, "--vm", f"red={image}", "--signer", vm[0] / "signer.key") as server:
        refused = ran(runs, vm, tmp_path / "tpm", server, "one")
        assert refused.code == 5 and "refuses, or its answer is none" in refused.text("svsm.log")
        server.heard("refused: measurement: ")
    assert not any((tmp_path / "tpm").read_bytes()) and server.list() == ""


def test_trustee_s_form_and_a_bare_key(runs, tmp_path, vm):
    with kbs(tmp_path, "--vm", f"red={vm[1]}", "--signer", vm[0] / "signer.key", "--params", "trustee", "--bare") as server:
        ran(runs, vm, tmp_path / "tpm", server, "one", *SEAL).check(0)
        assert ran(runs, vm, tmp_path / "tpm", server, "two", *UNSEAL).check(0).out == "12345678"


# ---- clients that are no launch ----


@pytest.fixture
def server(tmp_path, vm):
    with kbs(tmp_path, "--vm", f"red={vm[1]}", "--signer", vm[0] / "signer.key") as s:
        yield s


@contextlib.contextmanager
def client(server):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(str(server.socket))
        s.settimeout(WAIT)
        yield s


def send(s, words):
    data = words if isinstance(words, bytes) else json.dumps(words).encode()
    s.sendall(struct.pack("=Q", len(data)) + data)


def receive(s):
    data = s.recv(8, socket.MSG_WAITALL)
    return json.loads(s.recv(struct.unpack("=Q", data)[0], socket.MSG_WAITALL)) if data else None


HELLO = {"version": [0, 1, 0], "tee": "snp"}


@pytest.mark.parametrize("words", [b"{", b"[]", bytes(16384), {**HELLO, "tee": "tdx"}, {**HELLO, "version": [1, 0, 0]}, {}],
                         ids=["cut", "a list", "zeroes", "TDX", "version", "nothing"])
def test_what_is_no_hello(server, words):
    with client(server) as s:
        send(s, words)
        assert receive(s) == {"success": False} and receive(s) is None
    server.heard("refused: it is no negotiation")


@pytest.mark.parametrize("length", [0, 16385, 1 << 63])
def test_lengths_that_are_none(server, length):
    with client(server) as s:
        s.sendall(struct.pack("=Q", length))
        assert receive(s) == {"success": False} and receive(s) is None


def evidence(terms, report=bytes(0x4A0), challenge=None):
    point = {"x": key_server.b64(bytes(65) + b"\1"), "y": key_server.b64(bytes(66))}
    return {"tee": "snp", "evidence": {"Snp": {"report": key_server.b64(report)}}, "challenge": challenge or terms["challenge"],
            "key": point}


@pytest.mark.parametrize(("why", "change"), [
    ("another challenge", {"challenge": key_server.b64(bytes(64))}),
    ("another challenge", {"challenge": key_server.b64(bytes(63))}),
    ("report", {}),
    ("no evidence of SEV-SNP", {"evidence": {"Snp": {"report": key_server.b64(bytes(0x49F))}}}),
    ("no evidence of SEV-SNP", {"evidence": {"Snp": {"report": "%"}}}),
    ("no evidence of SEV-SNP", {"key": {"x": key_server.b64(bytes(67)), "y": key_server.b64(bytes(66))}}),
    ("no evidence of SEV-SNP", {"key": None}),
])
def test_what_is_no_evidence(server, why, change):
    with client(server) as s:
        send(s, HELLO)
        terms = receive(s)
        assert terms["params"] == ["EcPublicKeyBytes", "Challenge"] and len(key_server.unb64(terms["challenge"])) == 64
        send(s, {**evidence(terms), **change})
        assert receive(s) == {"success": False} and receive(s) is None
    server.heard(why)
    assert not list((server.home / "store").glob("*.json"))


def test_a_silent_client_holds_nobody(server):
    with client(server), client(server) as s:
        send(s, HELLO)
        assert "challenge" in receive(s)


@pytest.mark.parametrize("words", [[], ["--store", "x"], ["--list"], ["--store", "s", "--listen", "l"],
                                   ["--store", "s", "--listen", "l", "--vm", "red"], ["--vm", "../red=x"], ["--params", "other"],
                                   ["--clients", "0"]])
def test_words_that_make_no_sense(words, tmp_path):
    done = subprocess.run([KEELSON, "kbs", *words], cwd=tmp_path, capture_output=True, text=True, env=environment())
    assert done.returncode == 2 and not done.stdout and done.stderr


def test_one_server_a_store(server, vm):
    done = subprocess.run([KEELSON, "kbs", "--store", server.home / "store", "--listen", server.home / "other", "--vm", f"red={vm[1]}"],
                          capture_output=True, text=True, env=environment())
    assert done.returncode == 3 and "another key server has it" in done.stderr


@pytest.mark.parametrize("words", [["--keys", "k"], ["--keys", "k", "--keys-unsigned"], ["--state", "s", "--keys-unsigned"],
                                   ["--state", "s", "--keys", "k"],
                                   ["--state", "s", "--keys", "k", "--keys-unsigned", "--keys-signer", "p"]])
def test_keys_go_with_a_state_and_somebody_s_signature(runs, words):
    assert keelson(runs, "run", *words).code == 2
