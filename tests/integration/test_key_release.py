# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Keys of a TPM's state, released to an attested launch (docs/key-release.md), by a stranger's server."""

import contextlib
import os

import pytest

import key_server
from keelson import keelson

NV = "0x1500016"
DEFINE = ("--exec", f"tpm2_nvdefine -Q -s 8 {NV}", "--exec", f"echo -n 12345678 | tpm2_nvwrite -i - {NV}")
READ = ("--exec", f"tpm2_nvread -s 8 {NV}")


@pytest.fixture(autouse=True)
def image(tools):
    """The guest image with tpm2-tools."""
    return tools


@contextlib.contextmanager
def server(tmp_path, *args, **words):
    path = tmp_path / "keys"
    path.unlink(missing_ok=True)
    s = key_server.Server(path, *args, **words)
    try:
        yield s
    finally:
        s.close()


def launch(runs, tmp_path, name, image, *words, signer=True):
    trust = ("--keys-signer", tmp_path / "signer.pem") if signer else ("--keys-unsigned",)
    return keelson(runs / name, "run", "--state", tmp_path / "tpm", "--keys", tmp_path / "keys", *trust, "--initrd", image, *words)


def test_epochs(runs, tmp_path, image):
    """A launch seals anew with the newest key and proves it; with the old one gone, an older file opens no more."""
    signer = key_server.new_signer(tmp_path / "signer.pem")
    k = [(n, os.urandom(32)) for n in range(1, 4)]
    with server(tmp_path, key_server.epochs_secret(k[:1]), signer=signer) as s:
        one = launch(runs, tmp_path, "one", image, *DEFINE).check(0)
        assert not s.errors and key_server.proves(s.sealed[0], k[0][1]) and s.sealed[0][0] == 1
    assert "TEST KEY" not in one.text("svsm.log")
    old = (tmp_path / "tpm").read_bytes()
    with server(tmp_path, key_server.epochs_secret(k[:2]), signer=signer) as s:
        two = launch(runs, tmp_path, "two", image, "--state-required", *READ).check(0)
        assert two.out == "12345678" and s.sealed[0][0] == 2 and key_server.proves(s.sealed[0], k[1][1])
    with server(tmp_path, key_server.epochs_secret(k[1:]), signer=signer) as s:
        (tmp_path / "tpm").write_bytes(old)
        three = launch(runs, tmp_path, "three", image, "--state-required")
        assert three.code == 5 and "does not open" in three.text("svsm.log") and not s.sealed


def flip(name):
    """Changes one bit of a member of the answer, or of its decryption."""
    def change(step, words):
        if step == "answer":
            place = words if name in words else words["decryption"]
            data = bytearray(key_server.unb64(place[name]))
            data[-1] ^= 1
            place[name] = key_server.b64(data)
        return words
    return change


def replace(step, **members):
    """Members of an answer that are others; None: they are not there."""
    def change(at, words):
        return {k: v for k, v in {**words, **members}.items() if v is not None} if at == step else words
    return change


def replace_point(**members):
    def change(step, words):
        if step == "answer":
            words["decryption"]["epk"].update(members)
        return words
    return change


TERMS, REFUSES, SIGNER, OPENS, NO_KEYS = ("terms are none", "refuses, or its answer is none", "not signed by whom", "does not open with our key",
                                          "secret is no keys")
HUGE = key_server.struct.pack("=Q", 1 << 40)

# What a server does that a launch with a signer gets, and the SVSM's words about it. Each member and length: tests/native/test_release.c.
HOSTILE = {
    "no-key-in-the-data": ({"change": replace("terms", params=["Challenge"])}, TERMS),
    "challenge-first": ({"params": ["Challenge", "EcPublicKeyBytes"]}, TERMS),
    "refused": ({"change": replace("answer", success=False)}, REFUSES),
    "deep": ({"change": replace("answer", token=[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]])}, REFUSES),
    "no-json": ({"raw": {"answer": key_server.struct.pack("=Q", 3) + b"{\"a"}}, REFUSES),
    "not-signed": ({"change": replace("answer", signature=None)}, SIGNER),
    "signature-flipped": ({"change": flip("signature")}, SIGNER),
    "secret-flipped": ({"change": flip("secret")}, SIGNER),
    "huge": ({"raw": {"terms": HUGE}}, "no key server answers"),
    "hangs-up": ({"raw": {"terms": b""}, "leave": "terms"}, "no key server answers"),
    "hangs-up-later": ({"raw": {"answer": b"\0"}, "leave": "answer"}, "does not answer the evidence"),
}

# The same without a signer: what has to be found by the decryption itself.
UNSIGNED = {
    "secret-flipped": (flip("secret"), OPENS),
    "no-point": (replace_point(x=key_server.b64(bytes(66))), OPENS),
}


