# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`make install`: a keelson that needs no checkout, and what is said of its options by manual page and completions."""

import os
import re
import shutil
import subprocess

import pytest

from keelson import BUILD, KEELSON, ROOT, environment, igvm, make

TABLE = re.compile(r'(?:^\t|[\s,])\{"([a-z][a-z-]+)", (?:\d|required_argument|no_argument|optional_argument),', re.M)


def tables():
    """Every option that some getopt_long() of the program takes, or a command with few compares words with."""
    sources = "".join(p.read_text() for p in (ROOT / "harness").rglob("*.c"))
    return {f"--{name}" for name in TABLE.findall(sources)} | set(re.findall(r'strcmp\(\w[^,;]*, "(--[a-z-]+)"\)', sources))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An installed tree in a folder with an odd name; PREFIX is never the system's."""
    home = tmp_path_factory.mktemp("install") / "it's a place"
    make("install", f"DESTDIR={home}", "PREFIX=/opt/k s")
    return home / "opt/k s"


def installed(home, *words, **more):
    env = environment({"HOME": "/nowhere", "XDG_STATE_HOME": str(home / "state"), **more})
    return subprocess.run([home / "bin/keelson", *map(str, words)], cwd="/", env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


def test_a_suite_from_elsewhere(home):
    done = installed(home, "test", "core/pvalidate-4k")
    assert done.returncode == 0 and "1 passed, 0 failed" in done.stdout, done.stdout + done.stderr
    assert (home / "state/keelson/runs/latest/run.json").exists()
    again = subprocess.run([home / "state/keelson/runs/latest/recreate.sh", "--dry-run"], cwd="/", env=environment(),
                           capture_output=True, text=True, timeout=60)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("suite", ["core", "machine", "conformance-core", "selftest"])
def test_nothing_of_the_checkout(home, suite):
    out = installed(home, "test", suite, "--dry-run").stdout
    assert f"{home}/lib/keelson/monitor.elf.mb".replace("'", "") in out.replace("'\\''", "").replace("'", "")
    assert str(ROOT) not in out


def test_a_guest_is_the_user_s(home, tmp_path):
    done = installed(home, "run")
    assert done.returncode == 3 and "give one by --kernel FILE" in done.stdout and "make" not in done.stdout
    listed = installed(home, "test", "--group", "guest", "--dry-run")
    assert "left out" in listed.stdout + listed.stderr
    kernel = tmp_path / "vmlinuz"
    kernel.touch()
    out = installed(home, "run", "--dry-run", "--kernel", kernel).stdout
    assert f"--kernel {kernel} " in out and "lib/keelson/guests/initramfs.cpio" in out
    given = tmp_path / "given.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", given)[0] == 0
    done = installed(home, "test", "linux", "--dry-run", "--igvm", given)
    assert done.returncode == 0, done.stderr


def test_a_checkout_s_program_takes_the_checkout_s_images(home, tmp_path):
    """An installed tree that lies beside it is another's, and KEELSON_ROOT names either."""
    (tmp_path / "build").mkdir()
    shutil.copytree(ROOT / "launch", tmp_path / "launch", ignore=shutil.ignore_patterns("machine"))
    shutil.copytree(home / "lib/keelson/launch", tmp_path / "lib/keelson/launch")
    own = shutil.copy(KEELSON, tmp_path / "build/keelson")

    def images(program, **more):
        return subprocess.run([program, "run", "core", "--dry-run"], cwd="/", env={**environment(), **more},
                              capture_output=True, text=True, timeout=60).stdout

    assert f"--svsm {tmp_path}/build/svsm.elf" in images(own)
    assert f"--svsm {BUILD}/svsm.elf" in images(own, KEELSON_ROOT=str(ROOT))
    assert "/lib/keelson/svsm.elf" in images(own, KEELSON_ROOT=str(home / "lib/keelson"))


