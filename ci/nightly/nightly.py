#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Runs a list of steps one after the other, whatever the others did, and writes one report (docs/nightly.md).

usage: nightly.py [--list] [--short] [--resume] [--top FOLDER] [--steps FILE] [--lock FILE] [STEP...]

Exit code: 0 all that ran passed, 1 a step failed or hung, 2 usage, 3 the host is unfit or another run has the lock."""
import argparse
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import history
import run
import steps as lists
import summary

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


def commit():
    """With a + where files differ from it."""
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() or "unknown"


def lock(path):
    """Held as long as this program runs. None: somebody else has it."""
    held = open(path, "a+", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held


def interrupted(top):
    """Folder and night.json of the newest night, if it did not end and the commit is still the same; else none."""
    folder = (top / "latest").resolve()
    if not (folder / "night.json").exists() or (folder / "summary.txt").exists():
        return None, None
    night = json.loads((folder / "night.json").read_text(encoding="utf-8"))
    return (folder, night) if night["commit"] == commit() else (None, None)


def open_night(top, resume):
    """The folder and night.json's content; with resume, those of a night that was interrupted."""
    folder, night = interrupted(top) if resume else (None, None)
    if folder:
        return folder, night
    night = {"id": f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}", "commit": commit()}
    folder = top / night["id"]
    folder.mkdir(parents=True)
    (folder / "night.json").write_text(json.dumps(night) + "\n", encoding="utf-8")
    new = top / ".latest"
    new.unlink(missing_ok=True)
    new.symlink_to(night["id"])
    new.rename(top / "latest")
    return folder, night


def known(folder, step):
    """What an interrupted night has found already."""
    path = folder / step.name / "result.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def run_all(todo, folder):
    """Results in order; a gate that says unfit is the last."""
    results = []
    for step in todo:
        print(f"  {step.name:<16}", end=" ", flush=True)
        result = known(folder, step) or run.run(step, folder / step.name, ROOT, dict(os.environ, NIGHT=str(folder)))
        results.append(result)
        print(f"{result['verdict']:<8} {summary.clock(result['seconds'])} {result['reason']}".rstrip(), flush=True)
        if result["verdict"] == "unfit":
            break
    return results


def close(top, folder, night, results):
    nights = history.remember(top / "history.jsonl", night["id"], night["commit"], results)
    (folder / "summary.html").write_text(summary.page(night, nights, results, folder), encoding="utf-8")
    text = summary.text(night, nights, results)
    (folder / "summary.txt").write_text(text, encoding="utf-8")
    history.forget(top)
    print(f"\n{text}\nreport: {folder}/summary.html\n{summary.total(results)}")


def code_of(results):
    by = {r["verdict"] for r in results}
    return 1 if by & {"failed", "hung"} else run.UNFIT if "unfit" in by else 0


def ended(number, _):
    sys.exit(128 + number)  # by way of the step's end: nothing is left running


def main(words):
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2].partition("\n")[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--top", type=pathlib.Path)
    parser.add_argument("--steps", type=pathlib.Path, default=HERE / "steps.cfg")
    parser.add_argument("--lock", type=pathlib.Path)
    parser.add_argument("step", nargs="*")
    o = parser.parse_args(words)
    # Short nights have a history of their own: their times are no hints for others.
    o.top = o.top or ROOT / os.environ.get("BUILD", "build") / ("nightly-short" if o.short else "nightly")
    try:
        todo = lists.read(o.steps, o.step, o.short)
    except lists.Mistake as e:
        print(f"nightly: {e}", file=sys.stderr)
        return 2
    if o.list:
        print("\n".join(f"{s.name:<16} {s.limit:4g} min  {s.command}" for s in todo))
        return 0
    o.top.mkdir(parents=True, exist_ok=True)
    held = lock(o.lock or o.top / "lock")
    if not held:
        print(f"nightly: another run has {o.lock or o.top / 'lock'}", file=sys.stderr)
        return run.UNFIT
    folder, night = open_night(o.top, o.resume)
    results = run_all(todo, folder)
    close(o.top, folder, night, results)
    return code_of(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
