# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""How each judge of reports is asked. An answer is ("accept" or "refuse", the judge's own words); a judge that cannot answer
raises, since that is neither."""

import hashlib
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/integration"))

import attest  # noqa: E402
import manifest  # noqa: E402
import vectors  # noqa: E402

DEBUG = 1 << 19


def write(case, folder):
    """The case as files; where they lie."""
    files = {"report": case.report, "table": case.table(), "root.pem": case.root, "data": case.data, "nonce": case.nonce,
             "manifest": case.manifest, "both": case.report + case.table()}
    files.update({"quote": case.quote, "signature": case.signature, "challenge": case.challenge})
    files.update({f"{name}.pem": vectors.pem(der) for name, der in case.certs.items()})
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "bundle.pem").write_bytes(vectors.pem(case.certs["ask"]) + case.root)
    (folder / "leaf.pem").write_bytes(vectors.pem(case.certs[case.leaf]))
    return folder


def ask(*words, refusals, timeout=120):
    """A program's answer, which is its exit code. Any other code than these is no answer."""
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout)
    said = (done.stderr + done.stdout).strip().splitlines()
    if done.returncode == 0:
        return "accept", ""
    if done.returncode in refusals:
        return "refuse", said[0] if said else ""
    raise RuntimeError(f"{words[0]} ended with {done.returncode}: {said[-1:]}")


class Keelson:
    name = "keelson"

    def __init__(self, program):
        self.program = program

    def judge(self, case, at):
        bound = ["--nonce", at / "nonce", "--manifest", at / "manifest"] if case.manifest else ["--report-data", at / "data"]
        if case.quote:
            bound += ["--quote", at / "quote", "--quote-signature", at / "signature", "--quote-nonce", at / "challenge"]
        return ask(self.program, "verify", at / "report", "--chain", at / "table", "--root", at / "root.pem", "--vmpl", case.vmpl,
                   "--measurement", case.measurement.hex(), *bound, refusals=(1,))


class GoSevGuest:
    """Google's go-sev-guest, tools/check: 2 is a wrong signature or chain, 3 and 4 certificates, 5 the policy."""
    name = "go-sev-guest"

    def __init__(self, program):
        self.program = program

    def judge(self, case, at):
        return ask(self.program, "-in", at / "both", "-product_key_path", at / "bundle.pem", "-product", "Genoa",
                   "-network=false", "-guest_policy", "0x30000", "-report_data", case.data.hex(), "-vmpl", case.vmpl,
                   "-measurement", case.measurement.hex(), refusals=(2, 5))


class OpenSSL:
    """The chain by `openssl verify`, the signatures of report and quote by `openssl dgst`; it knows nothing of their fields."""
    name = "openssl"

    def judge(self, case, at):
        chain = ask("openssl", "verify", "-CAfile", at / "root.pem", "-untrusted", at / "ask.pem", at / "leaf.pem", refusals=(2,))
        if chain[0] != "accept":
            return chain
        done = subprocess.run(["openssl", "x509", "-in", at / "leaf.pem", "-noout", "-pubkey"], capture_output=True, check=True)
        r, s = (int.from_bytes(case.report[o:o + 72], "little") for o in (0x2A0, 0x2E8))
        said = self.signed(at, done.stdout, "sha384", self.der(r, s), case.report[:0x2A0])
        return self.quoted(case, at) if case.quote and said[0] == "accept" else said

    @staticmethod
    def signed(at, key, digest, signature, message):
        for name, content in (("key", key), ("to-check", signature), ("signed", message)):
            (at / name).write_bytes(content)
        return ask("openssl", "dgst", f"-{digest}", "-verify", at / "key", "-signature", at / "to-check", at / "signed",
                   refusals=(1,))

    def quoted(self, case, at):
        """By the keys of the manifest that may attest, and are on the quote's curve."""
        fields = manifest.Reader(case.signature)
        assert (fields.number(2), fields.number(2)) == (manifest.ECDSA, 0xB)
        signature = self.der(*(int.from_bytes(fields.sized(), "big") for _ in range(2)))
        said = "refuse", "no key for it"
        for key in map(manifest.Public, manifest.vtpm_keys(case.manifest)):
            if key.signs_what_the_tpm_says() and (key.type, key.hash) == (manifest.ECC, 0xB):
                said = self.signed(at, key.key.public_bytes(attest.PEM, vectors.SPKI), "sha256", signature, case.quote)
        return said

    @staticmethod
    def der(*numbers):
        parts = [n.to_bytes(n.bit_length() // 8 + 1, "big") for n in numbers]
        body = b"".join(b"\x02" + bytes([len(p)]) + p for p in parts)
        return b"\x30" + bytes([len(body)]) + body


class Cryptography:
    """tests/integration/attest.py and manifest.py, on python3-cryptography, and the fields in words of its own."""
    name = "cryptography"

    def judge(self, case, at):
        certs = {attest.VLEK if case.leaf == "vlek" else attest.VCEK: case.certs[case.leaf], attest.ASK: case.certs["ask"]}
        report = attest.Report(case.report)
        if attest.refuses(report, certs, attest.load_pem(case.root)):
            return "refuse", "chain, signature, chip or TCB"
        data = hashlib.sha512(case.nonce + case.manifest).digest() if case.manifest else case.data
        for what, good in (("VMPL", report.vmpl == case.vmpl), ("report data", report.data == data),
                           ("measurement", report.measurement == case.measurement), ("debug", not report.policy & DEBUG)):
            if not good:
                return "refuse", what
        return self.quoted(case, report, certs) if case.quote else ("accept", "")

    @staticmethod
    def quoted(case, report, certs):
        try:
            manifest.bound(report, certs, attest.load_pem(case.root), case.nonce, case.manifest, case.quote, case.signature,
                           case.challenge)
        except manifest.Refused as e:
            return "refuse", str(e)
        return "accept", ""


class Tinfoil:
    """@tinfoilsh/verifier of npm, by its parts."""
    name = "tinfoil"

    def __init__(self, modules):
        self.modules = modules

    def judge(self, case, at):
        script = pathlib.Path(__file__).with_name("tinfoil.mjs")
        return ask("node", script, self.modules, at / "report", at / "root.pem", at / "ask.pem", at / "leaf.pem", case.data.hex(),
                   case.measurement.hex(), case.vmpl, refusals=(1,))


def present(program, fetched):
    """Those that are here; and why others are not, by name."""
    judges, absent = [Keelson(program), Cryptography()], {}
    if shutil.which("openssl"):
        judges.insert(1, OpenSSL())
    else:
        absent["openssl"] = "not installed"
    for name, made, path in (("go-sev-guest", GoSevGuest, fetched / "check"), ("tinfoil", Tinfoil, fetched / "node_modules")):
        if path.exists():
            judges.append(made(path))
        else:
            reason = fetched / f"{name}.absent"
            absent[name] = reason.read_text().strip() if reason.exists() else f"not fetched: {path}"
    return judges, absent
