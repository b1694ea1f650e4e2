# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What make knows of its own build: `make -n` asks, and nothing is compiled here but what was stale before."""

import os
import re
import shutil
import subprocess

import pytest

from keelson import OUTER, ROOT, make


def compiled(out):
    return set(re.findall(r" -c (\S+\.[cS]) -o ", out))


@pytest.fixture(scope="module", autouse=True)
def built():
    make("-j2", "all")


def test_nothing_to_do():
    assert "Nothing to be done for 'all'" in make("-n", "all")


@pytest.mark.parametrize("flag, some, others", [
    ("WARN=-Wall", ["svsm/boot/", "svsm/services/vtpm/", "launch/machine/", "harness/", "guests/bare/core/"], []),
    ("HOST_CFLAGS=-O1", ["harness/"], ["svsm/boot/", "guests/bare/core/"]),
    ("FW_LDFLAGS=-static", ["svsm/boot/", "launch/machine/"], ["harness/"]),
    ("HOSTCC=gcc -m64", ["harness/", "svsm/services/vtpm/"], []),
])
def test_other_flags_compile_anew(flag, some, others):
    """All that gets them and nothing else; and asking changes nothing."""
    sources = compiled(make("-n", "all", flag))
    for folder in some + others:
        listed = subprocess.run(["git", "ls-files", f"{folder}*.c"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert set(listed.stdout.split()) & sources == (set(listed.stdout.split()) if folder in some else set())
    assert "Nothing to be done for 'all'" in make("-n", "all")


@pytest.mark.parametrize("word", ["QEMU=/opt/qemu/bin/qemu-system-x86_64", "PYTHON=python3", "V=1", "KERNEL=vmlinuz",
                                  "RUNFLAGS=--strict"])
def test_what_only_a_run_gets_compiles_nothing(word):
    """The same by the environment, which is how a make below another sees it."""
    name, value = word.split("=")
    assert not compiled(make("-n", "all", word))
    assert not compiled(make("-n", "all", **{name: value}))


def test_a_warning_ends_the_build_for_ci_only():
    def flags(words):
        return set(re.findall(r"(?<!\S)-Werror(?!\S)", make("-n", "-W", "svsm/lib/fmt.c", "all", *words)))
    assert not flags(["WERROR="])
    assert flags(["WERROR=1"])
    assert "WERROR=1" in (ROOT / ".ci/run").read_text()


def test_a_header_compiles_its_includers():
    sources = compiled(make("-n", "-W", "svsm/lib/fmt.h", "all"))
    assert "svsm/lib/fmt.c" in sources
    assert "svsm/lib/string.c" not in sources


# ---- which kernel the guest's images are made for ----


def plan(*words, **env):
    """What `make guests` would do: kernels that it fetches, images that it makes, and the kernel folder of each."""
    out = make("-n", "guests", *words, **env)
    images = dict(re.findall(r"initramfs/build\.sh \S*/(\S+\.cpio) \S+ (\S+) ", out))
    return re.findall(r"kernels/fetch\.sh (.*)", out), images


@pytest.fixture
def build(tmp_path):
    """A build folder whose guests were made, in order of time, for the newest of two kernels."""
    guests = tmp_path / "guests"
    for name, version, when in (("trixie-6.12", "6.12.1", 100), ("sid-7.2", "7.2.1", 50)):
        folder = guests / "kernels" / name
        (folder / "module").mkdir(parents=True)
        for file, offset in (("vmlinuz", 0), ("module/built", 1)):
            (folder / file).write_text(version)
            os.utime(folder / file, (2e9 + when + offset,) * 2)
    return tmp_path


def made(build, asked, text, *images):
    """As make leaves it: the stamp says what was asked for, and the images are newer than all that they come of."""
    (build / "guests" / asked).write_text(text + "\n")
    for name in images:
        (build / "guests" / name).write_text(name)
        os.utime(build / "guests" / name, (2e9 + 1000,) * 2)


TRIXIE = ("KERNEL_SUITE=trixie", "KERNEL_SERIES=6.12")
SID = ("KERNEL_SUITE=sid", "KERNEL_SERIES=7.2")


def test_another_suite_takes_its_kernel_and_modules(build):
    """Also where that was fetched before the images were made of the last one, and each is fetched once."""
    made(build, "asked", "trixie-6.12", "initramfs.cpio", "agent")
    folder = f"{build}/guests/kernels/"
    fetched, images = plan(f"BUILD={build}", "-o", f"{build}/guests/agent", *TRIXIE)
    assert not fetched and "initramfs.cpio" not in images
    fetched, images = plan(f"BUILD={build}", "-o", f"{build}/guests/agent", *SID)
    assert not fetched and images["initramfs.cpio"] == folder + "sid-7.2"
    fetched, images = plan(f"BUILD={build}", "-o", f"{build}/guests/agent", "KERNEL_SUITE=trixie-backports", "KERNEL_SERIES=7.3")
    assert fetched == [folder + "trixie-backports-7.3 trixie-backports 7.3"]
    assert images["initramfs.cpio"] == folder + "trixie-backports-7.3"
    assert (build / "guests/asked").read_text() == "trixie-6.12\n", "asking changes nothing"


def test_another_kernel_takes_its_modules(build, tmp_path):
    """A file of the user's is known by path, size and time, older or newer than the images."""
    kernels = [tmp_path / name / "vmlinuz" for name in ("one", "two")]
    for kernel in kernels:
        kernel.parent.mkdir()
        kernel.write_text("x")
        os.utime(kernel, (1e9, 1e9))
    made(build, "asked-other", f"{kernels[0]} 1 1000000000", "initramfs-other.cpio", "agent")
    words = f"BUILD={build}", "-o", f"{build}/guests/agent"
    assert "initramfs-other.cpio" not in plan(*words, f"KERNEL={kernels[0]}")[1]
    assert plan(*words, f"KERNEL={kernels[1]}")[1]["initramfs-other.cpio"] == str(kernels[1].parent)
    kernels[0].write_text("xy")
    os.utime(kernels[0], (1e9, 1e9))
    assert plan(*words, f"KERNEL={kernels[0]}")[1]["initramfs-other.cpio"] == str(kernels[0].parent)


def test_an_initrd_of_the_user_s_fetches_and_makes_nothing(build, tmp_path):
    kernel = tmp_path / "vmlinuz"
    kernel.write_text("x")
    out = make("-n", "guests", f"BUILD={build}", f"KERNEL={kernel}", "INITRD=/boot/initrd.img")
    assert "fetch.sh" not in out and "build.sh" not in out


@pytest.mark.parametrize("target", ["check", "bench", "boots"])
def test_what_needs_the_agent_takes_it_with_any_initrd(build, tmp_path, target):
    """INITRD= is for `run` and `shell`: the suites speak with our agent, in an image for the user's kernel."""
    kernel = tmp_path / "vmlinuz"
    kernel.write_text("x")
    out = make("-n", target, f"BUILD={build}", f"KERNEL={kernel}", "INITRD=/boot/initrd.img")
    assert f"initramfs/build.sh {build}/guests/initramfs-other.cpio " in out


@pytest.mark.parametrize("target", ["check", "check-all"])
def test_nothing_is_skipped_for_want_of_a_build(build, target):
    """test_conformance.py skips what it finds no mutants for."""
    assert " guests mutants " in make("-n", target, f"BUILD={build}")


def test_no_debian_packages_no_tools(build, tmp_path):
    """A kernel of the user's then goes without the image with tools; with a mirror it has one."""
    kernel = tmp_path / "vmlinuz"
    kernel.write_text("x")
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "keyring").write_text("")
    env = {"APT_ETC": f"{tmp_path}/etc", "DEBIAN_KEYRING": f"{tmp_path}/keyring"}
    _, images = plan(f"BUILD={build}", f"KERNEL={kernel}", **env)
    assert set(images) == {"initramfs-other.cpio"}
    _, images = plan(f"BUILD={build}", f"KERNEL={kernel}", "DEBIAN_MIRROR=http://mirror/debian", **env)
    assert set(images) == {"initramfs-other.cpio", "tools-other.cpio"}


@pytest.mark.parametrize("steps, code, total", [
    ({"unit": ("unit: 5 passed, 0 failed, 1 skipped", 0), "lint": ("lint: 8 passed, 0 failed, 2 skipped", 0),
      "integration": ("20 passed, 3 skipped in 9.1s", 0)}, 0, "33 passed, 0 failed, 6 skipped"),
    ({"unit": ("unit: 4 passed, 1 failed, 0 skipped", 1), "integration": ("2 failed, 7 passed, 1 error in 9.1s", 1)}, 1,
     "11 passed, 4 failed, 0 skipped"),
    ({"unit": ("a.c:1: not C", 2), "integration": ("20 passed in 9.1s", 0)}, 1, "20 passed, 1 failed, 0 skipped"),
    ({"unit": ("unit: 5 passed, 0 failed, 0 skipped", 0), "integration": ("3 errors in 2.0s", 2)}, 1,
     "5 passed, 3 failed, 0 skipped"),
])
def test_the_total_of_check(tmp_path, steps, code, total):
    """All steps run; one that ends before its own total is no less a failure."""
    assert check(tmp_path, steps, UNSTEADY="0") == (code, total)


ONE, FOUR, GREEN = ("1 failed, 9 passed in 9.1s", 2), ("4 failed, 6 passed in 9.1s", 2), ("1 passed in 1.0s", 0)
CUT = r"!!!!!!!!!!!!!!!!!!!!!!! KeyboardInterrupt !!!!!!!!!!!!!!!!!!!!!!!\n"
TWO, HALF = ("2 failed, 8 passed in 9.1s", 2), ("1 failed, 1 passed in 1.0s", 2)


@pytest.mark.parametrize("first, again, more, code, total", [
    (ONE, GREEN, {}, 0, "9 passed, 0 failed, 0 skipped, 1 unsteady"),
    (ONE, GREEN, {"UNSTEADY": "0"}, 1, "9 passed, 1 failed, 0 skipped"),
    (ONE, ("1 failed in 1.0s", 2), {}, 1, "9 passed, 1 failed, 0 skipped"),
    (ONE, ("no tests ran in 0.1s", 0), {}, 1, "9 passed, 1 failed, 0 skipped"),  # nothing has been shown
    (ONE, ("2 passed in 1.0s", 0), {}, 1, "9 passed, 1 failed, 0 skipped"),  # by other tests
    (ONE, ("1 skipped in 1.0s", 0), {}, 1, "9 passed, 1 failed, 0 skipped"),
    ((CUT + ONE[0], 2), GREEN, {}, 1, "9 passed, 1 failed, 0 skipped"),  # who knows what did not run
    (TWO, HALF, {}, 1, "8 passed, 1 failed, 0 skipped, 1 unsteady"),
    (FOUR, ("4 passed in 1.0s", 0), {}, 1, "6 passed, 4 failed, 0 skipped"),  # that is no busy host any more
])
def test_an_unsteady_test_is_named(tmp_path, first, again, more, code, total):
    got, words = check(tmp_path, {"integration": first, "integration-again": again}, ["integration"], **more)
    assert (got, words.split(" (")[0]) == (code, total)


def check(folder, steps, names=None, **env):
    """Exit code and last line of a check whose steps say and end so."""
    (folder / "ci").mkdir()
    shutil.copy(ROOT / "ci/check.sh", folder / "ci")
    (folder / "Makefile").write_text("".join(f"{name}:\n\t@printf '%b\\n' '{words}'; exit {rc}\n" for name, (words, rc) in steps.items()))
    env = {k: v for k, v in os.environ.items() if k not in OUTER} | {"BUILD": str(folder)} | env
    done = subprocess.run([folder / "ci/check.sh", *(names or steps)], env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()[-1]


def test_a_checkout_that_is_somebody_else_s(tmp_path):
    """As in a container with the checkout mounted: git lists its files for what make runs."""
    (tmp_path / "ask.mk").write_text("include Makefile\nask:\n\t@git ls-files README.md\n")
    other = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    assert make("-f", str(tmp_path / "ask.mk"), "ask", **other) == "README.md\n"


def test_help_lists_every_target():
    listed = subprocess.run(["git", "ls-files", "Makefile", "*.mk"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.findall(r"^\.PHONY: (.*)$", "".join((ROOT / f).read_text() for f in listed.stdout.split()), re.M)
    targets = {t for line in phony for t in line.split()} - {"FORCE"}
    assert targets == {line.split()[0] for line in make("help").splitlines()}
