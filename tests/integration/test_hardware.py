# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""ci/hardware with a keelson that answers what it is told: what is run, what is neutral, and what is red."""

import fcntl
import json
import subprocess
import sys

import pytest

from keelson import KEELSON, ROOT, environment

FAKE = """#!/bin/sh
echo "$*" >>"$FAKE_LOG"
case $1 in
doctor) printf '%s\\n' "$FAKE_SAYS"; exit "$FAKE_DOCTOR" ;;
esac
echo "run folder: x"
case " $FAKE_RED " in *" $2 "*) echo "3 passed, 1 failed, 0 skipped"; exit 1 ;; esac
[ "$2" != "$FAKE_HOST" ] || { echo "host problem: QEMU did not start"; exit 3; }
echo "4 passed, 0 failed, 0 skipped"
"""
FIT = "ok       platform snp     AMD SEV-SNP hardware"
UNFIT = "no       platform snp     platform snp needs kvm_amd.sev_snp=1 (it is off)"


def suites():
    done = subprocess.run([sys.executable, "-B", "-c", "import steps, sys, json; print(json.dumps(steps.read(sys.argv[1])))",
                           ROOT / "ci/hardware/suites.txt"], cwd=ROOT / "ci/hardware", capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def job(tmp_path, *words, says=FIT, doctor=0, red="", host=""):
    """Exit code, what the fake was asked, and the results."""
    fake = tmp_path / "keelson"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    env = environment({"KEELSON": str(fake), "FAKE_LOG": str(tmp_path / "asked"), "FAKE_SAYS": says, "FAKE_DOCTOR": str(doctor),
                       "FAKE_RED": red, "FAKE_HOST": host, "HARDWARE_LOCK": str(tmp_path / "lock"), "BUILD": str(tmp_path / "build"),
                       "PYTHON": sys.executable})
    done = subprocess.run([ROOT / "ci/hardware/run", *words], cwd="/", env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300)
    asked = (tmp_path / "asked").read_text().splitlines() if (tmp_path / "asked").exists() else []
    return done, asked, tmp_path / "build/hardware/nights/latest"


def test_each_suite_is_run_or_left_out_with_a_reason():
    run, left = suites()
    listed = subprocess.run([KEELSON, "test", "--list"], env=environment(), capture_output=True, text=True, check=True).stdout
    assert sorted(run + list(left)) == sorted(line.split()[0] for line in listed.splitlines())
    assert len(run) == len(set(run))


def test_no_suite_of_a_machine_in_software():
    """Payloads stand in the SVSM's place and test the monitor; icount is TCG's; options are the monitor's."""
    run, _ = suites()
    listed = subprocess.run([KEELSON, "test", "--platform", "snp", "--dry-run", *run], env=environment(), capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    assert "--payload" not in listed.stdout and "-icount" not in listed.stdout


def test_expected_differences_can_be_read(tmp_path):
    """They name suites that are run, and each says why."""
    run, _ = suites()
    lines = [line.split(maxsplit=1) for line in (ROOT / "ci/hardware/expected.txt").read_text().splitlines()
             if line and not line.startswith("#")]
    assert all(len(line) == 2 and line[0].split("/")[0] in run for line in lines)
    done = subprocess.run([KEELSON, "test", "core", "--dry-run", "--known", ROOT / "ci/hardware/expected.txt"], cwd=tmp_path,
                          env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_fit_host_runs_all_of_them(tmp_path):
    done, asked, folder = job(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked[0] == "doctor --platform snp"
    assert [line.split()[:2] for line in asked[1:]] == [["test", s] for s in suites()[0]]
    assert all("--platform snp --known ci/hardware/expected.txt --runs " in line for line in asked[1:])
    assert json.loads((folder / "core/result.json").read_text())["passed"] == 4


@pytest.mark.parametrize("says, doctor", [(UNFIT, 0), (UNFIT, 3), ("MISSING  QEMU             install it", 3)])
def test_an_unfit_host_is_neutral_and_runs_nothing(tmp_path, says, doctor):
    done, asked, folder = job(tmp_path, says=says, doctor=doctor)
    assert done.returncode == 3 and asked == ["doctor --platform snp"]
    assert says.split()[-1] in (folder / "summary.txt").read_text()


@pytest.mark.parametrize("doctor", [1, 2, 139])
def test_a_doctor_that_breaks_is_red(tmp_path, doctor):
    assert job(tmp_path, "fit", says="", doctor=doctor)[0].returncode == 1


def test_a_failed_suite_is_red_and_the_others_run(tmp_path):
    done, asked, folder = job(tmp_path, red="core", host="linux")
    assert done.returncode == 1 and len(asked) == 1 + len(suites()[0])
    assert "failed: core linux" in (folder / "summary.txt").read_text()
    assert "4 passed" not in (folder / "core/log").read_text() and (folder / "linux/log").exists()


def test_a_machine_that_another_job_has(tmp_path):
    with open(tmp_path / "lock", "w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done, asked, _ = job(tmp_path)
        assert done.returncode == 3 and not asked and "another run" in done.stderr
    assert job(tmp_path, "fit", "core")[0].returncode == 0

