# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The rules for workflow files (docs/nightly.md): the real ones keep them, and a copy with one rule broken is found."""

import re
import subprocess
import sys

import pytest

from keelson import ROOT

yaml = pytest.importorskip("yaml", reason="there is no python3-yaml here")
WORKFLOWS = ROOT / "ci/workflows"


def check(path):
    done = subprocess.run([sys.executable, WORKFLOWS / "check.py", path], capture_output=True, text=True, timeout=60)
    assert not done.stderr and done.returncode == bool(done.stdout)
    return [line.removeprefix(f"  {path}: ") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", sorted(p.name for p in WORKFLOWS.glob("*.yml")))
def test_the_real_ones(name):
    assert check(WORKFLOWS / name) == []


HARDWARE, NIGHTLY, GITLAB = "github-hardware.yml", "github-nightly.yml", "gitlab.yml"


@pytest.mark.parametrize("name, old, new, says", [
    (HARDWARE, "  workflow_dispatch: {}", "  pull_request: {}", "pull_request"),
    (HARDWARE, "  workflow_dispatch: {}", "  pull_request_target: {}", "pull_request_target"),
    (HARDWARE, r'"on":\n(  .*\n)+', "on: pull_request\n", "pull_request"),
    (HARDWARE, "contents: read", "contents: write", "permissions"),
    (HARDWARE, r"permissions:\n  contents: read\n", "", "permissions"),
    (HARDWARE, "cancel-in-progress: false", "cancel-in-progress: true", "concurrency"),
    (HARDWARE, "group: keelson-sev-snp", "group: ${{ github.run_id }}", "concurrency"),
    (HARDWARE, r"concurrency:\n(  .*\n)+", "", "concurrency"),
    (HARDWARE, r"    timeout-minutes: .*\n", "", "timeout-minutes"),
    (HARDWARE, r", sev-snp\]", "]", "runs-on"),
    (HARDWARE, r"\[self-hosted, ", "[", "runs-on"),
    (HARDWARE, r"    if: vars.*\n", "", "fork"),
    (HARDWARE, "-eq 3", "-eq 4", "neutral"),
    (HARDWARE, r"(uses: actions/upload-artifact@v4\n) *if: always\(\)\n", r"\1", "artefacts"),
    (HARDWARE, "actions/checkout@v4", "somebody/checkout@v4", "somebody"),
    (HARDWARE, "persist-credentials: false", "persist-credentials: true", "token"),
    (NIGHTLY, r"nightly.py \$STEPS", "nightly.py ${{ inputs.steps }}", "expression"),
    (NIGHTLY, r"    timeout-minutes: .*\n", "", "timeout-minutes"),
    (NIGHTLY, "run: python3", "runs: python3", "either run or uses"),
    (NIGHTLY, "  schedule:", "  push:\n  schedule:", "push"),
    (GITLAB, '== "web"', '== "merge_request_event"', "fork"),
    (GITLAB, '"web"', '"web" || $CI_COMMIT_BRANCH', "fork"),
    (GITLAB, r"workflow:\n(  .*\n)+", "", "fork"),
    (GITLAB, r"  timeout: 4h\n", "", "timeout"),
    (GITLAB, r"  resource_group: keelson-sev-snp\n", "", "resource_group"),
    (GITLAB, r"exit_codes: \[3\]", "exit_codes: [1, 3]", "neutral"),
    (GITLAB, r", sev-snp\]", "]", "tags"),
    (GITLAB, r"(sev-snp:(?s:.*))when: always", r"\1when: on_success", "artefacts"),
    (GITLAB, r"(sev-snp:\n)", r"\1  rules:\n    - if: $X\n", "rules of its own"),
    (GITLAB, r"\nsev-snp:", "\nnightly:", "twice"),
])
def test_a_broken_rule_is_found(tmp_path, name, old, new, says):
    text = (WORKFLOWS / name).read_text()
    broken = re.sub(old, new, text, count=1)
    assert broken != text
    (tmp_path / name).write_text(broken)
    found = check(tmp_path / name)
    assert len(found) == 1 and says in found[0], found


def test_what_they_start_is_there():
    """Programs of this tree, and targets of make."""
    text = "".join(p.read_text() for p in WORKFLOWS.glob("*.yml"))
    for path in set(re.findall(r"\bci/[a-z]+/[a-z.]+\b(?=[ \n])", text)):
        assert (ROOT / path).exists(), path
    assert "ci/hardware/run" in text and "ci/nightly/nightly.py" in text
