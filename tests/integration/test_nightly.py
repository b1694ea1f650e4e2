# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""ci/nightly on lists of steps that cost nothing: what is kept of each, what stops it, and what the report says."""

import html.parser
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from keelson import HANGS, ROOT

NIGHTLY = ROOT / "ci/nightly/nightly.py"
sys.path.insert(0, str(ROOT / "ci/nightly"))
import history  # noqa: E402
import steps  # noqa: E402
import summary  # noqa: E402

FAKE = """
[good]
command = echo '12 passed, 0 failed, 3 skipped'

[bad]
command = echo '4 passed, 1 failed, 0 skipped'; echo this is why; exit 1

[hangs]
command = trap '' TERM HUP; echo $$ >$STEP/pid; (while :; do sleep 1; done) & echo $! >>$STEP/pid; wait
limit = 0.01

[impossible]
needs = echo no such thing here; false
command = touch $STEP/ran

[last]
command = echo made >$STEP/report.html; echo $NIGHT
"""


def words(top, *more, text=FAKE):
    top.mkdir(exist_ok=True)
    (top / "fake.cfg").write_text(text)
    return [sys.executable, "-B", NIGHTLY, "--top", top / "nights", "--steps", top / "fake.cfg", *more]


def night(top, *more, text=FAKE):
    done = subprocess.run(words(top, *more, text=text), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANGS)
    return done, top / "nights/latest"


def result(folder, step):
    return json.loads((folder / step / "result.json").read_text())


def alive(pid):
    """A zombie whose parent has gone is none of ours."""
    try:
        return open(f"/proc/{pid}/stat", encoding="utf-8").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Page(html.parser.HTMLParser):
    """Cells of the table, and where links lead."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One night with all of them; GRACE makes it some 20 seconds long but for a runner that is told less."""
    top = tmp_path_factory.mktemp("nightly")
    runner = top / "runner.py"
    runner.write_text(f"import sys; sys.path.insert(0, {str(ROOT / 'ci/nightly')!r})\n"
                      "import nightly, run\nrun.GRACE = 0.2\nsys.exit(nightly.main(sys.argv[1:]))\n")
    line = words(top)
    line[2] = runner
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANGS)
    return done, top / "nights/latest"


def test_it_goes_on_after_a_failure(whole):
    done, folder = whole
    verdicts = {name: result(folder, name)["verdict"] for name in ("good", "bad", "hangs", "impossible", "last")}
    assert verdicts == {"good": "passed", "bad": "failed", "hangs": "hung", "impossible": "skipped", "last": "passed"}
    assert done.returncode == 1 and not done.stderr
    assert done.stdout.splitlines()[-1] == "2 passed, 2 failed, 1 skipped"


def test_what_is_kept_of_a_step(whole):
    _, folder = whole
    bad = result(folder, "bad")
    assert (bad["passed"], bad["failed"], bad["exit"], bad["reason"]) == (4, 1, 1, "exit 1: this is why")
    assert (folder / "bad/log").read_text() == "4 passed, 1 failed, 0 skipped\nthis is why\n"
    assert result(folder, "good")["skipped"] == 3
    assert result(folder, "impossible")["reason"] == "no such thing here" and not (folder / "impossible/ran").exists()
    assert (folder / "last/log").read_text().strip() == str(folder.resolve())


def test_what_hangs_is_ended_with_its_children(whole):
    _, folder = whole
    assert result(folder, "hangs")["reason"] == "not ended within 0.01 minutes"
    assert not [pid for pid in (folder / "hangs/pid").read_text().split() if alive(pid)]


def test_the_report(whole):
    done, folder = whole
    text = (folder / "summary.txt").read_text()
    assert text in done.stdout and text.splitlines()[0].endswith(": failed: bad hangs")
    page = Page((folder / "summary.html").read_text())
    assert [row[0] for row in page.rows] == ["step", "good", "bad", "hangs", "impossible", "last"]
    assert [row[1] for row in page.rows[1:]] == ["passed", "failed", "hung", "skipped", "passed"]
    assert page.rows[2][2] == "4/1/0" and page.rows[2][6] == "exit 1: this is why"
    assert "last/report.html" in page.links and "bad/log" in page.links and "impossible/log" not in page.links
    assert all((folder / link).exists() for link in page.links)


def test_steps_that_are_named(tmp_path):
    done, folder = night(tmp_path, "last", "good")
    assert done.returncode == 0 and "2 passed, 0 failed, 0 skipped" in done.stdout
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == ["good", "last"]
    done, _ = night(tmp_path, "nothing")
    assert done.returncode == 2 and "no step nothing" in done.stderr


def begun(process, path):
    """Waits until the step has written that, or has no chance to."""
    while not (path.exists() and path.read_text().strip()) and process.poll() is None:
        time.sleep(0.05)


def test_resume(tmp_path):
    """A night that was ended leaves nothing running, and goes on behind the last step that ended."""
    text = "[one]\ncommand = echo once >>$STEP/times\n[two]\ncommand = echo $$ >$STEP/pid; [ -e $NIGHT/go ] || exec sleep 1000\n"
    process = subprocess.Popen(words(tmp_path, text=text), stdout=subprocess.DEVNULL)
    latest = tmp_path / "nights/latest"
    begun(process, latest / "two/pid")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=HANGS) == 143
    assert not alive((latest / "two/pid").read_text().strip()) and not (latest / "two/result.json").exists()
    (latest / "go").touch()
    first = latest.resolve()
    done, folder = night(tmp_path, "--resume", text=text)
    assert done.returncode == 0 and folder.resolve() == first
    assert (folder / "one/times").read_text() == "once\n" and result(folder, "two")["verdict"] == "passed"
    again, folder = night(tmp_path, "--resume", "one", text=text)
    assert again.returncode == 0 and folder.resolve() != first, "that night has ended: a new one begins"


