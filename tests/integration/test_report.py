# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson report: which runs it takes, and its page as a person sees it, in a browser."""

import json
import os
import shutil
import subprocess

import pytest

import browser
from keelson import BUILD, KEELSON, environment, fake

EVIL = "</script><script>document.title='owned'</script>\x1b[31m\b\x00 <b id=owned>"
SHOTS = BUILD / "report-shots"
LEAVE = "\ue004"  # WebDriver, 17.4.2: the Tab key
ENTER = "\ue007"


def report(*words, root=None):
    env = environment()
    if root:
        env["KEELSON_ROOT"] = str(root)
    return subprocess.run([KEELSON, "report", *map(str, words)], env=env, capture_output=True, text=True, timeout=120)


def write_run(folder, **more):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"name": folder.name, "exit": {"code": 0, "name": "passed", "reason": ""}, **more}))
    return folder


# ---- which runs ----

@pytest.mark.parametrize("words, says", [(["-x"], "unknown option -x"), (["-o"], "-o needs a value"), (["no-such-run"], "no run in no-such-run")])
def test_usage(words, says):
    done = report(*words)
    assert done.returncode == 2 and says in done.stderr and not done.stdout


def test_newest_run(tmp_path):
    runs = tmp_path / "build/runs"
    write_run(runs / "run-of-old")
    write_run(runs / "run-of-now")
    os.symlink("run-of-now", runs / "latest")
    done = report(root=tmp_path)
    assert done.returncode == 0 and done.stdout == f"report: {tmp_path}/build/report.html (1 runs)\n"
    page = (tmp_path / "build/report.html").read_text()
    assert " run-of-now</h2>" in page and "run-of-old" not in page
    assert report("run-of-old", "-o", tmp_path / "other.html", root=tmp_path).returncode == 0
    assert " run-of-old</h2>" in (tmp_path / "other.html").read_text()


def test_runs_of_the_last_check(tmp_path):
    """Those since it began, of each suite's folder, with what it said itself; nothing of the check before."""
    runs, began = tmp_path / "build/runs", tmp_path / "build/check.began"
    write_run(runs / "check-core-a/core-1")
    os.utime(runs / "check-core-a/core-1", (1000, 1000))
    began.write_text("")
    os.utime(began, (2000, 2000))
    for name in ("core", "linux"):
        write_run(runs / f"check-{name}-b/{name}-2")
        os.symlink(f"{name}-2", runs / f"check-{name}-b/latest")
    write_run(runs / "run-of-mine")
    (tmp_path / "build/check.log").write_text("FAILED tests/integration/test_x.py::test_y\n1 failed\n")
    assert report(root=tmp_path).stdout == f"report: {tmp_path}/build/report.html (2 runs)\n"
    page = (tmp_path / "build/report.html").read_text()
    assert "test_x.py::test_y" in page and "core-1" not in page and "run-of-mine" not in page


def test_check_that_failed_without_a_run(tmp_path):
    """No good word at the top because no run is a bad one: the check has the last word."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build/check.log").write_text("a.c: <bad>\ncheck: failed: lint unit (whole log: build/check.log)\n")
    assert report(root=tmp_path).returncode == 2
    assert report("--check", "x", root=tmp_path).returncode == 2
    assert report("--check", root=tmp_path).returncode == 0
    page = (tmp_path / "build/report.html").read_text()
    assert "<title>✗ make check failed" in page and "make check failed: lint unit </p>" in page and "a.c: &lt;bad&gt;" in page


def test_file_that_cannot_be_written(tmp_path):
    done = report(write_run(tmp_path / "run"), "-o", tmp_path / "no/such/folder.html")
    assert done.returncode == 3 and "cannot write" in done.stderr and not done.stdout


# ---- the page ----

FACTS = {"tsc_khz": "1000000", "core_call_linux_tsc": "65000 70000", "ipi_self_ns": "1000 2000 90000", "vtpm_pcr_read": "300 90 200 95 80 180 85 7"}
TIMES = {"phase_monitor": 400, "phase_svsm": 100, "phase_kernel": 1500, "phase_user_space": 200}
NUMBERS = """[cpu 1   1.100] phase: kernel: VMPL 2 at CPL 0 on vCPU 0
[cpu 0   1.200] series: vmpl0 msr 12 hlt 3
[cpu 0   2.400] series: vmpl2 msr 70 npf 3
[cpu 1   3.000] stats: exit.msr {}
[cpu 1   3.000] stats: cause.user.vmpl2.cpl0.msr.write_eoi {} 12
[cpu 1   3.000] rmp: 0x0 160 validated rwus ---- rwus ----
[cpu 1   3.000] rmp: 0xa0000 352 shared
[cpu 1   3.000] rmp: 0x200000 1 vmsa rwus ---- ---- ----
[cpu 1   3.000] rmp: 3 stretches
"""


def measured(folder, exits):
    """Gives a run of the fake QEMU the numbers of a real machine."""
    run = json.loads((folder / "run.json").read_text())
    run["boots"][0]["info"].update(FACTS)
    run["boots"][0]["timeline_ms"].update(TIMES)
    (folder / "run.json").write_text(json.dumps(run))
    with open(folder / "monitor.log", "a") as log:
        log.write(NUMBERS.format(exits, exits))
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Two good runs and three that failed: a check, the machine, a host that refuses. Of those that began in one second the
    page has the one first whose path comes first."""
    home = tmp_path_factory.mktemp("report")

    def run(mode, *words):
        place = home / f"{len(list(home.iterdir()))}-{mode}"
        place.mkdir()
        return fake(place / "runs", mode, *words).folder
    good = measured(run("good", "test", "core", "machine") / "core", 200)
    other = shutil.copytree(good, home / "1-other")
    (other / "monitor.log").write_text((good / "monitor.log").read_text().replace("exit.msr 200", "exit.msr 300"))
    with open(good / "console.log", "a") as log:
        log.write(EVIL * 50 + "\n" + "w" * 5000)
    failed = [run("liar", "test", "core"), run("dies", "test", "core"), run("refuses", "run", "core")]
    path = home / "report.html"
    done = report("-o", path, good, other, *failed)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    why = browser.lacks()
    if why:
        pytest.skip(why)
    tab = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield tab
    tab.close()


