# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What an SVSM's report vouches for: the services manifest and the vTPM's keys (58019, chapters 7 and 8.3; TPM 2.0
Library, part 2), and whether a quote is bound to such a report. Nothing of the project is used."""

import hashlib
import struct
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

SERVICES = uuid.UUID("63849ebb-3d92-4670-a1ff-58f9c94b87bb")
VTPM = uuid.UUID("c476f1eb-0123-45a5-9641-b4e7dde5bfe3")

RSA, ECC, NULL = 0x0001, 0x0023, 0x0010
RSASSA, ECDSA = 0x0014, 0x0018
HASHES = {0x000B: hashes.SHA256(), 0x000C: hashes.SHA384()}
CURVES = {3: ec.SECP256R1(), 4: ec.SECP384R1()}
RESTRICTED, DECRYPT, SIGN = 1 << 16, 1 << 17, 1 << 18


class Refused(Exception):
    """Why the evidence proves nothing."""


def need(good, why):
    if not good:
        raise Refused(why)


def services(blob):
    """Manifest of each service, by GUID; GUIDs are in EFI's byte order, integers little-endian."""
    guid, size, count = uuid.UUID(bytes_le=blob[:16]), *struct.unpack_from("<II", blob, 16)
    need(guid == SERVICES and size == len(blob), "no services manifest")
    found = {}
    for at in range(24, 24 + 24 * count, 24):
        guid, offset, length = uuid.UUID(bytes_le=blob[at:at + 16]), *struct.unpack_from("<II", blob, at + 16)
        need(guid not in found and (not length or 24 + 24 * count <= offset <= size - length), "an entry outside")
        found[guid] = blob[offset:offset + length]
    return found


def vtpm_keys(blob):
    """Version 1: big endian version and count, then so many TPM2B_PUBLIC and nothing behind them."""
    version, count = struct.unpack_from(">II", blob)
    need(version == 1, "another version")
    keys, at = [], 8
    for _ in range(count):
        size, = struct.unpack_from(">H", blob, at)
        need(at + 2 + size <= len(blob), "a key that is cut off")
        keys.append(blob[at + 2:at + 2 + size])
        at += 2 + size
    need(at == len(blob), "more than the keys")
    return keys


class Reader:
    """Takes a TPM structure apart from its start."""

    def __init__(self, blob):
        self.blob, self.at = blob, 0

    def take(self, size):
        need(self.at + size <= len(self.blob), "a structure that is cut off")
        self.at += size
        return self.blob[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def sized(self):
        return self.take(self.number(2))

    def end(self):
        need(self.at == len(self.blob), "more than the structure")


class Public:
    """A TPMT_PUBLIC."""

    def __init__(self, blob):
        r = Reader(blob)
        self.type, self.name_algorithm, self.attributes, self.policy = r.number(2), r.number(2), r.number(4), r.sized()
        need(self.type in (RSA, ECC), "a key of another type")
        self.symmetric = r.number(2)
        if self.symmetric != NULL:
            r.take(4)
        self.scheme = r.number(2)
        self.hash = r.number(2) if self.scheme != NULL else None
        self.key = self.rsa(r) if self.type == RSA else self.ecc(r)
        r.end()

    @staticmethod
    def rsa(r):
        bits, exponent = r.number(2), r.number(4) or 65537
        modulus = r.sized()
        need(len(modulus) * 8 == bits, "a modulus of another size")
        return rsa.RSAPublicNumbers(exponent, int.from_bytes(modulus, "big")).public_key()

    @staticmethod
    def ecc(r):
        curve = CURVES[r.number(2)]
        need(r.number(2) == NULL, "a key derivation")
        x, y = (int.from_bytes(r.sized(), "big") for _ in range(2))
        return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()

    def signs_what_the_tpm_says(self):
        """A restricted signing key signs nothing that only looks like a quote."""
        return self.attributes & (RESTRICTED | SIGN | DECRYPT) == RESTRICTED | SIGN

    def verify(self, signature, message):
        """signature: a TPMT_SIGNATURE."""
        r = Reader(signature)
        scheme, algorithm = r.number(2), HASHES[r.number(2)]
        need(scheme == (RSASSA if self.type == RSA else ECDSA), "another scheme")
        try:
            if self.type == RSA:
                self.key.verify(r.sized(), message, padding.PKCS1v15(), algorithm)
            else:
                r_s = [int.from_bytes(r.sized(), "big") for _ in range(2)]
                self.key.verify(utils.encode_dss_signature(*r_s), message, ec.ECDSA(algorithm))
        except InvalidSignature:
            raise Refused("the quote's signature") from None
        r.end()


def quoted(message):
    """extraData and the PCRs' digest of a quote (TPMS_ATTEST)."""
    r = Reader(message)
    need(r.take(4) == b"\xffTCG" and r.number(2) == 0x8018, "no quote")
    r.sized()  # the key's name, qualified
    extra = r.sized()
    r.take(17 + 8)  # clock, firmware version
    for _ in range(r.number(4)):
        r.take(2)
        r.take(r.number(1))
    digest = r.sized()
    r.end()
    return extra, digest


def bound(report, certificates, root, nonce, manifest, quote, signature, challenge):
    """A quote is good when a key of the manifest signed it, and that manifest and our nonce are in a report of VMPL 0
    that leads to the root. Raises Refused; returns the digest of the quoted PCRs."""
    try:
        report.verify(certificates, root)
    except (InvalidSignature, AssertionError):
        raise Refused("the report") from None
    need(report.vmpl == 0, "a report of the guest's own")
    need(report.data == hashlib.sha512(nonce + manifest).digest(), "nonce or manifest")
    extra, digest = quoted(quote)
    need(extra == challenge, "another challenge")
    keys = [key for key in map(Public, vtpm_keys(manifest)) if key.signs_what_the_tpm_says()]
    for key in keys:
        try:
            key.verify(signature, quote)
        except Refused:
            continue
        return digest
    raise Refused("no key of the manifest")
