#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Judges of attestation reports: each is asked about one report of a run and what was made of it, and has to say what
expected.txt has.

usage: run.py [--keelson PROGRAM] [--fetched DIR] [WORDS for keelson run]

Two guests are started. One asks for a report of its own by configfs-tsm (VMPL 2), for one of the SVSM's with the vTPM's
manifest, and its TPM for a quote; the other one has a processor with a cloud's key, and asks for a report."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import uuid

import judges
import vectors

HERE = pathlib.Path(__file__).resolve().parent
GUEST = "head -c 64 /dev/urandom >data && tsm-report data && host-put data outblob auxblob"
CHALLENGE = b"challenge"
SVSM = f"""head -c 64 /dev/urandom >nonce && tsm-report nonce {judges.manifest.VTPM} 1 && mv outblob report &&
host-put nonce report manifestblob
signs='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
tpm2_createprimary -Q -C e -G ecc256:ecdsa-sha256:null -g sha256 -a $signs -c ak.ctx &&
tpm2_quote -Q -c ak.ctx -l sha256:0,4 -q {CHALLENGE.hex()} -m quote -s signature && host-put quote signature"""
# The words of both runs.
RUN, RUN_VLEK = ["--exec", GUEST, "--exec", SVSM], ["--exec", GUEST, "--psp", "vlek=Some Cloud"]


def read_expected(text):
    """{case: {judge: word}}."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    head, table = rows[0], {}
    for row in rows[1:]:
        if len(row) != len(head) or set(row[1:]) - {"accept", "refuse", "blind"} or row[0] in table:
            raise ValueError(f"not CASE and a word for each judge: {' '.join(row)}")
        table[row[0]] = dict(zip(head[1:], row[1:]))
    return table


def wrong(said, expected):
    """Is that not what is expected? A blind judge accepts."""
    return said != ("accept" if expected == "blind" else expected)


class Taken:
    """A run's evidence."""

    def __init__(self, folder, program, leaf):
        self.files = folder / "files"
        certificates = judges.attest.table(self.read("auxblob"))
        self.certs = {name: certificates[guid] for name, guid in
                      ((leaf, uuid.UUID(vectors.GUIDS[leaf])), ("ask", judges.attest.ASK), ("ark", judges.attest.ARK))}
        done = subprocess.run([program, "igvm", "measure", folder / "svsm.igvm"], capture_output=True, text=True, check=True)
        self.chain = pathlib.Path(program).resolve().parent / "psp/Genoa"
        self.measurement, self.root = bytes.fromhex(done.stdout), (self.chain / "ark.pem").read_bytes()

    def read(self, name):
        return (self.files / name).read_bytes()

    def case(self, name, report, data, vmpl, **more):
        return vectors.Case(name, report, self.certs, self.root, self.measurement, data, vmpl, **more)


def cases_of(run, vlek, program):
    """Of both runs' folders."""
    own, cloud = Taken(run, program, "vcek"), Taken(vlek, program, "vlek")
    nonce, manifest = own.read("nonce"), own.read("manifestblob")
    svsm = own.case("svsm", own.read("report"), vectors.bound(nonce, manifest), 0, nonce=nonce, manifest=manifest,
                    quote=own.read("quote"), signature=own.read("signature"), challenge=CHALLENGE)
    return (vectors.make(own.read("outblob"), own.certs, own.chain, own.measurement, own.read("data")) +
            vectors.make_svsm(svsm) +
            vectors.make_vlek(cloud.case("vlek", cloud.read("outblob"), cloud.read("data"), 2)))


def judge_all(cases, asked, expected, say=print):
    """The table, a row a case; how many words are not those that were expected."""
    names, bad = [j.name for j in asked], 0
    say("  ".join(f"{n:<18}" for n in ["case", *names]).rstrip())
    for case in cases:
        row = [f"{case.name:<18}"]
        with tempfile.TemporaryDirectory() as folder:
            at = judges.write(case, pathlib.Path(folder))
            for judge in asked:
                said, why = judge.judge(case, at)
                known = expected[case.name][judge.name]
                mark = f"{said}, not {known}" if wrong(said, known) else known
                bad += wrong(said, known)
                row.append(f"{mark:<18}")
                if wrong(said, known):
                    say(f"  {judge.name} of {case.name}: {said}: {why}")
        say("  ".join(row).rstrip())
    return bad


def split_pem(text):
    end = "-----END CERTIFICATE-----\n"
    return [part + end for part in text.split(end) if part.strip()]


def judge_amds_own(program, folder):
    """A report of 2022 that AMD's hardware has signed, with its chain (go-sev-guest's test data): keelson verify takes it, by a
    root that it knows as AMD's, but for the policy, which allows DEBUG. The words say what is wrong; none: nothing."""
    with tempfile.TemporaryDirectory() as at:
        at = pathlib.Path(at)
        for name, text in zip(("ask", "ark"), split_pem((folder / "ask_ark_milan.pem").read_text())):
            (at / name).write_text(text)
        words = [program, "verify", folder / "attestation.bin", "--chain", folder / "vcek.testcer", "--chain", at / "ask",
                 "--root", at / "ark", "--at", "1700000000"]
        asked = [subprocess.run([*words, *more], capture_output=True, text=True) for more in ([], ["--allow-debug"])]
    good = ("refused: policy: " in asked[0].stderr and asked[1].returncode == 0 and "ARK-Milan, AMD's" in asked[1].stdout and
            "TEST ROOT" not in asked[1].stdout)
    return "" if good else f"keelson verify of AMD's own report: {asked[0].stderr}{asked[1].stderr}"


def main(argv):
    p = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    p.add_argument("--keelson", default=str(HERE.parents[2] / "build/keelson"))
    p.add_argument("--fetched", type=pathlib.Path, default=HERE.parents[2] / "build/guests/referee/reports")
    p.add_argument("words", nargs="*", help="words for keelson run")
    o = p.parse_args(argv)
    with tempfile.TemporaryDirectory() as at:
        runs = [pathlib.Path(at) / name for name in ("vcek", "vlek")]
        for runs_at, words in zip(runs, (RUN, RUN_VLEK)):
            subprocess.run([o.keelson, "run", "--keep", "--runs", runs_at, *words, *o.words], check=True)
        asked, absent = judges.present(o.keelson, o.fetched)
        expected = read_expected((HERE / "expected.txt").read_text())
        cases = cases_of(*(runs_at / "latest" for runs_at in runs), o.keelson)
        if {c.name for c in cases} != set(expected):
            sys.exit("reports: expected.txt has other cases than vectors.py")
        bad = judge_all(cases, asked, expected)
    amd = o.fetched / "amd"
    if amd.exists():
        said = judge_amds_own(o.keelson, amd)
        bad += bool(said)
        print(said or "keelson verify knows a report of AMD's own hardware")
    for name, why in absent.items():
        print(f"SKIPPED {name}: {why}")
    print(f"{len(cases)} reports, {len(asked)} judges, {bad} wrong, {len(absent)} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
