# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson run --igvm with another SVSM than ours in the file: guests/bare/foreign stands in for it."""

import json
import re
import subprocess

import pytest

from keelson import BUILD, KEELSON, ROOT, environment, igvm, keelson

ELF = BUILD / "guests/bare/foreign.elf"
WORD = b"foreign-deed:"
OURS = "[foreign] an SVSM of nobody's\n[foreign] the guest starts\n"
GUESTS = "guest: firmware of nobody's\nguest: back from user mode\n"


def foreign(tmp_path, deed):
    """An IGVM file in which that SVSM, or its guest, does the deed."""
    path = tmp_path / f"{deed}.igvm"
    code, _, err = igvm("build", "--payload", ELF, "--output", path)
    assert code == 0, err
    data, room = path.read_bytes(), 32 - len(WORD)
    word = WORD + b"boot".ljust(room, b"\0")
    assert data.count(word) == 1
    path.write_bytes(data.replace(word, WORD + deed.encode().ljust(room, b"\0")))
    return path


def run(runs, tmp_path, deed, *words):
    return keelson(runs, "run", "--igvm", foreign(tmp_path, deed), *words)


def test_good_end(runs, tmp_path):
    """Its words have a file of their own, and the machine tells the phases."""
    done = run(runs, tmp_path, "boot").check(0, "debug.log")
    assert re.search(r"^guest +powered off$", done.out, re.M) and "not told" not in done.out
    assert re.search(r"^SVSM +not ours: ", done.out, re.M)
    assert re.search(r"^boot +monitor [\d.]+ s, SVSM [\d.]+ s, guest [\d.]+ s, user space [\d.]+ s; [\d.]+ s in all$",
                     done.out, re.M)
    assert done.text("svsm.log") == OURS
    assert done.text("console.log").replace("\r", "") == OURS + GUESTS
    assert "SeaBIOS" in done.text("debug.log")
    about, = done.json()["boots"]
    assert done.json()["foreign_svsm"] is True and about["svsm_version"] is None
    time = about["timeline_ms"]
    assert 0 < time["launched"] <= time["guest_entered"] <= time["guest_user_mode"] <= time["end"]
    assert time["svsm_first_word"] is None and time["ready"] is None
    assert sum(time[p] for p in ("phase_monitor", "phase_svsm", "phase_kernel", "phase_user_space")) == time["end"]


