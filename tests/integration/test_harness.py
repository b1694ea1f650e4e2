# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""How runs on the real thing end: each way has its own exit code and a complete run folder."""

import json
import os
import pty
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest

from keelson import BUILD, HANGS, KEELSON, ROOT, environment, finish, igvm, keelson, processes_with, start

FEW = "core/query-*"  # a boot of the SVSM alone, and tests that take no time


@pytest.mark.parametrize("test", ["terminate", "triple-fault"])
def test_guest_panic(runs, test):
    run = keelson(runs, "test", f"panic/{test}").check(4, "state.txt")
    assert run.verdicts() == {test: "fail"}
    assert re.search(r"vCPU 0 VMPL 2 .*RIP 0x", run.json()["exit"]["reason"])


def test_kernel_panic(runs, linux):
    run = keelson(runs, "run", "linux", "--append", "rdinit=/none root=/dev/none").check(4, "state.txt")
    assert "Kernel panic - not syncing" in run.json()["exit"]["reason"]
    assert "Kernel panic - not syncing" in run.text("console.log")


PANIC_TEXT = "Kernel panic - not syncing: a line that a program printed"
CRASH = "Kernel panic - not syncing: sysrq triggered crash"


def test_panic_of_a_running_guest(runs, linux, tools):
    """Text is no panic; one that its kernel tells pvpanic is, and the reason says so."""
    run = keelson(runs, "run", "--boot-cache", "--exec", f"echo '{PANIC_TEXT}' >/dev/ttyS0; sleep 2; echo still here",
                  "--exec", "echo c >/proc/sysrq-trigger").check(4, "state.txt")
    assert PANIC_TEXT in run.text("console.log") and run.out == "still here\n"
    assert run.json()["boots"][0]["info"]["pvpanic"] == "yes"
    assert f"{CRASH} (pvpanic)" in run.json()["exit"]["reason"]


LOADER = """
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int n, char **v) /* 2: KEXEC_FILE_ON_CRASH */
{
	return syscall(SYS_kexec_file_load, open(v[1], O_RDONLY), open(v[2], O_RDONLY), strlen(v[3]) + 1, v[3], 2L) != 0;
}
"""


def test_kdump(runs, linux, tools, tmp_path):
    """On plain QEMU a crash kernel boots after the panic, sees the memory of the first, and takes the rest."""
    kernel, _ = linux
    tree = tmp_path / "tree/kdump"
    tree.mkdir(parents=True)
    (tmp_path / "load.c").write_text(LOADER)
    subprocess.run(["gcc", "-static", "-O1", "-o", tree / "load", tmp_path / "load.c"], check=True)
    (tree / "vmlinuz").write_bytes(kernel.read_bytes())
    (tree / "initrd").write_bytes(tools.read_bytes())
    names = "kdump\nkdump/load\nkdump/vmlinuz\nkdump/initrd\n"
    more = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree.parent, input=names.encode(),
                          capture_output=True, check=True).stdout
    (tmp_path / "initrd").write_bytes(tools.read_bytes() + more)
    run = keelson(runs, "run", "--platform", "plain", "--kdump", "--mem", 1024, "--append", "crashkernel=256M",
                  "--initrd", tmp_path / "initrd",
                  "--exec", "/kdump/load /kdump/vmlinuz /kdump/initrd 'console=ttyS0 nr_cpus=1' && "
                  "echo c >/proc/sysrq-trigger",
                  "--exec", "nproc; head -c 4 /proc/vmcore").check(0)
    assert run.out == "1\n\x7fELF"
    assert CRASH in run.text("console.log")


def damaged_launch_info(tmp_path):
    """An IGVM file whose launch_info page the SVSM cannot accept."""
    path = tmp_path / "damaged.igvm"
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", path)
    assert code == 0, err
    data = path.read_bytes()
    info = b"KELN\x04\x00\x00\x00"
    assert data.count(info) == 1
    at = data.index(info) + 16  # svsm.gpa
    path.write_bytes(data[:at] + b"\x01" + data[at + 1:])
    return path


def test_svsm_panic(runs, tmp_path):
    run = keelson(runs, "run", "hang", "--igvm", damaged_launch_info(tmp_path)).check(5, "state.txt")
    assert "VMPL 0" in run.json()["exit"]["reason"]


def test_monitor_fault(runs, tmp_path):
    """A machine too small for it, which --mem does not give: it gives up and says why."""
    qemu = tmp_path / "small-qemu"
    qemu.write_text("""#!/bin/sh
for word; do shift; [ "$last" = -m ] && set -- "$@" 16M || set -- "$@" "$word"; last=$word; done
exec "${QEMU:-qemu-system-x86_64}" "$@"
""")
    qemu.chmod(0o755)
    run = keelson(runs, "run", "hang", "--qemu", qemu).check(6, "state.txt")
    assert "too little RAM" in run.json()["exit"]["reason"]


