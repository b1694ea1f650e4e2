# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""history.jsonl: what is known of nights whose folders may have gone, a line each, the newest last."""
import json
import shutil

LINES = 100     # nights
FOLDERS = 7     # nights whose logs are kept
KEPT = ("verdict", "seconds", "passed", "failed", "skipped")


def load(path):
    """Lines that a crash has cut are passed over."""
    nights = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            night = json.loads(line)
            nights.append({"id": night["id"], "commit": night["commit"], "steps": night["steps"]})
        except (ValueError, KeyError, TypeError):
            continue
    return nights


def remember(path, night_id, commit, results):
    """The night replaces its own line, should it have one; all nights."""
    night = {"id": night_id, "commit": commit, "steps": {r["step"]: {k: r[k] for k in KEPT} for r in results}}
    nights = [n for n in load(path) if n["id"] != night_id] + [night]
    new = path.with_suffix(".new")
    new.write_text("".join(json.dumps(n) + "\n" for n in nights[-LINES:]), encoding="utf-8")
    new.rename(path)
    return nights[-LINES:]


def forget(top, keep=FOLDERS):
    """Folders of older nights go: names begin with the time, so they sort by it."""
    nights = sorted(p for p in top.iterdir() if p.is_dir() and not p.is_symlink() and (p / "night.json").exists())
    for old in nights[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
