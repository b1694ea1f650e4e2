# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The SVSM's attestation protocol from both ends: an unmodified kernel's configfs-tsm with the SVSM as its provider, and
a verifier that follows a TPM's quote to the root; and what becomes of requests when the security processor or the host
fails (docs/psp.md)."""

import hashlib

import pytest

from keelson import BUILD, finish, keelson, start

attest = pytest.importorskip("attest", reason="no python3-cryptography: run `make deps`")

import manifest  # noqa: E402, it needs cryptography as well

SUCCESS, INVALID_PARAMETER, NO_REPORT = 0, 0x80000005, 0x80001000


def root():
    return attest.load_pem((BUILD / "psp/Genoa/ark.pem").read_bytes())


# Linux takes nonces of 64 bytes only (6.12); the suite attest has the others.
# Leaves NAME.report, NAME.certs, NAME.manifest and NAME.nonce on the host: take NAME BYTES GUID [VERSION]
TAKE = f"""cat >take.sh <<'END'
vtpm={manifest.VTPM}
take() {{ name=$1 bytes=$2 && shift 2 && head -c $bytes /dev/urandom >$name.nonce && tsm-report $name.nonce "$@" &&
mv outblob $name.report && mv auxblob $name.certs && mv manifestblob $name.manifest &&
host-put $name.nonce $name.report $name.certs $name.manifest; }}
END
"""

# A quote by the documented templates (docs/attestation.md), and the endorsement keys by tpm2-tools' own.
QUOTE = """tpm2_createek -Q -G rsa -c ek -u ek-rsa && tpm2_createek -Q -G ecc -c ek -u ek-ecc && tpm2_flushcontext -t &&
signs='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
quote() { tpm2_createprimary -Q -C e -G $2 -g sha256 -a $signs -c $1.ctx && tpm2_readpublic -Q -c $1.ctx -o $1.public &&
printf challenge >challenge && tpm2_quote -Q -c $1.ctx -l sha256:0,1,2,4 -q $(od -An -tx1 challenge | tr -d ' \\n') \
-m $1.quote -s $1.signature -o $1.pcrs && tpm2_flushcontext -t && host-put $1.public $1.quote $1.signature; }
host-put ek-rsa ek-ecc && quote rsa rsa2048:rsassa-sha256:null && quote ecc ecc256:ecdsa-sha256:null || exit 20
"""

# What user space gets where the SVSM refuses: errno, and no blob. The last one is the kernel's own affair.
BAD = """. ./take.sh
bad() { want=$1 && shift && tsm-report n "$@" 2>why && exit 30
grep -q "$want" why && [ ! -s outblob ] || { echo "$@"; cat why; exit 31; }; rm -f outblob; }
head -c 64 /dev/zero >n
bad 'Invalid argument' $vtpm 2
bad 'Invalid argument' $vtpm 4294967295
bad 'Invalid argument' c476f1eb-0123-45a5-9641-b4e7dde5bfe4
bad 'Invalid argument' ebf176c4-2301-a545-9641-b4e7dde5bfe3
bad 'Invalid argument' 63849ebb-3d92-4670-a1ff-58f9c94b87bb
true
"""


class Taken:
    """The evidence of one request."""

    def __init__(self, files, name):
        self.nonce, self.manifest = (files / f"{name}.nonce").read_bytes(), (files / f"{name}.manifest").read_bytes()
        self.report = attest.Report((files / f"{name}.report").read_bytes())
        self.certificates = attest.table((files / f"{name}.certs").read_bytes())

    def check(self):
        self.report.verify(self.certificates, root())
        assert self.report.vmpl == 0
        assert self.report.data == hashlib.sha512(self.nonce + self.manifest).digest()
        return self


@pytest.fixture(scope="module")
def files(tools, tmp_path_factory):
    """One boot: manifests of each kind, what is refused, quotes."""
    take = """. ./take.sh
take all 64 services && take v0 64 $vtpm 0 && take v1 64 $vtpm 1 && take again 64 $vtpm 1 || exit 1
"""
    words = [word for script in (TAKE, take, BAD, QUOTE) for word in ("--exec", script)]
    run = keelson(tmp_path_factory.mktemp("attest") / "runs", "run", *words)
    run.check(0)
    return run.folder / "files"


def test_reports_of_the_svsm(files):
    """Each is of VMPL 0, of one launch, over nonce and manifest, and leads to the root."""
    taken = [Taken(files, name).check() for name in ("all", "v0", "v1", "again")]
    assert len({t.report.report_id for t in taken}) == 1
    assert len({t.report.data for t in taken}) == len(taken)


def test_manifests(files):
    """The services manifest has the vTPM's of version 0; that is the first key of version 1."""
    v0, v1 = Taken(files, "v0").manifest, Taken(files, "v1").manifest
    assert manifest.services(Taken(files, "all").manifest)[manifest.VTPM] == v0
    assert v1 == Taken(files, "again").manifest
    keys = [manifest.Public(key) for key in manifest.vtpm_keys(v1)]
    assert manifest.vtpm_keys(v1)[0] == v0
    kinds = [(key.type, getattr(key.key, "curve", key.key).key_size, key.signs_what_the_tpm_says()) for key in keys]
    assert sorted(kinds) == sorted((kind, size, signs) for kind, size in ((1, 2048), (0x23, 256), (0x23, 384))
                                   for signs in (False, True))


