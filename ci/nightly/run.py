# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""One step: its command, log, time limit and verdict."""
import json
import os
import re
import signal
import subprocess
import time

COUNTS = re.compile(r"(\d+) passed(?:, (\d+) failed)?(?:, (\d+) skipped)?")
GRACE = 20      # seconds between asking a command to end and ending it
TAIL = 65536    # bytes of a log in which the total stands
UNFIT = 3       # `keelson`'s exit code of a host that lacks something


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def why_not(step, env, cwd):
    """Why it cannot run here; "" when it can."""
    if not step.needs:
        return ""
    done = subprocess.run(["sh", "-c", step.needs], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    return "" if done.returncode == 0 else last_line(done.stdout) or f"exit {done.returncode} of: {step.needs}"


def send(process, number):
    """To all that the step has started: they are a session of their own."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def finish(process, limit):
    """Its exit code; None when the limit has ended it."""
    try:
        return process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        send(process, signal.SIGTERM)
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        pass
    return None


def execute(step, env, cwd, log):
    with open(log, "wb") as out:
        process = subprocess.Popen(["sh", "-c", step.command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            return finish(process, step.limit * 60)
        finally:
            send(process, signal.SIGKILL)   # what it has left behind, and it too, should this runner be ended
            process.wait()


def tail(log):
    with open(log, "rb") as f:
        f.seek(max(0, os.path.getsize(log) - TAIL))
        return f.read().decode(errors="replace")


def judge(step, code, text):
    """Verdict and reason."""
    if code is None:
        return "hung", f"not ended within {step.limit:g} minutes"
    if step.gate and code == UNFIT:
        return "unfit", last_line(text)
    if code == 0:
        return "passed", ""
    return "failed", f"signal {-code}" if code < 0 else f"exit {code}: {last_line(text)}"


def run(step, folder, cwd, environment):
    """Runs it in a folder of its own; what is known afterwards, which result.json has too."""
    folder.mkdir(parents=True, exist_ok=True)
    env = dict(environment, STEP=str(folder))
    result = {"step": step.name, "command": step.command, "begun": time.strftime("%Y-%m-%dT%H:%M:%S"), "exit": None, "seconds": 0,
              "passed": 0, "failed": 0, "skipped": 0}
    reason = why_not(step, env, cwd)
    if reason:
        result.update(verdict="skipped", reason=reason)
    else:
        begin, log = time.monotonic(), folder / "log"
        code = execute(step, env, cwd, log)
        text = tail(log)
        totals = COUNTS.findall(text)
        verdict, reason = judge(step, code, text)
        result.update(verdict=verdict, reason=reason, exit=code, seconds=round(time.monotonic() - begin))
        result.update(zip(("passed", "failed", "skipped"), (int(n or 0) for n in totals[-1]) if totals else ()))
    new = folder / "result.json.new"
    new.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    new.rename(folder / "result.json")
    return result
