# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What the suite vtpm-raw cannot see in one boot: two machines, and one without a service CPU."""

from keelson import finish, start


def run(runs, *words):
    return finish(start(runs, "test", *words), runs, limit=900).check(0)


def test_each_machine_has_its_own_ek(tmp_path):
    names = {run(tmp_path / n, "vtpm-raw/ek-own").json()["boots"][0]["info"]["vtpm_ek"] for n in "ab"}
    assert len(names) == 2


def test_long_commands_without_a_service_cpu(tmp_path):
    """Then the callers' own slices are all the time that the TPM gets."""
    verdicts = run(tmp_path / "runs", "vtpm-raw/retry-[cl]*", "--service-cpus", "0").verdicts()
    assert len(verdicts) == 3
    assert set(verdicts.values()) == {"pass"}
