# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Reports that judges have to accept or refuse, made of a good one and the test chain's own keys (build/psp): what the
security processor would sign for another guest, chip or firmware. Nothing of the harness is used."""

import dataclasses
import hashlib
import hmac
import os
import struct
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

GUIDS = {"vcek": "63da758d-e664-4564-adc5-f4b93be8accd", "vlek": "a8074bc2-a25a-483e-aae6-39c045a0b8a1", "ask": "4ab7b379-bbac-4fe4-a02f-05aef327c782",
         "ark": "c0b406a4-a803-4952-9743-3fb6014cd0ae"}
P384_ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973  # SEC 2, 2.5.1
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
REPORTED_TCB, CHIP_ID, POLICY, VMPL, DATA = 0x180, 0x1A0, 0x8, 0x30, 0x50


@dataclasses.dataclass
class Case:
    """What a judge is given, and what the one who asks it wants. data: REPORT_DATA; with nonce and manifest it is of them."""
    name: str
    report: bytes
    certs: dict          # vcek or vlek, ask (or ASVK), ark: DER
    root: bytes          # PEM of the ARK that is trusted
    measurement: bytes
    data: bytes
    vmpl: int
    nonce: bytes = b""
    manifest: bytes = b""
    quote: bytes = b""      # TPMS_ATTEST of a TPM whose key is in the manifest, its TPMT_SIGNATURE, and the challenge
    signature: bytes = b""
    challenge: bytes = b""

    @property
    def leaf(self):
        """Who has signed the report."""
        return "vlek" if "vlek" in self.certs else "vcek"

    def table(self):
        """The certificates as an extended guest request has them."""
        entries, blobs, at = b"", b"", 24 * (len(self.certs) + 1)
        for name, der in self.certs.items():
            entries += uuid.UUID(GUIDS[name]).bytes + struct.pack("<II", at + len(blobs), len(der))
            blobs += der
        return entries + bytes(24) + blobs


def key(folder, name):
    return serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)


def chip_key(folder, report):
    """The VCEK of the chip and the TCB that the report names, which come from the chain's secret
    (harness/psp/endorsement_key.c)."""
    def mix(secret, data):
        return hmac.digest(secret, data, "sha384")
    root = mix((folder / "secret").read_bytes(), b"keelson chip".ljust(16, b"\0") + report[CHIP_ID:CHIP_ID + 64])
    tcb = report[REPORTED_TCB:REPORTED_TCB + 8]
    wide = int.from_bytes(mix(root, b"key 1 TC" + tcb) + mix(root, b"key 2 TC" + tcb), "big")
    return ec.derive_private_key(wide % (P384_ORDER - 1) + 1, ec.SECP384R1())


def signed(report, vcek_key, changes):
    """The report with other bytes at these offsets, signed again."""
    blob = bytearray(report)
    for at, value in changes.items():
        blob[at:at + len(value)] = value
    r, s = utils.decode_dss_signature(vcek_key.sign(bytes(blob[:0x2A0]), ec.ECDSA(hashes.SHA384())))
    blob[0x2A0:0x2E8], blob[0x2E8:0x330] = r.to_bytes(72, "little"), s.to_bytes(72, "little")
    return bytes(blob)


def der(*content):
    """A DER SEQUENCE."""
    body = b"".join(content)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))
    return b"\x30" + size + body


def resigned(cert, by):
    """A certificate of that body, signed by RSA-PSS with SHA-384: python3-cryptography makes none before version 41."""
    sha384 = hashes.SHA384()
    signature = by.sign(cert["tbs"], padding.PSS(padding.MGF1(sha384), 48), sha384)
    return der(cert["tbs"], cert["algorithm"], b"\x03\x82" + struct.pack(">H", len(signature) + 1) + b"\0" + signature)


def split(blob):
    """A certificate's body and algorithm, as they are."""
    body = blob[4:4 + struct.unpack(">H", blob[2:4])[0]]
    tbs = body[:4 + struct.unpack(">H", body[2:4])[0]]
    rest = body[len(tbs):]
    return {"tbs": tbs, "algorithm": rest[:2 + rest[1]]}


def vcek_with(vcek, ask_key, old, new):
    """The VCEK certificate with other bytes of one length in its body, signed by the ASK's key."""
    parts = split(vcek)
    assert parts["tbs"].count(old) == 1 and len(old) == len(new)
    parts["tbs"] = parts["tbs"].replace(old, new)
    return resigned(parts, ask_key)


def part(number, value):
    """AMD's extension 1.3.6.1.4.1.3704.1.3.NUMBER as DER: OID, then an OCTET STRING of an INTEGER."""
    oid = bytes.fromhex("060a2b060104019c78010300")[:-1] + bytes([number])
    return oid + b"\x04\x03\x02\x01" + bytes([value])


def other_root(cert):
    """A root of the same name by somebody else, and its key."""
    made = rsa.generate_private_key(65537, 4096)
    spki = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    loaded = x509.load_der_x509_certificate(cert)
    old = loaded.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = split(cert)
    parts["tbs"] = parts["tbs"].replace(old, spki)
    return resigned(parts, made), made