FITS = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# WCAG 2.2, 1.4.3: at least 4.5 between text and what lies under it. Relative luminance as it is defined there.
CONTRAST = """
const parts = c => c.match(/[\\d.]+/g).map(Number);
const light = c => parts(c).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const under = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; }
    return getComputedStyle(document.body).backgroundColor; };
return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility() && e.innerText).map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(under(e))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), e.className + ' ' + e.tagName]; }).filter(x => x[0] < 4.5)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, height", [(390, 844), (1280, 900)])
def test_a_person_reads_it(page, tab, width, height, scheme):
    SHOTS.mkdir(exist_ok=True)
    tab.show(page.as_uri(), width, height, scheme)
    tab.picture(SHOTS / f"{width}-{scheme}-top.png", whole=False)
    assert tab.run("return document.title") == "✗ 3 of 5 failed - Keelson report"
    assert "3 of 5 runs failed" in tab.text("#verdict")
    assert tab.text("#counts") == "8 passed, 4 failed, 0 skipped, 0 known to fail"
    assert tab.count(".failure") == 3 and tab.run(FITS)
    reasons = tab.run("return [...document.querySelectorAll('.failure .reason')].map(e => e.innerText)")
    assert "x == y: is 1 (0x1), expected 2 (0x2)" in reasons[0]
    assert "triple fault" in reasons[1] and "something it did not like" in reasons[2]
    assert "triple fault" in tab.text("#why3 .words mark")

    filtered(tab)
    a_run(tab)
    tab.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert tab.run(FITS), "wider than the window, with all parts open"
    assert not tab.run(CONTRAST, ".badge, p, dt, dd, td, th, li, a, mark, pre, summary, i")
    compared(tab)
    tab.picture(SHOTS / f"{width}-{scheme}-whole.png")
    assert not tab.complaints()
    assert tab.run("return document.title").startswith("✗") and not tab.run("return document.getElementById('owned')")


def filtered(tab):
    """What failed, what holds a word, and all again."""
    assert tab.count("table.runs tbody tr") == tab.count("details.run") == 5
    tab.click("#only-failed")
    tab.until(lambda: (tab.count("table.runs tbody tr"), tab.count("details.run")), (3, 3))
    assert tab.text("#shown") == "3 of 5 runs"
    tab.type("#text", "TRIPLE fault")
    tab.until(lambda: tab.count("details.run"), 1)
    tab.run("const t = document.getElementById('text'); t.value = ''; t.dispatchEvent(new Event('input', {bubbles: true}))")
    tab.click("#only-failed")
    tab.until(lambda: tab.count("details.run"), 5)


def a_run(tab):
    """By its link, with its pictures; and by the keyboard."""
    assert tab.count("#r0 svg") == 0
    tab.click("table.runs a[href='#r0']")
    tab.until(lambda: tab.run("return document.activeElement.closest('details')?.id"), "r0")
    assert tab.count("#r0 svg.timeline") == 1 and tab.count("#r0 .timeline rect") == 4
    assert tab.count("#r0 .latency li") == 3 and "median 70.0 us" in tab.text("#r0 .latency")
    assert tab.count("#r0 .strips li") == 5  # VMPL 0 and 2; msr, hlt, npf
    assert tab.count("#r0 .map rect") >= 3 and "1 pages, 4.0 KiB" in tab.text("#r0 .legend.rmp")
    assert tab.count("#r0 table.tests tbody tr") == 3
    for there in (0, 1):
        tab.press(ENTER)
        tab.until(lambda: tab.count("#r0 svg.timeline"), there)
    first = tab.run("return document.activeElement.innerText")
    tab.press(LEAVE)
    tab.until(lambda: tab.run("return document.activeElement.tagName"), "SUMMARY")
    tab.until(lambda: tab.run("return document.activeElement.innerText") != first, True)


CHOOSE = """for (const [id, value] of Object.entries(arguments[0])) document.getElementById(id).value = value;
document.getElementById('pair').dispatchEvent(new Event('input', {bubbles: true}))"""
ROWS = "return [...document.querySelectorAll('#pairs tbody tr')].map(r => [...r.children].map(c => c.innerText))"


def compared(tab):
    """The copy differs from its original in one number."""
    tab.run(CHOOSE, {"left": "0", "right": "1"})
    assert tab.run(ROWS) == [["all", "200", "300", "▲ +50 %"], ["msr", "200", "300", "▲ +50 %"]]
    tab.click("#only-different")
    tab.until(lambda: ["passed", "3", "3", "the same"] in tab.run(ROWS), True)
    tab.click("#only-different")
    tab.run(CHOOSE, {"left": "0", "right": "0"})
    assert tab.text("#pairs") == "Nothing differs."