def test_doctor_asks_for_no_compiler(home):
    out = installed(home, "doctor").stdout
    assert re.search(r"^ok +SVSM ", out, re.M) and not re.search(r"^\S+ +(gcc|pytest|guest kernel) ", out, re.M)


def page(home):
    """The manual page as it is read."""
    text = (home / "share/man/man1/keelson.1").read_text(encoding="utf-8")
    return text.replace("\\-", "-").replace("\\&", "")


def test_every_option_is_in_the_manual(home):
    text = page(home)
    assert tables() - {"--help"} <= set(re.findall(r"--[a-z][a-z-]+", text))
    named = re.findall(r'^\.BR (--[a-z-]+) "(.*)"\n(.*)$', text, re.M)
    assert len(named) == len({name for name, _, _ in named}) and all(shows for _, _, shows in named)
    assert {name for name, _, _ in named} <= tables()
    assert not re.findall(r"@[A-Z]+@", text)


def plain(text):
    return " ".join(text.split())


@pytest.mark.parametrize("command", ["run", "test", "doctor"])
def test_what_help_says_of_an_option_is_in_the_manual(home, command):
    """The table's right column, from column 29 on, in whole."""
    said = re.sub(r"\n {29}", " ", installed(home, command, "--help").stdout)
    rows = re.findall(r"^  (--[a-z-]+).*?  +(.*)$", said, re.M)
    text = dict(re.findall(r'^\.BR (--[a-z-]+) ".*"\n(.*)$', page(home), re.M))
    assert len(rows) > 30 and {name: plain(shows) for name, shows in rows}.items() <= text.items()


def test_what_help_says_of_igvm_is_in_the_manual(home):
    lines = {line.strip() for line in page(home).splitlines()}
    assert {line.removeprefix("usage:").strip() for line in installed(home, "igvm", "--help").stdout.splitlines()} <= lines


def complete(home, *words):
    """What bash offers for the last word."""
    script = home / "share/bash-completion/completions/keelson"
    line = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keelson; printf "%s\\n" "${COMPREPLY[@]}"'
    env = environment({"PATH": f"{home}/bin:{os.environ['PATH']}"})
    done = subprocess.run(["bash", "-c", line, script, "keelson", *words], cwd="/", env=env, capture_output=True, text=True,
                          timeout=60)
    assert not done.stderr
    return set(done.stdout.split())


def test_completion(home):
    assert {"run", "test", "igvm", "doctor"} <= complete(home, "")
    assert complete(home, "run", "--platform", "") == {"native", "plain", "snp", "tdx"}
    assert complete(home, "test", "vtpm-ra") == {"vtpm-raw"}
    assert complete(home, "test", "--igvm", "/etc/passw") == {"/etc/passwd", *complete(home, "test", "--igvm", "/etc/passwd")}
    assert complete(home, "run", "--append", "") == set()
    assert {"build", "inspect", "measure", "pcrs"} <= complete(home, "igvm", "")
    for command in ("run", "test", "doctor"):
        options = complete(home, command, "--")
        assert options == set(re.findall(r"--[a-z][a-z-]+", installed(home, command, "--help").stdout)) | {"--help"}
    commands = {word for word in complete(home, "") if not word.startswith("-")}
    assert set().union(*(complete(home, command, "--") for command in commands)) >= tables()


def test_completion_for_zsh_is_one_that_zsh_reads(home):
    script = home / "share/zsh/site-functions/_keelson"
    assert tables() - {"--help"} <= set(re.findall(r"--[a-z][a-z-]+", script.read_text()))
    if not shutil.which("zsh"):
        pytest.skip("there is no zsh here")
    done = subprocess.run(["zsh", "-n", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr


def test_uninstall_leaves_nothing(tmp_path):
    make("install", f"DESTDIR={tmp_path}")
    assert (tmp_path / "usr/local/bin/keelson").exists()
    (tmp_path / "usr/local/bin/other").touch()
    make("uninstall", f"DESTDIR={tmp_path}")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["other"]
