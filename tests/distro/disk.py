# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A copy of an image for one test, and the files of its EFI partition, by mtools."""

import re
import subprocess

REPORT = """
echo "state $(systemctl is-system-running --wait)"
echo "failed $(systemctl list-units --failed --no-legend --plain | wc -l)"
systemctl list-units --failed --no-legend --plain
systemd-analyze
dmesg | grep -E 'SEV|SVSM|VMPL|Memory Encryption'
cryptsetup status root
cryptsetup luksDump /dev/disk/by-partlabel/root
tpm2_pcrread sha256:0,7,10,11,12
echo "ima $(cat /sys/kernel/security/ima/runtime_measurements_count)"
"""

# One more measurement, and what opened the root does not open it now.
AGAIN = """
tpm2_pcrextend 12:sha256=$(printf '%064d' 1)
PATH=$PATH:/usr/lib/systemd
systemd-cryptsetup attach again /dev/disk/by-partlabel/root none tpm2-device=auto,headless=true,readonly
echo "again $?"
"""

SAVE = "/usr/lib/keelson/carry save /efi/keelson/tpm.state || exit\n"


def mtools(tool, image, *words, **kw):
    return subprocess.run([tool, "-i", f"{image}@@1M", *words], check=True, capture_output=True, **kw).stdout


class Disk:
    def __init__(self, image, path):
        subprocess.run(["cp", "--sparse=always", image, path], check=True)
        self.path = path
        self.put("keelson/poweroff", "")

    def put(self, name, text):
        mtools("mcopy", self.path, "-o", "-", f"::{name}", input=text.encode())

    def get(self, name):
        """The file's text; None where there is none."""
        try:
            return mtools("mtype", self.path, f"::{name}").decode(errors="replace")
        except subprocess.CalledProcessError:
            return None

    def remove(self, name):
        subprocess.run(["mdel", "-i", f"{self.path}@@1M", f"::{name}"], capture_output=True, check=False)

    def ask(self, script):
        """What the next boot is to run; nothing is left of the boot before."""
        for name in ("run.out", "run.code", "refused"):
            self.remove(f"keelson/{name}")
        self.put("keelson/run.sh", script)

    def add_words(self, words):
        """To the command line; the file as it was is returned."""
        entry = self.get("loader/entries/debian.conf")
        self.put("loader/entries/debian.conf", re.sub(r"(?m)^(options .*)$", rf"\1 {words}", entry))
        return entry
