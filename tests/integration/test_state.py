# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""A TPM whose state outlives the VM (docs/persistence.md): a guest finds in a second launch what it left
in the first, and nothing that was forged is taken for a state."""

import pytest

from keelson import keelson

SLOT = 0x41000
NV = "0x1500016"


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