def test_endorsement_keys_are_those_of_tpm2_tools(files):
    """A file of tpm2-tools is a TPM2B_PUBLIC."""
    keys = manifest.vtpm_keys(Taken(files, "v1").manifest)
    assert (files / "ek-rsa").read_bytes()[2:] == Taken(files, "v0").manifest
    for name in ("ek-rsa", "ek-ecc"):
        assert (files / name).read_bytes()[2:] in keys


def test_keys_made_ahead_are_the_tpms(tools, runs):
    """A service CPU has made them before the first request: they are those that tpm2-tools makes."""
    script = """tpm2_getrandom -Q 8 && sleep 30 && . ./take.sh && take v1 64 $vtpm 1"""
    run = keelson(runs, "run", "--exec", TAKE, "--exec", script, "--exec", QUOTE).check(0)
    assert "the vTPM's keys are made" in (run.folder / "svsm.log").read_text()
    keys = manifest.vtpm_keys(Taken(run.folder / "files", "v1").check().manifest)
    assert len(set(keys)) == 6
    for name in ("ek-rsa", "ek-ecc", "rsa.public", "ecc.public"):
        assert (run.folder / "files" / name).read_bytes()[2:] in keys


@pytest.mark.parametrize("name", ["rsa", "ecc"])
def test_a_quote_is_bound_to_the_report(files, name):
    """From the root to the PCRs; and whatever is changed on the way is refused, by the link that it breaks."""
    t, other = Taken(files, "v1"), Taken(files, "again")
    quote, signature = (files / f"{name}.quote").read_bytes(), (files / f"{name}.signature").read_bytes()
    assert (files / f"{name}.public").read_bytes()[2:] in manifest.vtpm_keys(t.manifest)
    good = {"report": t.report, "certificates": t.certificates, "root": root(), "nonce": t.nonce,
            "manifest": t.manifest, "quote": quote, "signature": signature, "challenge": b"challenge"}
    assert len(manifest.bound(**good)) == 32

    def refused(why, **changed):
        with pytest.raises(manifest.Refused, match=why):
            manifest.bound(**dict(good, **changed))

    def flip(blob, at):
        return blob[:at] + bytes([blob[at] ^ 4]) + blob[at + 1:]

    refused("nonce", nonce=flip(t.nonce, 5))
    refused("nonce", nonce=other.nonce)
    refused("nonce", report=other.report)
    for at in (3, 40, len(t.manifest) - 1):
        refused("manifest", manifest=flip(t.manifest, at))
    refused("manifest", manifest=Taken(files, "v0").manifest)
    refused("the report", report=attest.Report(flip(t.report.blob, 0x30)))
    refused("the report", root=attest.load(t.certificates[attest.ASK]))
    refused("challenge", challenge=b"challenged")
    refused("no key", quote=flip(quote, len(quote) - 1))
    refused("no key", signature=flip(signature, 20))
    refused("no quote", quote=b"\0" + quote[1:])


# ---- faults ----

def record(run, key):
    return run.json()["boots"][0]["info"][key]


def codes(run):
    return [int(record(run, f"attest_code_{n}"), 16) for n in range(8)]


def steps(*faults):
    return [word for fault in faults for word in ("--psp", f"fault={fault}")]


def test_what_the_host_does_for_a_while(runs):
    """A host that is busy, once and several times, and one that is slow: the same message again, and a report."""
    run = keelson(runs, "test", "attest/codes", *steps("none", "busy", "none", "busy:3", "slow", "none")).check(0)
    assert codes(run) == [SUCCESS] * 8


def test_a_host_without_room_for_certificates(runs):
    """They are left out, and the report is given."""
    run = keelson(runs, "test", "attest/codes-certificates", *steps("none", "invalid-len", "none")).check(0)
    assert codes(run) == [SUCCESS] * 8


def test_what_costs_the_key(tmp_path):
    """What the host did may have been seen by the processor or not, or the answer is none of its own: no message is
    sealed under that key any more, and each request that follows is refused as well. The runs go on side by side."""
    started = {fault: start(tmp_path / fault, "test", "attest/codes", *steps("none:2", fault))
               for fault in ("host", "firmware", "tag", "sequence", "replay")}
    for fault, process in started.items():
        run = finish(process, tmp_path / fault, limit=900).check(0)
        assert codes(run) == [SUCCESS] * 2 + [NO_REPORT] * 6, fault


def test_others_are_served_meanwhile(runs):
    """While one vCPU waits two seconds for its report the other one is served by the core protocol and the TPM."""
    run = keelson(runs, "test", "attest/meanwhile", *steps("slow:4")).check(0)
    assert int(record(run, "attest_core_meanwhile")) > 1
    assert int(record(run, "attest_tpm_meanwhile")) > 1


def test_the_guests_own_key_outlives_the_svsms(runs, tools):
    """An answer that the host has changed costs the SVSM's key; user space sees errors, and the guest's reports go on."""
    script = """. ./take.sh
head -c 64 /dev/zero >n && tsm-report n $vtpm 2>why && exit 1
grep -q 'Invalid argument' why || exit 2
tsm-report n $vtpm && exit 3
tsm-report n && host-put outblob"""
    run = keelson(runs, "run", *steps("tag"), "--exec", TAKE, "--exec", script).check(0)
    assert attest.Report((run.folder / "files/outblob").read_bytes()).vmpl == 2
