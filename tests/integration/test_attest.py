# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The way of an attestation report: an unmodified kernel's sev-guest and configfs-tsm in the guest, the security
processor of the harness, and on the host verifiers that know nothing of either (docs/psp.md)."""

import subprocess

import pytest

from keelson import BUILD, KEELSON, environment, igvm, keelson

attest = pytest.importorskip("attest", reason="no python3-cryptography: run `make deps`")

HANG = BUILD / "guests/bare/hang.bin"
HOST_DATA = "c0ffee" * 10 + "c0ff"
TCB = bytes([7, 1, 0, 0, 0, 0, 20, 210])


@pytest.fixture(autouse=True)
def image(tools):
    """The guest image with tsm-report."""
    return tools


def root():
    """The ARK that this checkout has made."""
    return BUILD / "psp/Genoa/ark.pem"


def boot(runs, *words, script):
    run = keelson(runs, "run", "--keep", *words, "--exec", script)
    run.check(0)
    return run


def report(files, name):
    certificates = attest.table((files / f"{name}.certs").read_bytes())
    return attest.Report((files / f"{name}.report").read_bytes()), certificates


def measured(run):
    return subprocess.run([KEELSON, "igvm", "measure", run.folder / "svsm.igvm"], env=environment(), check=True,
                          capture_output=True, text=True, timeout=60).stdout.strip()


def pem(path, der):
    path.write_text(attest.load(der).public_bytes(attest.PEM).decode())
    return str(path)


def ec_key(path):
    """A new key on P-384 in that file; its public half."""
    key = attest.ec.generate_private_key(attest.ec.SECP384R1())
    path.write_bytes(key.private_bytes(attest.PEM, attest.PRIVATE, attest.PLAIN))
    return key.public_key()


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60)


# Leaves NAME.report, NAME.certs and NAME.data on the host.
TAKE = """take() { head -c 64 /dev/urandom >$1.data && tsm-report $1.data && mv outblob $1.report &&
mv auxblob $1.certs && host-put $1.data $1.report $1.certs; }
"""


def test_a_report_that_strangers_verify(runs, tmp_path):
    """One boot whose host is busy at first: Linux sends the same message again, and its report verifies. The keys that
    this takes are nobody else's to read."""
    keys = {name: ec_key(tmp_path / f"{name}.pem") for name in ("id", "author")}
    run = boot(runs, "--psp", f"host-data={HOST_DATA}", "--psp", "tcb=7.1.20.210", "--psp", "svn=3",
               "--psp", "family-id=f0", "--psp", "image-id=1234", "--psp", f"id-key={tmp_path / 'id.pem'}",
               "--psp", f"author-key={tmp_path / 'author.pem'}", "--psp", "fault=busy", script=TAKE + "take a && take b && dmesg | grep sev-guest")
    assert "using VMPCK2 communication key" in run.out
    first = [line.split(", ", 1)[1] for line in run.text("psp.log").splitlines()[:2]]
    assert first == ["key 2, number 1: busy (0x200000000)", "key 2, number 1: answered (0x0)"]
    folder = root().parent
    assert folder.stat().st_mode & 0o077 == 0 and folder.parent.stat().st_mode & 0o077 == 0
    for key in folder.glob("*.key"):
        assert key.stat().st_mode & 0o077 == 0
    files, ark = run.folder / "files", attest.load_pem(root().read_bytes())
    (a, certificates), (b, _) = report(files, "a"), report(files, "b")
    for name, r in ("a", a), ("b", b):
        r.verify(certificates, ark)
        assert r.data == (files / f"{name}.data").read_bytes()
        assert r.measurement.hex() == measured(run)
        assert (r.version, r.vmpl, r.svn) == (3, 2, 3)
        assert r.host_data.hex() == HOST_DATA
        assert r.tcb == TCB
        assert (r.author, r.family[0], r.image[:2]) == (1, 0xF0, b"\x12\x34")
        assert r.id_key == attest.id_key_digest(keys["id"]) and r.author_key == attest.id_key_digest(keys["author"])
        assert not r.policy & 1 << 19, "the policy allows debugging"
    assert a.report_id == b.report_id

    # What each judge has to refuse.
    for bit in (8 * 0x50, 8 * 0x90 + 5, 8 * 0x2A0, 8 * 0x2E8 + 300):
        flipped = bytearray(a.blob)
        flipped[bit // 8] ^= 1 << bit % 8
        assert attest.refuses(attest.Report(bytes(flipped)), certificates, ark), f"bit {bit}"
    assert attest.refuses(a, certificates, attest.load(certificates[attest.ASK])), "another root"
    swapped = dict(certificates, **{})
    swapped[attest.VCEK] = certificates[attest.ASK]
    assert attest.refuses(a, swapped, ark), "another chip's certificate"

    # A second judge, which knows X.509 and not the report.
    names = {"ask": attest.ASK, "vcek": attest.VCEK}
    paths = {name: pem(tmp_path / f"{name}.pem", certificates[guid]) for name, guid in names.items()}
    good = openssl("verify", "-CAfile", root(), "-untrusted", paths["ask"], paths["vcek"])
    assert good.returncode == 0, good.stderr
    assert openssl("verify", "-CAfile", paths["ask"], paths["vcek"]).returncode != 0


def test_what_the_guest_finds_out(runs):
    """With a VLEK. A report of VMPL 0, which is what Linux asks for where nobody says otherwise, and a host that fails are errors for
    user space and nothing more; a host that changes an answer costs the key, as Linux has it."""
    tsm = "/sys/kernel/config/tsm/report"
    script = TAKE + f"""take a || exit 1
tsm-report a.data && exit 2
take b || exit 3
mkdir {tsm}/x && cat a.data >{tsm}/x/inblob || exit 4
cat {tsm}/x/outblob >zero 2>why && exit 5
grep -q 'Invalid argument' why && [ ! -s zero ] || exit 6
take c || exit 7
tsm-report a.data && exit 8
tsm-report a.data && exit 9 # the answers are good again, and the key is gone
true"""
    run = boot(runs, "--psp", "report=2", "--psp", "vlek=Some Cloud", "--psp", "fault=none", "--psp", "fault=invalid-len", "--psp", "fault=none:4",
               "--psp", "fault=tag", script=script)
    ark = attest.load_pem(root().read_bytes())
    for name in "abc":
        r, certificates = report(run.folder / "files", name)
        r.verify(certificates, ark)
        assert (r.version, r.signing_key, r.author) == (2, 1, 0)
        assert attest.extension(attest.load(certificates[attest.VLEK]), "5") == int.from_bytes(b"Some Cloud", "big")
        assert attest.VCEK not in certificates


def test_the_bare_guests_have_one(runs):
    """The machine says in CPUID where a run has none, and only then do they skip."""
    run = keelson(runs, "test", "machine/nae-guest-request", "machine/nae-ext-guest-request").check(0)
    assert "2 passed, 0 failed, 0 skipped" in run.out


def test_an_id_block_in_a_file(runs, tmp_path):
    """It leaves the digest as it was, and a launch that it does not name ends before the guest starts."""
    ec_key(tmp_path / "id.pem")
    plain, signed = tmp_path / "plain.igvm", tmp_path / "signed.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", HANG, "-o", plain)[0] == 0
    assert igvm("id-block", plain, "--id-key", tmp_path / "id.pem", "--svn", "2", "-o", signed)[0] == 0
    assert igvm("measure", signed)[1] == igvm("measure", plain)[1]
    run = keelson(runs, "run", "--igvm", signed, "--psp", "policy=0xb0000").check(3)
    assert "LAUNCH_FINISH: the ID block names another policy (0x07)" in run.out
    assert igvm("id-block", plain, "--id-key", plain, "-o", signed)[0] == 1
    assert igvm("id-block", plain, "-o", signed)[0] == 2


@pytest.mark.parametrize("words", [["--psp", "colour=red"], ["--psp", "report=4"], ["--psp", "svn=1", "--deterministic"],
                                   ["--psp", "svn=1", "--icount", "0"], ["--psp", "tcb=1.2.3"], ["--psp", "tcb=1..3.4"],
                                   ["--psp", "svn=1", "--platform", "plain"]])
def test_psp_is_refused(runs, words):
    run = keelson(runs, "run", *words)
    assert run.code == 2 and "--psp" in run.err
    assert not run.folders
