# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A verifier of attestation reports by python3-cryptography, written from AMD's specifications 56860 (the report) and
57230 (certificates): nothing of the project is used."""

import hashlib
import struct
import uuid
import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PEM, PRIVATE, PLAIN = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()

REPORT_SIZE = 0x4A0
VCEK = uuid.UUID("63da758d-e664-4564-adc5-f4b93be8accd")
VLEK = uuid.UUID("a8074bc2-a25a-483e-aae6-39c045a0b8a1")
ASK = uuid.UUID("4ab7b379-bbac-4fe4-a02f-05aef327c782")
ARK = uuid.UUID("c0b406a4-a803-4952-9743-3fb6014cd0ae")
AMD = "1.3.6.1.4.1.3704.1."


def load(der):
    with warnings.catch_warnings():  # newer versions dislike the serial number 0 of a VCEK, AMD's among them
        warnings.simplefilter("ignore")
        return x509.load_der_x509_certificate(der)


def load_pem(text):
    return x509.load_pem_x509_certificate(text)


def table(blob):
    """The certificates of an extended guest request, by GUID (GHCB specification)."""
    found = {}
    for at in range(0, len(blob), 24):
        guid, offset, size = blob[at:at + 16], *struct.unpack_from("<II", blob, at + 16)
        if not any(blob[at:at + 24]):
            return found
        found[uuid.UUID(bytes=guid)] = blob[offset:offset + size]
    raise ValueError("no end of the table")


def signed_by(certificate, issuer):
    """RSA-PSS with SHA-384 and 48 bytes of salt; raises InvalidSignature."""
    assert certificate.issuer == issuer.subject
    sha384 = hashes.SHA384()
    issuer.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                               padding.PSS(padding.MGF1(sha384), 48), sha384)


def id_key_digest(key):
    """SHA-384 of a public key on P-384 in the firmware's form (SNP firmware ABI, SNP_LAUNCH_FINISH)."""
    numbers = key.public_numbers()
    blob = struct.pack("<I", 2) + numbers.x.to_bytes(72, "little") + numbers.y.to_bytes(72, "little")
    return hashlib.sha384(blob.ljust(0x404, b"\0")).digest()


def extension(certificate, oid):
    value = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(AMD + oid)).value.value
    return value if oid == "4" else int.from_bytes(value[2:], "big")


class Report:
    """The fields of an attestation report that a verifier looks at."""

    def __init__(self, blob):
        assert len(blob) == REPORT_SIZE
        self.blob = blob
        self.version, self.svn, self.policy = struct.unpack_from("<IIQ", blob)
        self.vmpl, self.algorithm = struct.unpack_from("<II", blob, 0x30)
        self.data, self.measurement = blob[0x50:0x90], blob[0x90:0xC0]
        self.host_data, self.report_id = blob[0xC0:0xE0], blob[0x140:0x160]
        self.family, self.image = blob[0x10:0x20], blob[0x20:0x30]
        self.id_key, self.author_key = blob[0xE0:0x110], blob[0x110:0x140]
        self.author, self.signing_key = blob[0x48] & 1, blob[0x48] >> 2 & 7
        self.tcb, self.chip = blob[0x180:0x188], blob[0x1A0:0x1E0]

    def verify(self, certificates, root):
        """The chain up to root, the signature, and that both speak of one TCB and, with a VCEK, of one chip."""
        key, ask = load(certificates[VLEK if self.signing_key else VCEK]), load(certificates[ASK])
        signed_by(root, root)
        signed_by(ask, root)
        signed_by(key, ask)
        r, s = (int.from_bytes(self.blob[at:at + 72], "little") for at in (0x2A0, 0x2E8))
        key.public_key().verify(utils.encode_dss_signature(r, s), self.blob[:0x2A0], ec.ECDSA(hashes.SHA384()))
        assert self.algorithm == 1
        assert self.signing_key or extension(key, "4") == self.chip
        assert [extension(key, oid) for oid in ("3.1", "3.2", "3.3", "3.8")] == [self.tcb[n] for n in (0, 1, 6, 7)]


def refuses(report, certificates, root):
    try:
        report.verify(certificates, root)
    except (InvalidSignature, AssertionError):
        return True
    return False