@pytest.mark.parametrize("mem", [0, 1, 16, 32, 191, 262145, 99999999999])
@pytest.mark.parametrize("command", ["run", "test"])
def test_memory_that_no_machine_has(runs, command, mem):
    run = keelson(runs, command, "selftest", "--mem", mem)
    assert run.code == 2 and not run.folders
    assert run.err == f"keelson: --mem takes a number from 192 to 262144, not '{mem}'\n"


def test_least_memory(runs):
    """Enough for a bare guest; one that needs more is told how to get it."""
    assert "192 to 262144 MiB" in subprocess.run([KEELSON, "run", "--help"], capture_output=True, text=True).stdout
    keelson(runs / "bare", "test", "core/pvalidate-4k", "--mem", 192).check(0)


def test_guest_that_needs_more_memory(runs, tmp_path, linux):
    (tmp_path / "initrd").write_bytes(linux[1].read_bytes() + bytes(64 << 20))
    run = keelson(runs, "run", "linux", "--mem", 192, "--initrd", tmp_path / "initrd").check(3)
    assert "RAM that this machine has not: give it more (--mem)" in run.out


def test_hang(runs):
    run = keelson(runs, "test", "hang", "--timeout", 3).check(7, "state.txt")
    assert "RIP=" in run.text("state.txt")
    assert re.search(r"^ +monitor:\w+\+0x", run.text("state.txt"), re.M), "no symbol in state.txt"


@pytest.mark.parametrize("keep", [0, 10, 4000, 0.5, 0.999])
def test_truncated_igvm(runs, tmp_path, keep):
    path = tmp_path / "whole.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", path)[0] == 0
    data = path.read_bytes()
    path.write_bytes(data[:keep if isinstance(keep, int) else int(len(data) * keep)])
    keelson(runs, "run", "hang", "--igvm", path).check(3)


def test_missing_qemu(runs):
    run = keelson(runs, "run", "hang", "--qemu", "/nowhere/qemu").check(3)
    assert "/nowhere/qemu" in run.out


def test_missing_file(runs):
    run = keelson(runs, "run", "--kernel", "/nowhere/vmlinuz").check(3)
    assert "/nowhere/vmlinuz" in run.out