def test_a_debug_log_that_is_cut(runs, tmp_path):
    """QEMU drops what the disk does not take, of this log as of all others."""
    size = run(runs, tmp_path, "boot").check(0).folder.joinpath("debug.log").stat().st_size // 2
    words = [str(w) for w in (KEELSON, "run", "--runs", runs, "--igvm", foreign(tmp_path, "boot"))]
    done = subprocess.run(["sh", "-c", 'trap "" XFSZ; exec prlimit --fsize="$0" "$@"', str(size), *words], cwd=ROOT,
                          env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 3 and "/debug.log: File too large" in done.stderr, done.stderr


def test_recreate(runs, tmp_path):
    done = run(runs, tmp_path, "boot").check(0)
    again = subprocess.run([done.folder / "recreate.sh", "--name", "again"], cwd="/", env=environment(),
                           capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    folder, = runs.glob("again-*")
    assert (folder / "svsm.log").read_text() == OURS


def test_its_panic(runs, tmp_path):
    """It is told from the guest's, with its own words and the function."""
    done = run(runs, tmp_path, "svsm-panics", "--symbols", ELF).check(5, "state.txt")
    reason = done.json()["exit"]["reason"]
    assert re.search(r"VMPL 0 terminated: set 0 reason 0 .*RIP 0x\w+ \(svsm:ghcb_terminate\+0x\w+\)", reason)
    assert "its last words: [foreign] PANIC: a deed was asked for" in reason
    assert "  [foreign] PANIC: a deed was asked for\n" in done.out


def test_no_names_of_another_svsm(runs, tmp_path):
    done = run(runs, tmp_path, "svsm-panics").check(5)
    assert "(svsm:" not in done.json()["exit"]["reason"] and "svsm:" not in done.text("state.txt")


def test_its_guests_termination(runs, tmp_path):
    done = run(runs, tmp_path, "guest-terminates", "--symbols", ELF).check(4, "state.txt")
    reason = done.json()["exit"]["reason"]
    assert "VMPL 2 terminated: set 0 reason 0" in reason and "svsm:" not in reason and "last words" not in reason
    assert "  guest: back from user mode\n" in done.out


@pytest.mark.parametrize("deed, vmpl, says", [
    ("svsm-spins", 0, r"\(svsm:\w+\+0x\w+\) CPL 0, next exits: .*msr protocol 0x300000016 -> 0x100000017"),
    ("guest-polls", 2, r"CPL 0, next exits: .*vmmcall.*ghcb 0x7b info 0x3fd"),
    ("guest-spins", 2, r"CPL 0, no exit since"),
])
def test_limit(runs, tmp_path, deed, vmpl, says):
    """What goes on for ever ends, and the line says where it is and what it does."""
    done = run(runs, tmp_path, deed, "--limit", 4, "--symbols", ELF).check(7, "state.txt")
    reason = done.json()["exit"]["reason"]
    assert re.match(r"not at its end after 4 s \(--limit\) \[vCPU 0 VMPL %u RIP 0x\w+ ?%s" % (vmpl, says), reason), reason
    refused = "RUN_VMPL(3) has failed 1000 times in a row: no VMSA" in done.text("monitor.log")
    assert refused == (deed == "svsm-spins")


def test_no_limit_is_reached(runs, tmp_path):
    run(runs, tmp_path, "boot", "--limit", 60).check(0)


def test_a_command_needs_somebody_to_run_it(runs, tmp_path):
    done = run(runs, tmp_path, "boot", "--exec", "true").check(4)
    assert done.json()["exit"]["reason"] == "it powered off before an agent answered"


def test_run_runs_no_tests(runs, tmp_path):
    """Whoever names a suite is told which command runs its tests."""
    done = keelson(runs, "run", "core", "--igvm", foreign(tmp_path, "boot")).check(0)
    assert "`keelson test core`" in done.out


def test_a_suite_whose_file_does_not_answer(runs, tmp_path):
    done = keelson(runs, "test", "core", "--igvm", foreign(tmp_path, "boot"))
    assert done.code == 1 and done.verdicts() == {"boot": "fail"}


def ours(tmp_path):
    path = tmp_path / "ours.igvm"
    code, _, err = igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", path)
    assert code == 0, err
    return path


@pytest.mark.parametrize("words, says", [
    (["--service-cpus", 1], "--service-cpus"),
    (["--sev-features", 9], "--sev-features"),
    (["--tsc-offset", 9], "--tsc-offset"), (["--secure-tsc"], "--secure-tsc"),
    (["--alternate-injection"], "--alternate-injection"),
    (["--platform", "plain"], "platform plain"),
    (["--firmware"], "--firmware"),
    (["core", "--kernel", "vmlinuz"], "suite core boots no Linux"),
    (["--state", "file"], "was built without it"),
])
def test_what_does_not_go(tmp_path, words, says):
    """Nothing is ignored in silence."""
    refused(["run", *words, "--igvm", foreign(tmp_path, "boot")], says)


@pytest.mark.parametrize("option", ["--kernel", "--initrd", "--append"])
def test_our_file_has_its_guest(tmp_path, option):
    refused(["run", option, "x", "--igvm", ours(tmp_path)], "has its guest in it")


def test_our_file_that_keeps_no_state(tmp_path):
    """Its SVSM does not touch the channel, so its guest could say HELLO there (docs/channel.md)."""
    refused(["run", "--state", tmp_path / "tpm", "--igvm", ours(tmp_path)], "was built without it")
    assert not (tmp_path / "tpm").exists()


def test_our_file_needs_no_kernel_beside_it(tmp_path):
    """The suite's own is one that has to be built first."""
    words = [KEELSON, "test", "linux-tcgsvsm", "--dry-run", "--igvm", ours(tmp_path)]
    done = subprocess.run(list(map(str, words)), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_our_file_of_another_version(tmp_path):
    """It is neither ours nor foreign."""
    path = ours(tmp_path)
    data = path.read_bytes()
    page = data.index(b"KELN\4\0\0\0")
    path.write_bytes(data[:page + 4] + b"\2" + data[page + 5:])
    refused(["run", "--igvm", path], "another Keelson")


def refused(words, says):
    done = subprocess.run([KEELSON, *map(str, words)], cwd=ROOT, env=environment(), capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.count("\n") == 1 and says in done.stderr


@pytest.mark.parametrize("words, missing", [
    (["--kernel", "/nowhere/vmlinuz"], "/nowhere/vmlinuz"),
    (["--kernel", ELF, "--initrd", "/nowhere/initrd"], "/nowhere/initrd"),
    (["--symbols", "/etc/passwd"], "/etc/passwd"),
])
def test_files_that_are_not_there(runs, tmp_path, words, missing):
    assert missing in run(runs, tmp_path, "boot", *words).check(3).json()["exit"]["reason"]


def fw_cfg(tmp_path, *words):
    words = [KEELSON, *words, "--dry-run", "--json", "--igvm", foreign(tmp_path, "boot")]
    done = subprocess.run(list(map(str, words)), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)
    qemu = json.loads(done.stdout)["qemu"]
    return {v.split(",")[0]: v.split(",", 1)[1] for o, v in zip(qemu, qemu[1:]) if o == "-fw_cfg" and "guest-" in v}


def test_a_kernel_for_its_guests_firmware(tmp_path):
    """A disk or the file itself has the guest, unless a kernel is asked for."""
    assert fw_cfg(tmp_path, "run") == fw_cfg(tmp_path, "run", "--disk", "x.img") == {}
    given = fw_cfg(tmp_path, "run", "--kernel", "/k", "--initrd", "/i", "--append", "a,b")
    name = "name=opt/org.keelson/guest-"
    assert given[name + "kernel"] == "file=/k" and given[name + "initrd"] == "file=/i"
    assert given[name + "cmdline"].endswith(" a,,b")
    assert name + "kernel" in fw_cfg(tmp_path, "test", "linux")
    assert fw_cfg(tmp_path, "test", "core") == {}
