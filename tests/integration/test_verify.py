# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson verify on a real run's report and on what a stranger could make of it (docs/verify.md), beside the judges that
need nothing fetched; and its words where it refuses."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

import pytest

import schema
from keelson import KEELSON, ROOT, environment, keelson

pytest.importorskip("cryptography", reason="no python3-cryptography: run `make deps`")
HERE = ROOT / "tests/referee/reports"
sys.path.insert(0, str(HERE))
import judges  # noqa: E402

spec = importlib.util.spec_from_file_location("reports", HERE / "run.py")
reports = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reports)


@pytest.fixture(scope="module")
def cases(tools, tmp_path_factory):
    """Two boots; what was made of their reports, as folders of files."""
    folder = tmp_path_factory.mktemp("verify")
    runs = [keelson(folder / f"runs-{name}", "run", "--keep", *words).check(0).folder
            for name, words in (("vcek", reports.RUN), ("vlek", reports.RUN_VLEK))]
    made = {}
    for case in reports.cases_of(*runs, str(KEELSON)):
        at = folder / case.name
        at.mkdir()
        made[case.name] = (case, judges.write(case, at))
    return made


def verify(*words):
    return subprocess.run([KEELSON, "verify", *map(str, words)], env=environment(), capture_output=True, text=True, timeout=60)


def words_of(at):
    return [at / "report", "--chain", at / "table", "--root", at / "root.pem"]


REFUSED_BY = {"flipped-bit": "signature", "other-nonce": "report data", "wrong-vmpl": "VMPL", "wrong-root": "root",
              "own-root": "root", "wrong-tcb": "TCB of key", "wrong-chip": "chip", "debug-policy": "policy",
              "other-image": "measurement", "replayed-manifest": "report data", "guest-manifest": "VMPL",
              "svsm-replayed": "report data", "svsm-manifest": "report data", "quote-changed": "quote", "quote-foreign": "quote",
              "quote-challenge": "quote", "vlek-flipped": "signature", "vlek-wrong-root": "root", "vlek-other-nonce": "report data"}


def test_each_judge_says_what_is_expected(cases):
    """Without those that `make referee-reports` fetches."""
    expected = reports.read_expected((HERE / "expected.txt").read_text())
    asked, _ = judges.present(KEELSON, pathlib.Path("/nowhere"))
    said = []
    assert reports.judge_all([case for case, _ in cases.values()], asked, expected, said.append) == 0, "\n".join(said)
    assert set(cases) == set(expected) and {c for c, row in expected.items() if row["keelson"] == "refuse"} == set(REFUSED_BY)


@pytest.mark.parametrize("name", sorted(REFUSED_BY))
def test_the_reason_is_told(cases, name):
    """One line, by the check that has to find it, on stderr and as JSON."""
    case, at = cases[name]
    bound = ["--nonce", at / "nonce", "--manifest", at / "manifest"] if case.manifest else ["--report-data", at / "data"]
    if case.quote:
        bound += ["--quote", at / "quote", "--quote-signature", at / "signature", "--quote-nonce", at / "challenge"]
    done = verify(*words_of(at), "--vmpl", case.vmpl, "--measurement", case.measurement.hex(), *bound, "--json")
    assert done.returncode == 1
    assert done.stderr.startswith(f"keelson: verify: refused: {REFUSED_BY[name]}: ") and done.stderr.count("\n") == 1
    said = json.loads(done.stdout)
    assert not schema.wrong(said, {"$ref": "#/$defs/verify"})
    assert not said["accepted"] and said["refused_by"] == REFUSED_BY[name] and said["checks"][-1]["verdict"] == "refused"


def test_a_test_root_is_told(cases):
    done = verify(*words_of(cases["good"][1]))
    assert done.returncode == 0 and "TEST ROOT" in done.stdout and "TEST ROOT" in done.stderr


def test_no_root_is_no_trust(cases):
    """The chain that came with the report has its root in it."""
    _, at = cases["good"]
    done = verify(at / "report", "--chain", at / "table")
    assert done.returncode == 1 and "refused: root: " in done.stderr and "--root" in done.stderr