@pytest.mark.parametrize("words", [
    [], ["frobnicate"], ["run", "--smp", "none"], ["run", "--bogus"], ["run", "no-such-suite"],
    ["run", "--service-cpus", "x"], ["run", "--icount", "99"], ["run", "--sev-features", "all"], ["run", "--sev-features", "8"],
    ["run", "--platform", "vax"], ["test"], ["test", "no-such-suite"], ["run", "--mem"],
])
def test_usage(words):
    done = subprocess.run([KEELSON, *words], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 2 and done.stderr and not done.stdout


@pytest.mark.parametrize("platform", ["snp", "tdx"])
def test_platform_that_this_host_lacks(runs, platform):
    if os.path.exists("/dev/sev"):
        pytest.skip("this host may have it")
    run = keelson(runs, "run", "--platform", platform).check(3)
    assert f"platform {platform} needs" in run.out


@pytest.mark.parametrize("version, asks", [("10.1.0", False), ("10.2.2", False), ("11.0.0", True), ("11.1.3", True)])
def test_an_igvm_file_that_this_qemu_loads(tmp_path, runs, version, asks):
    """QEMU 10 ends a launch at a MADT parameter, so the file for it has none."""
    qemu = tmp_path / "qemu"
    qemu.write_text(f"#!/bin/sh\necho QEMU emulator version {version}\n")
    qemu.chmod(0o755)
    done = keelson(runs, "run", "--dry-run", "--platform", "snp", "--qemu", qemu)
    assert done.code == 0 and ("--no-madt" in done.out) != asks


def wait_for(path, seconds=HANGS):
    until = time.monotonic() + seconds
    while not (path() and path().exists()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return path()


def started(runs):
    """The control log of the one run in there, once QEMU talks."""
    return lambda: next(iter(p for p in runs.glob("hang-*/control.log") if p.stat().st_size), None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(runs, number):
    process = start(runs, "test", "hang", "--timeout", 300)
    wait_for(started(runs))
    process.send_signal(number)
    finish(process, runs).check(128 + number)
    assert not processes_with(str(runs)), "QEMU outlived the harness"


def test_killed(runs):
    """Nobody can clean up after SIGKILL; QEMU goes nevertheless."""
    process = start(runs, "test", "hang", "--timeout", 300)
    wait_for(started(runs))
    process.kill()
    process.communicate()
    until = time.monotonic() + HANGS
    while processes_with(str(runs)):
        assert time.monotonic() < until, "QEMU outlived the harness"
        time.sleep(0.1)


def test_two_at_once(runs):
    both = [start(runs, "test", FEW) for _ in range(2)]
    ended = [p.communicate(timeout=HANGS) for p in both]
    assert [p.returncode for p in both] == [0, 0], ended
    folders = [p for p in runs.iterdir() if not p.is_symlink()]
    assert len(folders) == 2
    assert os.readlink(runs / "latest") in {p.name for p in folders}


def test_dry_run(runs):
    done = keelson(runs, "run", "--dry-run", "--smp", 3)
    assert done.code == 0 and not done.folders
    assert "-smp 5" in done.out and "-accel tcg" in done.out  # the monitor's and one for services
    assert "igvm build" in done.out and "--service-cpus 1" in done.out and "--test" not in done.out


def test_service_cpus(runs):
    done = keelson(runs, "run", "--dry-run", "--smp", 3, "--service-cpus", 0)
    assert "-smp 4" in done.out and "--service-cpus 0" in done.out
    done = keelson(runs, "test", "--dry-run", "core", "--smp", 1, "--service-cpus", 2)
    assert "-smp 4" in done.out and "--service-cpus 2" in done.out and "--test" in done.out
    done = keelson(runs, "test", "--dry-run", "machine", "--smp", 2, "--service-cpus", 2)
    assert "-smp 3" in done.out and "--service-cpus" not in done.out  # no SVSM there


@pytest.mark.parametrize("words, most", [
    (["run", "--smp", "97"], 95), (["run", "--smp", "96", "--service-cpus", "1"], 95),
    (["run", "--smp", "97", "--service-cpus", "0"], 96), (["test", "core", "--smp", "200"], 95),
    (["test", "machine", "--smp", "97"], 96), (["run", "--smp", "65", "--service-cpus", "64"], 32),
    (["run", "--platform", "snp", "--smp", "254"], 253),
])
def test_more_cpus_than_a_machine_can_have(runs, words, most):
    """Known before anything is started: a usage error, which names what is possible."""
    run = keelson(runs, *words)
    assert run.code == 2 and not run.folders
    assert f"1 to {most} " in run.err, run.err


def test_most_cpus(runs):
    done = keelson(runs, "run", "--dry-run", "--smp", 95)
    assert done.code == 0 and "-smp 97" in done.out  # the monitor's and one for services
    done = keelson(runs, "run", "--dry-run", "--smp", 96, "--service-cpus", 0)
    assert done.code == 0 and "-smp 97" in done.out
    done = keelson(runs, "run", "--dry-run", "--platform", "plain", "--smp", 254)
    assert done.code == 0 and "-smp 254" in done.out


def test_icount(runs):
    done = keelson(runs, "run", "--dry-run", "--icount", 2)
    assert "thread=single" in done.out and "-icount shift=2" in done.out
    assert "string=turns" in done.out


def test_recreate(runs, tmp_path):
    run = keelson(runs, "test", "panic/terminate").check(4)
    again = subprocess.run([run.folder / "recreate.sh"], cwd=tmp_path, env=environment(), timeout=300,
                           stdout=subprocess.DEVNULL)
    assert again.returncode == 4
    assert len([p for p in runs.iterdir() if not p.is_symlink()]) == 2


def test_reports(runs):
    run = keelson(runs, "test", "panic").check(4)
    cases = ElementTree.parse(run.folder / "junit.xml").getroot().findall("testsuite/testcase")
    assert [c.get("name") for c in cases] == [r["test"] for r in run.results()]
    assert all(c.find("failure") is not None for c in cases)
    files = run.json()["files"]
    assert all(re.fullmatch("[0-9a-f]{64}", files[f]["sha256"]) for f in ("monitor", "svsm", "igvm", "bare"))
    assert "QEMU" in run.json()["qemu_version"]


def test_json_output(runs):
    run = keelson(runs, "test", FEW, "--json").check(0)
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert lines[:-1] == run.results()
    assert lines[-1]["passed"] == len(lines) - 1 and lines[-1]["exit"] == 0


def test_plain_in_a_pipe(runs):
    plain = keelson(runs / "pipe", "test", FEW)
    assert plain.code == 0 and not re.search(r"[\r\033]", plain.out)


def test_progress_on_a_terminal(runs):
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine gives no pseudo-terminal (is /dev/pts mounted?): {error}")
    process = subprocess.Popen([KEELSON, "test", FEW, "--runs", runs / "pty"], cwd=ROOT, stdout=theirs,
                               stdin=subprocess.DEVNULL, env=environment({"TERM": "xterm"}))
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # the other side was closed
        pass
    assert process.wait() == 0 and b"\r\033[K" in seen
    assert re.search(rb"\d+ passed, 0 failed, 0 skipped\r\n$", seen)


def test_folder_of_a_good_run(runs, linux, tools):
    run = keelson(runs, "run").check(0)
    assert not (run.folder / "svsm.igvm").exists() and not (run.folder / "state.txt").exists()
    console = run.text("console.log")
    assert "Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP" in console
    boot = run.json()["boots"][0]
    assert boot["info"]["vmpl"] == "2" and boot["info"]["vcpus"] == "2"
    phases = [boot["timeline_ms"]["phase_" + p] for p in ("monitor", "svsm", "kernel", "user_space")]
    assert all(p is not None and p >= 0 for p in phases)
    assert abs(sum(phases) - boot["timeline_ms"]["ready"]) <= 2
    for line in ("guest kernel  6.", "TPM           2.0", "VMPL          2", "vCPUs         2", "SVSM          ", "boot          monitor"):
        assert line in run.out