def test_a_gate_that_says_unfit(tmp_path):
    text = "[gate]\ncommand = echo 'no SNP here'; exit 3\ngate = yes\n[rest]\ncommand = true\n"
    done, folder = night(tmp_path, text=text)
    assert done.returncode == 3 and result(folder, "gate")["verdict"] == "unfit" and not (folder / "rest").exists()
    assert "unfit host" in (folder / "summary.txt").read_text()
    done, _ = night(tmp_path / "other", text=text.replace("gate = yes", "gate = no"))
    assert done.returncode == 1, "exit 3 is neutral for a gate alone"
    done, _ = night(tmp_path / "red", text=text.replace("exit 3", "exit 1"))
    assert done.returncode == 1, "a gate that fails otherwise is red"


def test_one_at_a_time(tmp_path):
    text = "[wait]\ncommand = echo yes >$STEP/begun; exec sleep 1000\n"
    first = subprocess.Popen(words(tmp_path, text=text), stdout=subprocess.DEVNULL)
    begun(first, tmp_path / "nights/latest/wait/begun")
    second, _ = night(tmp_path, text=text)
    first.send_signal(signal.SIGTERM)
    first.wait(timeout=HANGS)
    assert second.returncode == 3 and "another run" in second.stderr
    third, _ = night(tmp_path, text="[short]\ncommand = true\n")
    assert third.returncode == 0


def test_the_trend(tmp_path):
    path = tmp_path / "history.jsonl"
    base = {"seconds": 100, "passed": 1, "failed": 0, "skipped": 0}
    for i, verdict in enumerate(["passed", "failed", "passed"]):
        history.remember(path, f"n{i}", "c", [dict(base, step="s", verdict=verdict)])
    with open(path, "a", encoding="utf-8") as f:
        f.write('{"id": "cut off\n')
    now = dict(base, step="s", verdict="passed", seconds=150, reason="")
    nights = history.remember(path, "n3", "c", [now, dict(now, step="new", verdict="hung")])
    assert summary.trend(nights, "s") == "+X++" and summary.trend(nights, "new") == "   H"
    assert summary.slower(nights, now) == "+50%"
    assert summary.verdict([now]) == "passed"
    assert len(history.remember(path, "n3", "c", [now])) == 4, "a night that is told again is the same night"
    for i in range(history.LINES + 5):
        nights = history.remember(path, f"x{i}", "c", [now])
    assert len(nights) == history.LINES == len(path.read_text().splitlines())


def test_folders_of_old_nights_go(tmp_path):
    for i in range(4):
        (tmp_path / f"2026010{i}").mkdir()
        (tmp_path / f"2026010{i}/night.json").touch()
    (tmp_path / "mine").mkdir()
    history.forget(tmp_path, keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["20260102", "20260103", "mine"]


@pytest.mark.parametrize("text", ["", "[a]\nlimit = 1\n", "[a]\ncommand = true\nlimit = never\n", "[a]\ncommand = true\ngates = no\n",
                                  "[A b]\ncommand = true\n", "[a]\ncommand = true\ngate = maybe\n", "command = true\n",
                                  "[a]\ncommand = true\n[a]\ncommand = true\n"])
def test_a_list_with_a_mistake(tmp_path, text):
    done, _ = night(tmp_path, text=text)
    assert done.returncode == 2 and done.stderr.startswith("nightly: ") and "Traceback" not in done.stderr


def test_the_real_list():
    """It can be read, what it calls of this tree is there, and each target of make is one."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, env={**os.environ, "MAKEFLAGS": ""}, capture_output=True, text=True).stdout
    targets = {line.split()[0] for line in listed.splitlines() if line.startswith("  ")}
    for step in steps.read(ROOT / "ci/nightly/steps.cfg"):
        for line in filter(None, [step.command, step.needs]):
            assert subprocess.run(["sh", "-n", "-c", line]).returncode == 0
        for part in step.command.split("&&"):
            line = part.split()
            if line[0] == "make":
                assert [w for w in line[1:] if not w.startswith("-") and "=" not in w][0] in targets, step
            elif "/" in line[0] and "=" not in line[0] and not line[0].startswith("build/"):
                assert os.access(ROOT / line[0], os.X_OK), step
    assert {"nightly", "install", "uninstall", "package", "package-check"} <= targets


def test_suites_that_a_step_leaves_out():
    """Those that are named and those that cannot run here; a suite that is not there any more is told."""
    def ask(*names):
        return subprocess.run([ROOT / "ci/nightly/suites.py", *names], cwd=ROOT, capture_output=True, text=True, timeout=60)

    every = ask().stdout.split()
    assert {"core", "convert"} <= set(every) and "vtpm-fuzz" not in every
    assert ask("convert").stdout.split() == [s for s in every if s != "convert"]
    done = ask("no-such")
    assert done.returncode == 1 and "no-such" in done.stderr


def test_a_short_night(tmp_path):
    """The smaller command where a step has one, and the step itself where not."""
    text = "[counts]\ncommand = echo many\nshort = echo few\n[one]\ncommand = echo one\n"
    done, folder = night(tmp_path, "--short", text=text)
    assert done.returncode == 0, done.stdout
    assert [(folder / step / "log").read_text().strip() for step in ("counts", "one")] == ["few", "one"]
    assert [s.command for s in steps.read(tmp_path / "fake.cfg")] == ["echo many", "echo one"]
