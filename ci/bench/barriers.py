# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""What is done against speculation (svsm/include/base/speculation.h), told as a core call's cost: the SVSM is built once
more without it, in a copy of the tree. Instructions, because the difference is far below what a clock sees here."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tree

NOTHING = """#pragma once
#include "base/types.h"
static inline void speculation_barrier(void)
{
}
static inline uint64_t speculation_index(uint64_t index, uint64_t size)
{
	return index + 0 * size;
}
"""


def copied(here):
    """The tree with what is built, but for the guests, which are the same."""
    root = pathlib.Path(tempfile.mkdtemp(dir=here.temporary), "tree")
    shutil.copytree(here.root, root, symlinks=True, ignore=lambda folder, names:
                    [n for n in names if n == ".git" or pathlib.Path(folder, n) == here.root / "build"])
    shutil.copytree(here.build, root / "build", symlinks=True, ignore=lambda folder, names:
                    ["guests", "runs", "unit"] if pathlib.Path(folder) == here.build else [])
    (root / "build/guests").symlink_to(here.build / "guests")
    return root


def without(here):
    """This tree, and its SVSM without barriers, masks and retpolines; masks of addresses stay."""
    root = copied(here)
    (root / "svsm/include/base/speculation.h").write_text(NOTHING)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-C", str(root), "BUILD=build", "RETPOLINE=", "build/svsm.elf"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: an SVSM without barriers cannot be built\n{done.stdout}")
    return tree.Tree(root, root / "build")


def instructions(where, *more, root=None):
    """Of a core call with two exits. One vCPU, since all CPUs count into the same clock."""
    info = where.info("test", "core/call-roundtrip", "--icount", "0", "--smp", "1", "--service-cpus", "0", *more, root=root)
    return int(info["core_call_two_tsc"].split()[0])


def measure(table, here, base):
    bare = without(here)
    try:
        least = instructions(bare)
    finally:
        bare.close()
    own, ibpb = instructions(here), instructions(here, "--option", "ibpb")
    table.row("call_instructions", own, instructions(base, root=base.with_guest("core.bin", here)) if base else None)
    table.row("call_unguarded", least, None, f"so {own - least} are LFENCE, masks and retpolines")
    table.row("call_ibpb", ibpb, None, f"so {ibpb - own} are IBPB, here an exit, and the return stack")
