# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Where the guest's packages come from: other systems' /etc, made up. Nothing is fetched here."""

import os
import re
import shutil
import subprocess

import pytest

from keelson import KEELSON, ROOT, environment

ONE_LINE = "deb [arch=amd64] http://mirror/debian {} main\n"
DEB822 = "# a comment\nTypes: deb\nURIs: http://mirror/debian\nSuites: {0} {0}-updates\nComponents: main\n"
NOBLE = "Types: deb\nURIs: http://mirror/ubuntu\nSuites: noble noble-updates\nComponents: main universe\n"
VENDOR = "deb [signed-by=/k.gpg] http://vendor/chrome stable main\n"

BOOKWORM = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
TRIXIE = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
UNNUMBERED = "ID=debian\nVERSION_CODENAME=forky\n"  # testing and sid have the same
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'


@pytest.fixture
def system(tmp_path):
    """A function: commands in the shell with guests/apt.sh, on a system with this os-release and these sources."""
    def run(release, sources, command, libc="2.36", **more):
        etc, tools = tmp_path / "etc", tmp_path / "bin"
        for folder in (etc / "apt/sources.list.d", tools):
            folder.mkdir(parents=True, exist_ok=True)
        (etc / "os-release").write_text(release)
        for name, text in sources.items():
            path = etc / "apt" / ("sources.list" if name == "sources.list" else f"sources.list.d/{name}")
            path.write_text(text)
        (tools / "getconf").write_text(f"#!/bin/sh\necho glibc {libc}\n")
        (tools / "getconf").chmod(0o755)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DEBIAN_", "KERNEL_", "PACKAGE_"))}
        env.update({"APT_ETC": str(etc), "PATH": f"{tools}:{env['PATH']}", **more})
        done = subprocess.run(["sh", "-euc", f"me=fetch; . guests/apt.sh; {command}"], cwd=ROOT, env=env,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.split("\n")[:-1], done.stderr
    return run


@pytest.mark.parametrize("release, sources, kernel, tools", [
    (BOOKWORM, {"sources.list": ONE_LINE.format("bookworm")}, "bookworm-backports 6.12", "bookworm"),
    (BOOKWORM, {"debian.sources": DEB822.format("bookworm")}, "bookworm-backports 6.12", "bookworm"),
    (TRIXIE, {"debian.sources": DEB822.format("trixie")}, "trixie 6.12", "trixie"),
    (TRIXIE, {"debian.sources": DEB822.format("stable")}, "trixie 6.12", "trixie"),
    (UNNUMBERED, {"sources.list": ONE_LINE.format("sid")}, "sid ", "sid"),
    (UNNUMBERED, {"debian.sources": DEB822.format("unstable")}, "sid ", "sid"),
    (UNNUMBERED, {"sources.list": ONE_LINE.format("testing")}, "forky ", "forky"),
])
def test_debian_takes_its_own_release(system, release, sources, kernel, tools):
    code, out, _ = system(release, sources, "guests/kernels/default.sh; apt_package_suite; apt_mirrors; apt_can || echo no")
    assert code == 0 and out[:2] == [kernel, tools]
    assert out[2] == "http://mirror/debian"


@pytest.mark.parametrize("libc, suite", [("2.35", "bookworm"), ("2.36", "bookworm"), ("2.39", "trixie"), ("2.41", "trixie"), ("2.42", "sid")])
def test_another_distribution_takes_a_release_with_a_libc_that_fits(system, libc, suite):
    """Programs that are linked here run with libraries as old as those here, or newer: never with older ones."""
    code, out, _ = system(UBUNTU, {"ubuntu.sources": NOBLE}, "guests/kernels/default.sh; apt_package_suite", libc=libc)
    assert code == 0 and out == ["bookworm-backports 6.12", suite]


def test_a_suite_that_is_asked_for(system):
    code, out, _ = system(UBUNTU, {}, "guests/kernels/default.sh sid; guests/kernels/default.sh trixie; PACKAGE_SUITE=forky apt_package_suite")
    assert code == 0 and out == ["sid ", "trixie 6.12", "forky"]


@pytest.mark.parametrize("sources", [{"ubuntu.sources": NOBLE}, {"ubuntu.sources": NOBLE, "chrome.list": VENDOR}, {}])
def test_no_mirror_is_told_with_what_to_do(system, tmp_path, sources):
    (tmp_path / "keyring").write_text("")
    keyring = str(tmp_path / "keyring")
    code, out, err = system(UBUNTU, sources, "apt_can && echo can; apt_open x suite", DEBIAN_KEYRING=keyring)
    assert code == 3 and not out and "DEBIAN_MIRROR=URL" in err and "keyring" not in err
    code, out, err = system(UBUNTU, sources, "apt_open x suite", DEBIAN_KEYRING="/nowhere/keyring")
    assert code == 3 and "DEBIAN_MIRROR=URL" in err and "install debian-archive-keyring" in err
    code, out, err = system(UBUNTU, sources, "apt_can && apt_mirrors", DEBIAN_KEYRING=keyring, DEBIAN_MIRROR="http://mine/debian")
    assert code == 0 and out == ["http://mine/debian"]


def test_no_apt_is_told_with_what_to_do(system, tmp_path):
    """A PATH with what the lines need and no apt-get."""
    tools = tmp_path / "few"
    tools.mkdir()
    for name in ("sh", "awk", "cat", "sort", "head", "grep"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    code, out, err = system("ID=fedora\n", {}, "PATH=$FEW; apt_can && echo can; apt_open x suite", FEW=str(tools))
    assert code == 3 and not out and "KERNEL=path/to/vmlinuz" in err and "container" in err


def test_sources_are_read(system):
    sources = {
        "sources.list": "# deb http://no/debian bookworm main\n" + ONE_LINE.format("trixie/updates") + ONE_LINE.format("bookworm"),
        "off.sources": "Enabled: no\nTypes: deb\nURIs: http://off/debian\nSuites: bookworm\n",
        "two.sources": "Types: deb\nURIs: http://two/debian\nSuites: bookworm\n\nTypes: deb\nURIs: http://sec/debian\nSuites: bookworm-security\n",
    }
    code, out, _ = system(BOOKWORM, sources, "apt_mirrors")
    assert code == 0 and out == ["http://two/debian", "http://mirror/debian"]


def shell(command):
    done = subprocess.run(["sh", "-euc", f". guests/tools/elf.sh; {command}"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_library_that_is_too_old_is_found(tmp_path):
    """A program is linked with a library that has versions A_1 and A_2, and meets one that has the first alone."""
    gcc = os.environ.get("HOSTCC", "gcc")
    (tmp_path / "a.c").write_text("int one(void) { return 1; }\nint two(void) { return 2; }\n")
    (tmp_path / "p.c").write_text("int one(void), two(void);\nint main(void) { return one() + two(); }\n")
    (tmp_path / "1.map").write_text("A_1 { global: one; local: *; };\n")
    (tmp_path / "2.map").write_text("A_1 { global: one; local: *; };\nA_2 { global: two; } A_1;\n")
    for n in "12":
        (tmp_path / n).mkdir()
        subprocess.run([*gcc.split(), "-shared", "-fpic", "-Wl,-soname,liba.so.1", f"-Wl,--version-script={tmp_path}/{n}.map",
                        tmp_path / "a.c", "-o", tmp_path / n / "liba.so.1"], check=True)
    subprocess.run([*gcc.split(), tmp_path / "p.c", tmp_path / "2/liba.so.1", "-o", tmp_path / "p"], check=True)
    assert shell(f"elf_unmet {tmp_path}/p {tmp_path}/2/liba.so.1") == []
    assert shell(f"elf_unmet {tmp_path}/p {tmp_path}/1/liba.so.1") == [f"A_2 of liba.so.1, for {tmp_path}/p"]


@pytest.mark.parametrize("version, wanted", [("6.1.0-50", False), ("6.9.12", False), ("6.11.4", True), ("7.2.13+deb14", True)])
def test_a_kernel_that_cannot_run_under_an_svsm_is_not_fetched(system, tmp_path, version, wanted):
    """Debian 12's own, by KERNEL_SUITE=bookworm: it is told in words, and the version that it takes."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    for tool, says in (("apt-get", ""), ("apt-cache", f"linux-image-{version}-cloud-amd64 - a kernel")):
        (tmp_path / "bin" / tool).write_text(f"#!/bin/sh\necho '{says}'\necho $* >>{tmp_path}/asked\n")
        (tmp_path / "bin" / tool).chmod(0o755)
    command = f"guests/kernels/fetch.sh {tmp_path}/kernel bookworm"
    code, _, err = system(BOOKWORM, {"sources.list": ONE_LINE.format("bookworm")}, command, DEBIAN_KEYRING=str(tmp_path / "etc/os-release"))
    assert code and wanted == ("6.11" not in err)
    assert wanted == (" download " in (tmp_path / "asked").read_text())


def test_dependencies_without_apt(tmp_path):
    """They are named, with a container as the other way; where all is there, nothing is said."""
    for name, tools in (("few", ()), ("all", ("gcc", "ld", "make", "qemu-system-x86_64", "iasl", "cpio", "xz", "python3"))):
        (tmp_path / name).mkdir()
        for tool in ("sh", "find", "grep", "cat"):
            (tmp_path / name / tool).symlink_to(f"/usr/bin/{tool}")
        for tool in tools:  # gcc says where each library is
            (tmp_path / name / tool).write_text("#!/bin/sh\necho /lib/there\n")
            (tmp_path / name / tool).chmod(0o755)

    def deps(name):
        return subprocess.run(["/bin/sh", "ci/deps.sh"], cwd=ROOT, env={"PATH": str(tmp_path / name)},
                              capture_output=True, text=True, timeout=60)
    few = deps("few")
    assert few.returncode == 3 and "qemu-system-x86_64" in few.stderr and "libtpms.a" in few.stderr
    assert "docker run" in few.stderr and '-v "$PWD":/src' in few.stderr
    everything = deps("all")
    assert everything.returncode == 0 and not everything.stderr + everything.stdout


def test_dependencies_are_looked_for_each_time(tmp_path):
    """A container that is new has the build folder of the last one, and none of its packages."""
    (tmp_path / "dpkg-query").write_text(f"#!/bin/sh\ncat {tmp_path}/there\n")
    (tmp_path / "apt-get").write_text(f"#!/bin/sh\necho $* >>{tmp_path}/asked\n")
    (tmp_path / "sudo").write_text('#!/bin/sh\nshift; exec "$@"\n')
    for tool in ("dpkg-query", "apt-get", "sudo"):
        (tmp_path / tool).chmod(0o755)

    def deps(*there):
        (tmp_path / "there").write_text("".join(f"{name} {status}\n" for name, status in there))
        (tmp_path / "asked").write_text("")
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        subprocess.run(["sh", "ci/deps.sh", "one", "two"], cwd=ROOT, env=env, check=True, timeout=60)
        return (tmp_path / "asked").read_text().splitlines()[1:]
    assert deps(("one", "installed"), ("two", "installed")) == []
    assert deps(("one", "installed"), ("two", "config-files")) == ["install -y --no-install-recommends two"]
    assert deps() == ["install -y --no-install-recommends one two"]


def test_doctor_takes_no_complaint_for_a_version(tmp_path):
    """A tool that is missing, and one that does not run: a shell and a program say so, which is a line of text as well."""
    for tool in ("sh", "sed", "awk", "grep", "cat", "head", "sort", "timeout", "gcc"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    (tmp_path / "cppcheck").write_text("#!/bin/sh\necho 'cppcheck: libtinyxml2.so.9: cannot open'\nexit 1\n")
    (tmp_path / "cppcheck").chmod(0o755)
    done = subprocess.run([KEELSON, "doctor"], cwd=ROOT, env=environment({"PATH": str(tmp_path)}), capture_output=True, text=True, timeout=60)
    lines = {line[9:26].strip(): line for line in done.stdout.splitlines()}
    assert lines["gcc"].startswith("ok ")
    for tool in ("make", "clang-format", "pyflakes3", "shellcheck", "cppcheck"):
        assert lines[tool].startswith("MISSING ") and "install it" in lines[tool]
    assert done.returncode == 3


def test_doctor_in_a_folder_of_any_name(tmp_path):
    root = tmp_path / "it's, here"
    for file in ("guests/apt.sh", "launch/suites.cfg"):
        (root / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, root / file)
    env = environment({"DEBIAN_MIRROR": "http://mirror/debian"}) | {"KEELSON_ROOT": str(root)}
    out = subprocess.run([KEELSON, "doctor"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60).stdout
    assert re.search(r"^ok +Debian mirror +http://mirror/debian$", out, re.M)


def test_doctor_names_what_fetching_needs(tmp_path):
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text(UBUNTU)
    env = environment({"APT_ETC": f"{tmp_path}/etc", "DEBIAN_KEYRING": f"{tmp_path}/none"})
    out = subprocess.run([KEELSON, "doctor"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60).stdout
    lines = {line[9:26].strip(): line for line in out.splitlines()}
    assert lines["Debian mirror"].startswith("no ") and "DEBIAN_MIRROR=URL" in lines["Debian mirror"]
    assert lines["Debian keyring"].startswith("no ") and "debian-archive-keyring" in lines["Debian keyring"]
    assert lines["kernel to fetch"].endswith("bookworm-backports 6.12")
    for tool in ("clang-format", "cppcheck", "shellcheck", "pyflakes3"):
        assert re.search(r"\d\.\d|install it", lines[tool]), lines[tool]