def refused(runs, tmp_path, image, s, why, **words):
    """The launch requires its state, so no guest starts, and nothing is written."""
    run = launch(runs, tmp_path, "refused", image, "--state-required", **words)
    assert run.code == 5 and why in run.text("svsm.log"), run.text("svsm.log")
    assert run.text("console.log") == "" and not s.sealed and not any((tmp_path / "tpm").read_bytes())


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_is_no_answer(runs, tmp_path, image, name):
    words, why = HOSTILE[name]
    signer = key_server.new_signer(tmp_path / "signer.pem")
    with server(tmp_path, key_server.epochs_secret([(1, bytes(32))]), signer=signer, **words) as s:
        refused(runs, tmp_path, image, s, why)


@pytest.mark.parametrize("name", sorted(UNSIGNED))
def test_what_does_not_open(runs, tmp_path, image, name):
    change, why = UNSIGNED[name]
    with server(tmp_path, os.urandom(32), change=change) as s:
        refused(runs, tmp_path, image, s, why, signer=False)


@pytest.mark.parametrize("secret", [bytes(33), key_server.epochs_secret([(2, bytes(32)), (1, bytes(32))])], ids=["length", "order"])
def test_secrets_that_are_no_keys(runs, tmp_path, image, secret):
    with server(tmp_path, secret) as s:
        refused(runs, tmp_path, image, s, NO_KEYS, signer=False)


@pytest.mark.parametrize("change", [replace("sealed", proof=None), replace("sealed", proof=key_server.b64(bytes(32)))],
                         ids=["without", "another"])
def test_nobody_says_that_older_keys_are_burnt(runs, tmp_path, image, change):
    """A host that swallows the proof, and answers it itself: a launch that requires its state ends, another goes on."""
    signer = key_server.new_signer(tmp_path / "signer.pem")
    with server(tmp_path, key_server.epochs_secret([(1, bytes(32))]), signer=signer, change=change):
        run = launch(runs, tmp_path, "required", image, "--state-required")
        assert run.code == 5 and "does not prove that older keys are burnt" in run.text("svsm.log")
        assert run.text("console.log") == ""


def test_another_signer(runs, tmp_path, image):
    key_server.new_signer(tmp_path / "signer.pem")
    with server(tmp_path, os.urandom(32), signer=key_server.new_signer(tmp_path / "another.pem")) as s:
        refused(runs, tmp_path, image, s, SIGNER)


def test_an_answer_of_an_earlier_launch(runs, tmp_path, image):
    """It was good then, and is signed."""
    signer, first = key_server.new_signer(tmp_path / "signer.pem"), []
    replay = lambda step, words: first[0] if step == "answer" and first else words  # noqa: E731
    with server(tmp_path, key_server.epochs_secret([(1, bytes(32))]), signer=signer,
                change=lambda step, words: (step != "answer" or first.append(words)) and None or words) as s:
        launch(runs, tmp_path, "one", image, "--exec", "true").check(0)
    (tmp_path / "tpm").unlink()
    with server(tmp_path, bytes(32), signer=signer, change=replay) as s:
        refused(runs, tmp_path, image, s, SIGNER)


def test_no_server(runs, tmp_path, image):
    """One line on stderr; and a launch that does not require its state goes on with a new TPM."""
    run = launch(runs, tmp_path, "one", image, "--exec", "tpm2_getrandom --hex 4", signer=False).check(0)
    assert f"keelson: --keys {tmp_path}/keys: No such file or directory\n" in run.err
    assert "the TPM is a new one, and will not be kept" in run.text("svsm.log") and len(run.out) == 8


def test_trustee_s_form_of_report_data(runs, tmp_path, image):
    signer = key_server.new_signer(tmp_path / "signer.pem")
    with server(tmp_path, key_server.epochs_secret([(7, bytes(32))]), params=["TeePubKeyRuntimeData"], signer=signer) as s:
        launch(runs, tmp_path, "one", image, "--state-required", "--exec", "true").check(0)
        assert not s.errors and s.sealed[0][0] == 7 and key_server.proves(s.sealed[0], bytes(32))


def test_coconut_s_proxy(runs, tmp_path, image):
    """A bare key and no signature, which the launch has to allow."""
    with server(tmp_path, os.urandom(32)) as s:
        one = launch(runs, tmp_path, "one", image, *DEFINE, signer=False).check(0)
        assert "anybody may have given" in one.text("svsm.log")
        two = launch(runs, tmp_path, "two", image, "--state-required", *READ, signer=False).check(0)
        assert two.out == "12345678" and len(s.reports) == 2 and not s.errors and not s.sealed
