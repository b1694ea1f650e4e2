# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A TPM whose state outlives the VM (docs/persistence.md): a guest finds in a second launch what it left
in the first, and nothing that was forged is taken for a state."""

import hmac
import os
import struct
import zlib

import pytest

from keelson import keelson

SLOT = 0x41000
NV = "0x1500016"
PORT = 0x418


@pytest.fixture(autouse=True)
def image(tools):
    """The guest image with tpm2-tools."""
    return tools


def launch(runs, state, name, *words):
    return keelson(runs / name, "run", "--state", state, *words)


def damage(state, slots):
    data = bytearray(state.read_bytes())
    for slot in slots:
        data[slot * SLOT + 100] ^= 1
    state.write_bytes(data)
    return bytes(data)


def test_a_second_launch_finds_what_the_first_left(runs, tmp_path, image):
    state = tmp_path / "tpm"
    one = launch(runs, state, "one", "--initrd", image, "--exec", f"tpm2_nvdefine -Q -s 8 {NV}",
                 "--exec", f"echo -n 12345678 | tpm2_nvwrite -i - {NV}").check(0)
    assert "state: 0 bytes found" in one.text("svsm.log")
    assert "TEST KEY" in one.text("svsm.log")
    assert b"12345678" not in state.read_bytes()
    two = launch(runs, state, "two", "--initrd", image, "--state-required", "--exec", f"tpm2_nvread -s 8 {NV}").check(0)
    assert two.out == "12345678"

    forged = damage(state, (0, 1))
    three = launch(runs, state, "three", "--initrd", image, "--state-required")
    assert three.code == 5
    assert "does not open" in three.text("svsm.log")
    assert three.text("console.log") == "", "a guest has started without the state that it requires"
    assert state.read_bytes() == forged, "what does not open must not be written to"


def tag(key, kind, seq, payload):
    head = struct.pack("<BBHIII", 1, kind, 0, seq, len(payload), 0)
    return hmac.new(key, head + payload, "sha256").digest()[:16]


def frame(kind, seq, payload, key=None):
    """As abi/host/channel.h has it, octet stuffing included."""
    payload += tag(key, kind, seq, payload) if key else b""
    head = struct.pack("<BBHII", 1, kind, 0, seq, len(payload))
    crc = zlib.crc32(head + bytes(4) + payload)
    inside = head + struct.pack("<I", crc) + payload
    stuffed = b"".join(bytes([0x7d, b ^ 0x20]) if b in (0, 0x7d, 0x7e) else bytes([b]) for b in inside)
    return b"\x7e" + stuffed + b"\x7e"


def to_port(data):
    return f"/tests/portout {PORT:#x} {data.hex()}"


def test_a_guest_that_writes_to_the_port_changes_nothing(runs, tmp_path, image):
    """docs/channel.md: what has no tag, or one of another key, is no request; neither is a second HELLO."""
    state = tmp_path / "tpm"
    data = b"FORGED!!" * 2
    writes = [struct.pack("<III", slot, 0x40000, len(data)) + data for slot in (0, 1)]
    key = os.urandom(32)
    hello = struct.pack("<III", 2, 1, 0) + key
    words = [word for n, (write, k) in enumerate((write, k) for write in writes for k in (None, key))
             for word in ("--exec", to_port(frame(3, 0x7fffff00 + n, write, k)))]
    launch(runs, state, "one", "--initrd", image, "--exec", f"tpm2_nvdefine -Q -s 8 {NV}", *words).check(0)
    assert b"FORGED" not in state.read_bytes()
    two = launch(runs, state, "two", "--initrd", image, "--state-required",
                 "--exec", to_port(frame(1, 0x7fffff10, hello, key)), "--exec", to_port(frame(3, 0x7fffff11, writes[0], key)),
                 "--exec", f"echo -n 12345678 | tpm2_nvwrite -i - {NV}", "--exec", f"tpm2_nvread -s 8 {NV}").check(0)
    assert two.out == "12345678"