def pem(blob):
    return x509.load_der_x509_certificate(blob).public_bytes(serialization.Encoding.PEM)


def endorsement_key():
    """A TPMT_PUBLIC as a vTPM's manifest of version 0 has it, of a key that nobody has."""
    number = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    policy = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
    return (struct.pack(">HHI", 1, 0xB, 0x300B2) + struct.pack(">H", 32) + policy + struct.pack(">HHHHHI", 6, 128, 0x43, 0x10, 2048, 0) +
            struct.pack(">H", 256) + number.to_bytes(256, "big"))


def bound(nonce, manifest):
    return hashlib.sha512(nonce + manifest).digest()


def make(report, certs, chain, measurement, data):
    """All cases. report, certs: of a run, of VMPL 2 and with data; chain: the folder with its keys."""
    vcek_key, ask_key = chip_key(chain, report), key(chain, "ask")
    root = (chain / "ark.pem").read_bytes()
    good = Case("good", report, certs, root, measurement, data, 2)
    nonce, manifest = os.urandom(64), endorsement_key()
    svsm = dataclasses.replace(good, name="manifest", vmpl=0, nonce=nonce, manifest=manifest, data=bound(nonce, manifest),
                               report=signed(report, vcek_key, {VMPL: bytes(4), DATA: bound(nonce, manifest)}))
    tcb, chip = report[REPORTED_TCB:REPORTED_TCB + 8], report[CHIP_ID:CHIP_ID + 64]
    ark, ark_key = other_root(certs["ark"])
    foreign = dict(certs, ark=ark, ask=resigned(split(certs["ask"]), ark_key))
    debug = struct.pack("<Q", struct.unpack_from("<Q", report, POLICY)[0] | 1 << 19)
    later = os.urandom(64)
    return [
        good,
        dataclasses.replace(good, name="version-5", report=signed(report, vcek_key, {0: struct.pack("<I", 5)})),
        svsm,
        dataclasses.replace(good, name="flipped-bit", report=flipped(report, 0xC0)),
        dataclasses.replace(good, name="other-nonce", data=os.urandom(64)),
        dataclasses.replace(good, name="wrong-vmpl", vmpl=0),
        dataclasses.replace(good, name="wrong-root", root=pem(ark)),
        dataclasses.replace(good, name="own-root", certs=foreign),
        dataclasses.replace(good, name="wrong-tcb",
                            certs=dict(certs, vcek=vcek_with(certs["vcek"], ask_key, part(8, tcb[7]), part(8, tcb[7] ^ 1)))),
        dataclasses.replace(good, name="wrong-chip",
                            certs=dict(certs, vcek=vcek_with(certs["vcek"], ask_key, chip, bytes([chip[0] ^ 1]) + chip[1:]))),
        dataclasses.replace(good, name="debug-policy", report=signed(report, vcek_key, {POLICY: debug})),
        dataclasses.replace(good, name="other-image", measurement=bytes(48)),
        dataclasses.replace(svsm, name="replayed-manifest", nonce=later, data=bound(later, manifest)),
        dataclasses.replace(svsm, name="guest-manifest",
                            report=signed(report, vcek_key, {DATA: bound(nonce, manifest)})),
    ]


def flipped(blob, at):
    return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:]


def own_signature(quote):
    """A TPMT_SIGNATURE over that quote by a key of somebody's own: ECDSA with SHA-256."""
    r, s = utils.decode_dss_signature(ec.generate_private_key(ec.SECP256R1()).sign(quote, ec.ECDSA(hashes.SHA256())))
    return struct.pack(">HH", 0x18, 0xB) + b"".join(struct.pack(">H", 32) + n.to_bytes(32, "big") for n in (r, s))


def make_svsm(good):
    """Cases of a real report of the SVSM's, whose manifest has the key of a real quote by its TPM."""
    later = os.urandom(64)
    changed = flipped(good.manifest, 100)  # in a key that has signed nothing
    return [
        good,
        dataclasses.replace(good, name="svsm-replayed", nonce=later, data=bound(later, good.manifest)),
        dataclasses.replace(good, name="svsm-manifest", manifest=changed, data=bound(good.nonce, changed)),
        dataclasses.replace(good, name="quote-changed", quote=flipped(good.quote, len(good.quote) - 1)),
        dataclasses.replace(good, name="quote-foreign", signature=own_signature(good.quote)),
        dataclasses.replace(good, name="quote-challenge", challenge=os.urandom(8)),
    ]


def make_vlek(good):
    """Cases of a guest's report that a cloud's key has signed."""
    ark, _ = other_root(good.certs["ark"])
    return [
        good,
        dataclasses.replace(good, name="vlek-flipped", report=flipped(good.report, 0xC0)),
        dataclasses.replace(good, name="vlek-wrong-root", root=pem(ark)),
        dataclasses.replace(good, name="vlek-other-nonce", data=os.urandom(64)),
    ]
