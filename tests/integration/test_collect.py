# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""keelson repro collect: a report of a problem on hardware, from hosts that are made up and with few tools."""

import hashlib
import shutil
import subprocess
import tarfile

import pytest

from hosts import Host, put
from keelson import BUILD, KEELSON, ROOT, igvm

SCRIPT = ROOT / "harness/repro/collect.sh"
TOOLS = "sed grep tr head tail cut wc cat cp rm mkdir mktemp date tar gzip uname readlink sha256sum".split()
PID = 4242


class Collected:
    def __init__(self, home, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.summary, self.files = {}, {}
        if (home / "r.tar.gz").exists():
            text = (home / "r.txt").read_text()
            assert text == self.out[:len(text)]
            self.summary = {line[:14].strip(): line[15:] for line in text.splitlines()}
            with tarfile.open(home / "r.tar.gz") as tar:
                assert all(m.name == "report" or m.name.startswith("report/") for m in tar)
                self.files = {m.name[7:]: tar.extractfile(m).read().decode() for m in tar if m.isfile()}

    def everything(self):
        return self.out + "".join(self.files.values())


class Broken:
    """A host with a problem; its environment is bare."""

    def __init__(self, home, shell="sh"):
        self.home, self.host, self.shell = home, Host(home / "made", "snp"), shell
        self.path = home / "tools"
        self.path.mkdir()
        for tool in [*TOOLS, shell]:
            (self.path / tool).symlink_to(shutil.which(tool))
        for name in ("qemu", "dmesg"):
            (self.path / name).symlink_to(self.host.bin / name)
        put(self.host.root, "proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=1-2 kvm_amd.sev_snp=1 iommu=nopt luks.passphrase=hush\n")
        for name, value in (("bios_version", "2.3"), ("bios_date", "07/01/2026"), ("board_serial", "SN-hush"), ("bios_vendor", "ACME")):
            put(self.host.root, f"sys/class/dmi/id/{name}", f"{value}\n")

    def process(self, *words, pid=PID):
        put(self.host.root, f"proc/{pid}/cmdline", "".join(f"{w}\0" for w in words))
        (self.host.root / f"proc/{pid}/exe").symlink_to(self.path / "qemu")

    def collect(self, *words, path=None):
        env = {"PATH": str(path or self.path), "KEELSON_HOST_ROOT": str(self.host.root), "TMPDIR": str(self.home)}
        words = [self.path / self.shell, SCRIPT, *words, "-o", self.home / "r"]
        done = subprocess.run([str(w) for w in words], env=env, cwd=self.home, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert not list(self.home.glob("keelson-collect.*")), "its temporary folder stays"
        return Collected(self.home, done)


@pytest.fixture
def broken(request, tmp_path):
    shell = getattr(request, "param", "sh")
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    return Broken(tmp_path, shell)


BOTH = pytest.mark.parametrize("broken", ["dash", "bash"], indirect=True)


@BOTH
def test_a_report(broken, tmp_path):
    """What public reports lacked, each found on its own."""
    image = tmp_path / "svsm.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", image)[0] == 0
    (tmp_path / "s.log").write_text("[0] svsm: hello\n[0] error: it went wrong\n")
    (tmp_path / "g.log").write_text("[    0.0] Linux version 6.16\n")
    broken.process("/usr/bin/qemu-system-x86_64", "-machine", "q35,igvm-cfg=igvm0", "-object", f"igvm-cfg,id=igvm0,file={image}", "-smp", "4")
    got = broken.collect("--svsm-log", tmp_path / "s.log", "--guest-log", tmp_path / "g.log", "--note", "svsm 1a2b", "--note", "1 in 20")
    assert got.code == 0 and not got.err, got.err
    assert got.summary["CPU"].startswith("AMD EPYC 9454P") and got.summary["kernel"].startswith("Linux 7.1.0-svsm+ ")
    assert got.summary["BIOS"] == "ACME 2.3 07/01/2026"
    assert got.summary["command line"] == "kvm_amd.sev_snp=1 iommu=nopt"
    assert got.summary["SNP firmware"] == "API 1.55 build:21"
    assert "kvm_amd.sev_snp=Y" in got.summary["modules"]
    assert got.summary["devices"] == "/dev/sev: readable and writable, /dev/kvm: readable and writable"
    assert f"-object igvm-cfg,id=igvm0,file={image} -smp 4" in got.summary["QEMU command"]
    assert got.summary["QEMU"] == "QEMU emulator version 11.0.50 (svsm), igvm-cfg: yes, device-plane: yes"
    assert got.summary["IGVM file"] == f"sha256 {hashlib.sha256(image.read_bytes()).hexdigest()}"
    assert got.summary["SVSM log"] == "svsm.log, 2 lines" and got.summary["guest log"] == "guest.log, 1 lines"
    assert got.summary["notes"] == "svsm 1a2b;1 in 20"
    assert "it went wrong" in got.files["svsm.log"] and "RMP table physical range" in got.files["dmesg-host.txt"]
    assert "not found" not in got.out and "booted.igvm" not in got.files


def test_what_is_not_there_is_said(broken):
    """No rights, no process, no log: each line says how to give it, and the archive is made."""
    broken.host.log(None)
    got = broken.collect("--qemu", "nowhere")
    assert got.code == 0
    lacks = {name: line for name, line in got.summary.items() if line.startswith("not found: ")}
    assert set(lacks) == {"host dmesg", "SNP firmware", "QEMU command", "QEMU", "IGVM file", "SVSM log", "guest log", "notes"}
    assert "run this as root" in lacks["host dmesg"] and "--pid" in lacks["QEMU command"] and "--svsm-log" in lacks["SVSM log"]


def test_two_processes(broken):
    for pid in (PID, PID + 1):
        broken.process("qemu-system-x86_64", "-name", f"number{pid}", pid=pid)
    assert f"several run ({PID} {PID + 1})" in broken.collect().summary["QEMU command"]
    assert f"number{PID + 1}" in broken.collect("--pid", PID + 1).summary["QEMU command"]


@BOTH
def test_secrets_stay(broken, tmp_path):
    secret = "hush"
    broken.process("qemu-system-x86_64", "-object", f"secret,id=s0,data={secret}", "-spice", f"port=1,password={secret}", "-fw_cfg",
                   f"name=opt/x,string={secret}", "-smbios", f"type=11,value=io.systemd.credential:a={secret}", "-append",
                   f"root=/dev/vda db_password={secret} quiet", "-object", '{"qom-type":"secret","data":"%s"}' % secret, "-drive",
                   "file=/home/hushuser/disk.img", "-netdev", "user,id=n,hostfwd=tcp:192.168.77.1:22-:22", "-device", "e1000,mac=52:54:00:12:34:56")
    broken.host.log(f"[    0.0] Kernel command line: iommu=nopt luks.passphrase={secret}\n[    1.0] SEV-SNP: token={secret}\n"
                    f"[    2.0] audit: user {secret}\n")
    (tmp_path / "console").write_text(f"[    0.0] Kernel command line: api_token={secret} quiet\nPassword={secret}\nstill here\n")
    got = broken.collect("--guest-log", tmp_path / "console")
    assert got.code == 0 and secret not in got.everything(), [line for line in got.everything().splitlines() if secret in line]
    for told in ("192.168.77.1", "52:54:00"):
        assert told not in got.everything()
    assert "root=/dev/vda db_password=(left out) quiet" in got.summary["QEMU command"] and "still here" in got.files["guest.log"]


def test_run_folder(broken, tmp_path):
    folder = tmp_path / "run"
    put(folder, "svsm.log", "[0] svsm\n")
    put(folder, "run.json", "{}\n")
    got = broken.collect("--run", folder)
    assert got.files["run-svsm.log"] == "[0] svsm\n" and got.summary["SVSM log"] == "run-svsm.log, 1 lines"


@pytest.mark.parametrize("words, code", [(["--frobnicate"], 2), (["--pid"], 2), (["--svsm-log", "/nowhere"], 3)])
def test_usage(broken, words, code):
    done = subprocess.run([broken.path / broken.shell, SCRIPT, *words], capture_output=True, text=True, timeout=60, cwd=broken.home)
    assert done.returncode == code and done.stderr and not list(broken.home.glob("*.tar.gz"))


def test_without_tar(broken):
    (broken.path / "tar").unlink()
    got = broken.collect()
    assert got.code == 3 and "tar" in got.err


def test_the_command(tmp_path):
    """The program has the script in it, and the script asks the program."""
    printed = subprocess.run([KEELSON, "repro", "collect", "--print"], capture_output=True, check=True, timeout=60).stdout
    assert printed == SCRIPT.read_bytes()
    image = tmp_path / "x.igvm"
    assert igvm("build", "--svsm", BUILD / "svsm.elf", "--bare", BUILD / "guests/bare/hang.bin", "-o", image)[0] == 0
    env = {"PATH": "/usr/bin:/bin", "KEELSON_HOST_ROOT": str(Host(tmp_path / "made", "snp").root)}
    done = subprocess.run([KEELSON, "repro", "collect", "--igvm", image, "-o", tmp_path / "r"], env=env, capture_output=True, text=True, timeout=60)
    got = Collected(tmp_path, done)
    assert got.code == 0 and "VP context" in got.files["igvm.txt"] and str(tmp_path) not in got.files["igvm.txt"]
    assert f"launch digest: {igvm('measure', image)[1]}" in got.files["igvm.txt"]


@pytest.mark.parametrize("words", [["repro"], ["repro", "frobnicate"]])
def test_repro_usage(words):
    done = subprocess.run([KEELSON, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "repro collect" in done.stderr
