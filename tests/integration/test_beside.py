# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Two tests at once (beside.py): small files of tests, run by a pytest of their own with pytest-xdist."""

import os
import pathlib
import subprocess
import sys

import pytest

HANGS = 600  # seconds

CONFTEST = f"""
import sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
import beside

def pytest_configure(config):
    config.pluginmanager.register(beside)
"""

# Tells when it begins and ends, in one write each.
HEAD = f"""
import os, pathlib, time
import pytest

def tell(text):
    fd = os.open("told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, (text + "\\n").encode())
    os.close(fd)

def spent(name):
    tell("begin " + name)
    time.sleep(0.02)
    tell("end " + name)

def meets(mine, other):
    pathlib.Path(mine).touch()
    until = time.monotonic() + {HANGS}
    while not pathlib.Path(other).exists():
        assert time.monotonic() < until
        time.sleep(0.01)
"""


def session(folder, files, *words):
    """The last line of a pytest on these files."""
    for name, text in {"conftest.py": CONFTEST, **files}.items():
        (folder / name).write_text((HEAD if name.startswith("test_") else "") + text)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"BUILD": str(folder / "build")}
    line = [sys.executable, "-m", "pytest", "-q", "--rootdir", folder, *words, folder]
    done = subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True, timeout=2 * HANGS)
    return done.stdout.splitlines()[-1], done.stdout + done.stderr


TWO = ("-n", "2", "--dist", "loadgroup")


@pytest.fixture(autouse=True)
def xdist():
    pytest.importorskip("xdist", reason="no pytest-xdist: apt-get install python3-pytest-xdist")


def test_two_run_at_once(tmp_path):
    """Each waits for the other."""
    files = {f"test_{mine}.py": f"def test_it():\n    meets({mine!r}, {other!r})\n" for mine, other in ("ab", "ba")}
    last, said = session(tmp_path, files, *TWO)
    assert last.startswith("2 passed"), said


MANY = "@pytest.mark.parametrize('n', range(20))\ndef test_it(n):\n    spent(f'{name}{n}')\n"


def test_nothing_runs_beside_one_that_is_alone(tmp_path):
    """Between its first word and its last one nobody says a word; a file's tests keep their order."""
    files = {f"test_{name}.py": f"name = {name!r}\n" + MANY for name in "xyz"}
    files["test_y.py"] = "pytestmark = pytest.mark.alone\n" + files["test_y.py"]
    last, said = session(tmp_path, files, *TWO)
    assert last.startswith("60 passed"), said
    told = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
    for at, (word, name) in enumerate(told):
        if name[0] == "y" and word == "begin":
            assert told[at + 1] == ["end", name], told
    for file in "xyz":
        assert [name for word, name in told if word == "begin" and name[0] == file] == [f"{file}{n}" for n in range(20)]


def test_what_failed_runs_once_more(tmp_path):
    """By its name, in a session without a second process: ci/check.sh."""
    files = {"test_a.py": "def test_good():\n    pass\n\ndef test_bad():\n    assert pathlib.Path('mended').exists()\n",
             "test_b.py": "@pytest.mark.alone\ndef test_good():\n    pass\n\n@pytest.mark.alone\ndef test_bad():\n    assert 0\n"}
    last, said = session(tmp_path, files, *TWO)
    assert last.startswith("2 failed, 2 passed") and "FAILED test_a.py::test_bad - " in said, said
    (tmp_path / "mended").touch()
    last, said = session(tmp_path, files, "--last-failed", "--last-failed-no-failures", "none")
    assert last.startswith("1 failed, 1 passed"), said
