#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The rules of docs/nightly.md for workflow files of GitHub and GitLab: one line for each that is broken.

usage: check.py FILE..."""
import re
import sys

import yaml

HARDWARE = {"self-hosted", "linux", "x64", "sev-snp"}
# What runs without a push to the repository itself being its cause.
TRIGGERS = {"schedule", "workflow_dispatch"}
SOURCES = {"schedule", "web"}
KEYWORDS = {"workflow", "stages", "variables", "default", "include", "image", "cache"}
ACTION = re.compile(r"actions/(checkout|cache|upload-artifact)@v\d+")
# Expressions in a script are pasted into it before a shell reads it: whoever names a branch would write code.
PASTED = re.compile(r"\$\{\{")


def strings(value):
    """The words of a list, or of one word."""
    return [value] if isinstance(value, str) else list(value or [])


def github_steps(name, job):
    steps = job.get("steps") or []
    for s in steps:
        if ("run" in s) == ("uses" in s):
            yield f"{name}: a step has either run or uses"
        if "uses" in s and not ACTION.fullmatch(s["uses"]):
            yield f"{name}: {s['uses']} is no action of GitHub's own with a version"
        if PASTED.search(s.get("run", "")):
            yield f"{name}: an expression in a script: give it by env"
        if s.get("uses", "").startswith("actions/checkout") and (s.get("with") or {}).get("persist-credentials") is not False:
            yield f"{name}: checkout keeps its token where the tests can read it"
    uploads = [s for s in steps if s.get("uses", "").startswith("actions/upload-artifact")]
    if not uploads or not all(s.get("if") == "always()" for s in uploads):
        yield f"{name}: artefacts are not kept when it fails: upload-artifact with if: always()"


def github_hardware(name, job):
    labels = set(strings(job.get("runs-on")))
    if labels != HARDWARE:
        yield f"{name}: runs-on is {sorted(labels)}, not {sorted(HARDWARE)}"
    if job.get("if") != "vars.SEV_SNP_RUNNER == 'yes'":
        yield f"{name}: a fork would ask for the runner: if: vars.SEV_SNP_RUNNER == 'yes'"
    if not any("ci/hardware/run" in s.get("run", "") and "-eq 3" in s["run"] for s in job.get("steps") or []):
        yield f"{name}: exit 3 of ci/hardware/run is not neutral"


def github(flow):
    on = flow.get("on")
    triggers = set([on] if isinstance(on, str) else on or [])
    if not triggers or triggers - TRIGGERS:
        yield f"it runs by {sorted(triggers) or 'nothing'}: only {sorted(TRIGGERS)} never run a fork's code"
    if flow.get("permissions") != {"contents": "read"}:
        yield "permissions are not contents: read alone"
    group = flow.get("concurrency")
    if not isinstance(group, dict) or not group.get("group") or PASTED.search(group["group"]) or group.get("cancel-in-progress"):
        yield "concurrency: one fixed group, whose jobs wait for each other"
    for name, job in (flow.get("jobs") or {}).items():
        if not isinstance(job.get("timeout-minutes"), int):
            yield f"{name}: no timeout-minutes"
        yield from github_steps(name, job)
        if "sev-snp" in strings(job.get("runs-on")) or "ci/hardware" in str(job.get("steps")):
            yield from github_hardware(name, job)


def gitlab_rules(flow):
    """Rules of the whole pipeline: a comparison with one source each."""
    rules = (flow.get("workflow") or {}).get("rules") or []
    found = [re.fullmatch(r'\$CI_PIPELINE_SOURCE == "(\w+)"', r.get("if", "")) for r in rules if r.get("when") != "never"]
    if not found or not all(m and m[1] in SOURCES for m in found):
        yield f"workflow: rules: only pipelines of {sorted(SOURCES)} never run a fork's code"


def gitlab(flow):
    yield from gitlab_rules(flow)
    for name, job in flow.items():
        if name in KEYWORDS or name.startswith("."):
            continue
        if not job.get("script"):
            yield f"{name}: no script"
        if not job.get("timeout") or not job.get("resource_group"):
            yield f"{name}: timeout and resource_group are needed"
        if (job.get("artifacts") or {}).get("when") != "always":
            yield f"{name}: artefacts are not kept when it fails: artifacts: when: always"
        if "rules" in job:
            yield f"{name}: rules of its own: those of the workflow hold for all"
        if "ci/hardware" in str(job.get("script")):
            if set(strings(job.get("tags"))) != HARDWARE:
                yield f"{name}: tags are not {sorted(HARDWARE)}"
            if (job.get("allow_failure") or {}) != {"exit_codes": [3]}:
                yield f"{name}: exit 3 of ci/hardware/run is not neutral"


def check(path):
    with open(path, encoding="utf-8") as f:
        flow = yaml.load(f, Loader)
    if not isinstance(flow, dict):
        return ["no workflow"]
    return list(github(flow) if "jobs" in flow else gitlab(flow))


class Loader(yaml.SafeLoader):
    """As YAML 1.2, which both read: `on` is a word and no truth value. A key that comes twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(k) for k, _ in node.value]
        twice = [str(k) for k in keys if keys.count(k) > 1]
        if twice:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: twice {twice[0]}")
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    letter: [(tag, form) for tag, form in rules if tag != "tag:yaml.org,2002:bool"] for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def main(paths):
    bad = 0
    for path in paths:
        try:
            lines = check(path)
        except (OSError, yaml.YAMLError) as e:
            lines = [" ".join(str(e).split())]
        for line in lines:
            print(f"  {path}: {line}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else __doc__)
