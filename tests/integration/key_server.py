# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A stranger's key server (docs/key-release.md): the words of COCONUT's proxy on a UNIX socket, by python3-cryptography. It shares no
code with `keelson kbs`, which does the same in C, and does what a test says where a good server would do right."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import socket
import struct
import threading

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIGNED = b"Keelson key release 1"
SEALED, BURNT = b"Keelson state sealed 1", b"Keelson epoch burnt 1"
ALGORITHM = b"ECDH-ES+A256KW"


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def runtime_data(challenge, x, y):
    """What Trustee's verifier rebuilds: JSON with sorted names and no spaces."""
    key = {"kty": "EC", "crv": "P-521", "alg": ALGORITHM.decode(), "x": url64(x), "y": url64(y)}
    return json.dumps({"tee-pubkey": key, "nonce": b64(challenge), "additional-evidence": ""}, sort_keys=True,
                      separators=(",", ":")).encode()


def report_data(params, challenge, x, y):
    if params == ["TeePubKeyRuntimeData"]:
        return hashlib.sha384(runtime_data(challenge, x, y)).digest() + bytes(16)
    parts = {"EcPublicKeyBytes": x + y, "Challenge": challenge}
    return hashlib.sha512(b"".join(parts[p] for p in params)).digest()


def wrapping_key(private, x, y):
    """RFC 7518, 4.6.2."""
    public = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP521R1()).public_key()
    z = private.exchange(ec.ECDH(), public)
    info = struct.pack(">I", len(ALGORITHM)) + ALGORITHM + bytes(8) + struct.pack(">I", 256)
    return hashlib.sha256(struct.pack(">I", 1) + z + info).digest()


def epochs_secret(keys, proved=False):
    """struct release_secret of abi/host/key_release.h; keys: (epoch, key), oldest first."""
    return b"KLKEYS1\0" + struct.pack("<II", len(keys), proved) + b"".join(struct.pack("<Q", n) + k for n, k in keys)


class Server:
    """One conversation a connection. `change` may return other JSON for an answer: change(step, answer)."""

    def __init__(self, path, secret, params=("EcPublicKeyBytes", "Challenge"), signer=None, change=None, raw=None, leave=None):
        self.params, self.signer, self.raw, self.leave = list(params), signer, raw, leave
        self.change = change or (lambda step, answer: answer)
        self.secret = secret if callable(secret) else lambda: secret
        self.seen, self.reports, self.sealed, self.proofs, self.errors = [], [], [], [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(60)

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(EOFError, ConnectionError):
                self.converse(connection)

    def read(self, c):
        def exactly(n):
            data = b""
            while len(data) < n:
                more = c.recv(n - len(data))
                if not more:
                    raise EOFError
                data += more
            return data

        words = json.loads(exactly(struct.unpack("=Q", exactly(8))[0]))
        self.seen.append(words)
        return words

    def write(self, c, step, words):
        if self.raw and step in self.raw:
            c.sendall(self.raw[step])
            if self.leave == step:
                raise EOFError
            return
        data = json.dumps(self.change(step, words)).encode()
        c.sendall(struct.pack("=Q", len(data)) + data)

    def converse(self, c):
        challenge = os.urandom(32)
        assert self.read(c) == {"version": [0, 1, 0], "tee": "snp"}
        self.write(c, "terms", {"challenge": b64(challenge), "params": self.params})
        self.write(c, "answer", self.release(self.read(c), challenge))
        sealed = self.read(c)["sealed"]
        self.sealed.append((sealed["epoch"], unb64(sealed["proof"]), challenge))
        key = self.secret()[-32:]
        self.write(c, "sealed", {"success": True, "proof": b64(proof(BURNT, key, sealed["epoch"], challenge))})

    def release(self, words, challenge):
        x, y = unb64(words["key"]["x"]), unb64(words["key"]["y"])
        report = unb64(words["evidence"]["Snp"]["report"])
        assert len(x) == len(y) == 66 and len(report) == 0x4A0
        data = report_data(self.params, challenge, x, y)
        if unb64(words["challenge"]) != challenge or report[0x50:0x90] != data:
            self.errors.append("another REPORT_DATA")
        self.reports.append(report)
        ours, cek, iv, secret = ec.generate_private_key(ec.SECP521R1()), os.urandom(32), os.urandom(12), self.secret()
        point = ours.public_key().public_numbers()
        epk = {"x": point.x.to_bytes(66, "big"), "y": point.y.to_bytes(66, "big")}
        aad = url64(json.dumps({"alg": ALGORITHM.decode(), "enc": "A256GCM"}).encode()).encode()
        sealed = AESGCM(cek).encrypt(iv, secret, aad)
        made = {"wrapped_cek": keywrap.aes_key_wrap(wrapping_key(ours, x, y), cek), "aad": aad, "iv": iv, "tag": sealed[-16:]}
        answer = {"success": True, "secret": b64(sealed[:-16]), "token": {"Jwt": "e30.e30.e30"},
                  "decryption": {"epk": {k: b64(v) for k, v in epk.items()}, **{k: b64(v) for k, v in made.items()}}}
        if self.signer:
            parts = (epk["x"], epk["y"], made["wrapped_cek"], aad, iv, made["tag"], sealed[:-16])
            text = SIGNED + data + b"".join(struct.pack(">I", len(p)) + p for p in parts)
            r, s = utils.decode_dss_signature(self.signer.sign(text, ec.ECDSA(hashes.SHA384())))
            answer["signature"] = b64(r.to_bytes(48, "big") + s.to_bytes(48, "big"))
        return answer


def proof(words, key, epoch, challenge):
    return hmac.digest(key, words + struct.pack(">Q", epoch) + challenge, "sha256")


def proves(sealed, key):
    """Is it the proof that a state is sealed with that key?"""
    epoch, given, challenge = sealed
    return hmac.compare_digest(given, proof(SEALED, key, epoch, challenge))


def new_signer(path):
    """A signing key, whose public half goes to path in PEM."""
    key = ec.generate_private_key(ec.SECP384R1())
    path.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return key