def test_certificates_as_pem(cases):
    _, at = cases["good"]
    assert verify(at / "report", "--chain", at / "vcek.pem", "--chain", at / "bundle.pem", "--root", at / "root.pem").returncode == 0


def test_an_old_firmware(cases):
    _, at = cases["good"]
    assert verify(*words_of(at), "--tcb", "9.0.23.72").returncode == 0
    done = verify(*words_of(at), "--tcb", "9.0.24.72")
    assert done.returncode == 1 and "9.0.23.72" in done.stderr and "9.0.24.72" in done.stderr


@pytest.mark.parametrize("change", [b"", b"\0" * 24, b"\xff" * 24, b"x" * 40, b"-----BEGIN CERTIFICATE-----\n"])
def test_a_chain_that_is_none(cases, tmp_path, change):
    _, at = cases["good"]
    (tmp_path / "chain").write_bytes(change)
    done = verify(at / "report", "--chain", tmp_path / "chain", "--root", at / "root.pem")
    assert done.returncode == 1 and "refused: chain: " in done.stderr


def test_a_table_that_leads_outside(cases, tmp_path):
    """Offsets and sizes are the host's: each byte of the table changed, and the table cut at each."""
    _, at = cases["good"]
    table = (at / "table").read_bytes()
    for n in range(16, 24):
        changed = bytearray(table)
        changed[n] ^= 0xFF
        (tmp_path / "chain").write_bytes(changed)
        assert verify(at / "report", "--chain", tmp_path / "chain", "--root", at / "root.pem").returncode == 1
    for n in (1, 23, 24, 95, 96, len(table) - 1):
        (tmp_path / "chain").write_bytes(table[:n])
        assert verify(at / "report", "--chain", tmp_path / "chain", "--root", at / "root.pem").returncode == 1


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--colour", "a"], ["a", "--vmpl", "4"], ["a", "--vmpl"], ["a", "--tcb", "1.2.3"],
                                   ["a", "--tcb", "1.2.3.256"], ["a", "--measurement", "00"], ["a", "--host-data", "0g"],
                                   ["a", "--policy", "0x"], ["a", "--vcpus", "2"], ["a", "--pcr", "sha256:24=" + "00" * 32],
                                   ["a", "--pcr", "sha256:1=00"], ["a", "--pcr", "sha256:1=" + "00" * 32]])
def test_words_that_make_no_sense(words):
    done = verify(*words)
    assert done.returncode == 2 and not done.stdout and done.stderr


@pytest.mark.parametrize("words", [["--nonce"], ["--manifest"], ["--quote"], ["--report-data"]])
def test_words_that_go_together(cases, words):
    _, at = cases["good"]
    done = verify(*words_of(at), words[0], at / "report")
    assert done.returncode == 2 and "verify: " in done.stderr


@pytest.mark.parametrize("words", [["/nowhere"], ["/nowhere", "--root", "/nowhere"]])
def test_files_that_are_not_there(words):
    done = verify(*words)
    assert done.returncode == 3 and "/nowhere" in done.stderr


def test_the_image_is_measured(cases):
    """A file that is no IGVM file is a mistake of the one who asks."""
    _, at = cases["good"]
    with tempfile.NamedTemporaryFile() as f:
        assert verify(*words_of(at), "--igvm", f.name).returncode == 2


@pytest.mark.parametrize("text", ["case a\nx", "case a\nx yes", "case a\nx refuse\nx refuse", "case a\nx refuse refuse"])
def test_a_table_in_disorder(text):
    with pytest.raises(ValueError):
        reports.read_expected(text)


@pytest.mark.parametrize("said, expected, bad", [("accept", "accept", False), ("accept", "blind", False), ("accept", "refuse", True),
                                                 ("refuse", "refuse", False), ("refuse", "blind", True), ("refuse", "accept", True)])
def test_a_wrong_word_is_seen(said, expected, bad):
    assert reports.wrong(said, expected) == bad
