# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""`make lint`'s own checks find what they are there for: a copy of some files, one rule broken at a time."""

import os
import shutil
import subprocess
import sys

import pytest

from keelson import ROOT

FMT = "svsm/lib/fmt.c"


@pytest.fixture
def tree(tmp_path):
    """A tree of its own with the real table and the sources that include nothing but each other."""
    for folder in ("svsm/include", "svsm/lib"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("igvm", "vapic"))
    (tmp_path / "ci").mkdir()
    shutil.copy(ROOT / "ci/layers.txt", tmp_path / "ci")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def findings(tree):
    done = subprocess.run([sys.executable, ROOT / "ci/layers.py"], cwd=tree, capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    assert not done.stderr
    assert done.returncode == bool(lines)
    return [line.strip() for line in lines]


def write(tree, name, *includes):
    """A source with these includes and nothing else."""
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("".join(f"#include {i}\n" for i in includes))


def append(tree, name, include):
    """The line number of the new #include."""
    text = (tree / name).read_text() + f"#include {include}\n"
    (tree / name).write_text(text)
    return text.count("\n")


def table(tree, old, new):
    """The line number of the one line of the table that is changed."""
    path = tree / "ci/layers.txt"
    lines = path.read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines) if line.startswith(old)]
    lines[number] = lines[number].replace(old, new, 1)
    path.write_text("\n".join(lines) + "\n")
    return number + 1


def test_a_good_tree_has_no_findings(tree):
    assert findings(tree) == []


@pytest.mark.parametrize("include, says", [
    ('"fmt.h"', 'write "lib/fmt.h"'),
    ('"svsm/lib/fmt.h"', 'write "lib/fmt.h"'),
    ('"../lib/fmt.h"', 'write "lib/fmt.h"'),
    ('"include/abi/svsm.h"', 'write "abi/svsm.h"'),
    ('"lib/nothing.h"', "write a file that git tracks"),
    ("<lib/fmt.h>", 'is ours: write "lib/fmt.h"'),
])
def test_an_include_has_one_form(tree, include, says):
    number = append(tree, FMT, include)
    (found,) = findings(tree)
    assert found.startswith(f"{FMT}:{number}: ") and says in found


def test_a_generated_header_needs_no_folder(tree):
    append(tree, FMT, '"seeds.h"')
    append(tree, FMT, "<string.h>")
    assert findings(tree) == []


def test_a_lower_layer_may_not_look_up(tree):
    write(tree, "svsm/mm/map.h")
    number = append(tree, FMT, '"mm/map.h"')
    (found,) = findings(tree)
    assert found.startswith(f"{FMT}:{number}: lib may not include from mm ")


def test_a_layer_of_its_own_below_another(tree):
    """platform/snp may look at mm, platform itself may not."""
    write(tree, "svsm/mm/map.h")
    write(tree, "svsm/platform/snp/a.c", '"mm/map.h"')
    assert findings(tree) == []
    write(tree, "svsm/platform/choose.c", '"mm/map.h"')
    (found,) = findings(tree)
    assert found.startswith("svsm/platform/choose.c:1: platform may not include from mm ")


def test_two_files_of_one_full_name(tree):
    write(tree, "guests/lib/fmt.h")
    assert findings(tree)[0] == "guests/lib/fmt.h:1: an #include cannot tell it from svsm/lib/fmt.h: rename one"


def test_every_source_has_a_layer(tree):
    write(tree, "svsm/attic/old.c")
    (found,) = findings(tree)
    assert found.startswith("svsm/attic/old.c:1: svsm/attic is in no line ")


def test_the_kernel_module_keeps_the_kernels_style(tree):
    write(tree, "guests/module/new.c", '"svsm.h"')
    assert findings(tree) == []


def test_modules_in_a_circle(tree):
    for one, other in (("one", "two"), ("two", "three"), ("three", "one")):
        write(tree, f"svsm/mm/{one}.h")
        write(tree, f"svsm/mm/{one}.c", f'"mm/{one}.h"', f'"mm/{other}.h"')
    (found,) = findings(tree)
    assert found.startswith("svsm/mm/one.c:2: modules in a circle: mm/one -> mm/two -> mm/three -> mm/one: ")


def test_a_headers_includes_count(tree):
    write(tree, "svsm/lib/insn/one.h", '"lib/insn/two.h"')
    write(tree, "svsm/lib/insn/two.h")
    assert findings(tree) == []
    write(tree, "svsm/lib/insn/two.S", '"lib/insn/one.h"')
    (found,) = findings(tree)
    assert "modules in a circle: lib/insn/one -> lib/insn/two -> lib/insn/one" in found


def test_folders_in_a_circle(tree):
    number = table(tree, "base:", "base: lib")
    (found,) = findings(tree)
    assert found.startswith(f"ci/layers.txt:{number}: folders in a circle: base -> lib -> base: ")


def test_a_folder_of_the_table_has_a_line(tree):
    number = table(tree, "lib:", "lib: lbi")
    (found,) = findings(tree)
    assert found.startswith(f"ci/layers.txt:{number}: lib names lbi, which has no line")


@pytest.mark.parametrize("line, other, says", [
    ("protocols:", "machine/host", "the machine is for itself and its tests"),
    ("harness/core:", "machine/host", "the machine is for itself and its tests"),
    ("machine/host:", "log", "the machine takes abi, base, lib and itself"),
])
def test_nobody_has_the_machine(tree, line, other, says):
    """No line of the table can allow that."""
    number = table(tree, line, f"{line} {other}")
    (found,) = [f for f in findings(tree) if "circle" not in f]
    assert found.startswith(f"ci/layers.txt:{number}: ") and found.endswith(says)


@pytest.mark.parametrize("folder, most", [("svsm/task", 25), ("launch/machine/host", 25), ("harness/core", None)])
def test_a_crowded_folder(tree, folder, most):
    for i in range(25):
        write(tree, f"{folder}/n{i}.c")
    assert findings(tree) == []
    write(tree, f"{folder}/n25.c")
    assert findings(tree) == ([f"{folder}:1: 26 files, more than 25: split the folder by what its files are about"] if most else [])


def test_a_name_means_one_thing_in_an_image(tree):
    write(tree, "svsm/include/abi/host/run.h")  # an ABI may have the name of who implements it
    write(tree, "svsm/task/run.h")
    write(tree, "svsm/task/run.c")
    write(tree, "launch/machine/cpu/run.c")  # another image
    assert findings(tree) == []
    write(tree, "svsm/user/run.c")
    (found,) = findings(tree)
    assert found.startswith("svsm/user/run.c:1: run.c is svsm/task/run.c too, in one image (svsm, ")


@pytest.mark.parametrize("there, version, chosen", [
    (["clang-format"], "Debian clang-format version 14.0.6", "clang-format"),
    (["clang-format"], "Debian clang-format version 19.1.7 (3+b1)", None),
    (["clang-format", "clang-format-14"], "clang-format version 14.0.6 (https://example.org 1a2b3c)", "clang-format-14"),
    ([], "", None),
])
def test_only_the_trees_formatter_judges(tmp_path, there, version, chosen):
    """Another version is a reason to skip, in words, and neither a pass nor a failure."""
    for tool in ("sh", "sed"):
        os.symlink(shutil.which(tool), tmp_path / tool)
    for name in there:
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{version}'\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run([ROOT / "ci/format.sh"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == (0 if chosen else 1)
    assert done.stdout.strip() == (chosen or "the tree is clang-format 14's" + (" and this one is 19" if there else ""))


def lint(tree, **env):
    """The whole of ci/lint.sh in a small tree: its words, a check a line, and its code."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "WERROR"))} | env
    done = subprocess.run([tree / "ci/lint.sh"], env=env, capture_output=True, text=True, timeout=120)
    checks = {line.split()[0]: line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("  ") and len(line.split()) > 1}
    return done, checks


@pytest.fixture
def linted(tree):
    for file in ("lint.sh", "format.sh", "layers.py", "stacks.py", "specification.py", "cppcheck.txt"):
        shutil.copy(ROOT / "ci" / file, tree / "ci")
    (tree / "a.h").write_text("/* SPDX-License-Identifier: MIT */\nstatic inline int less(unsigned a, int b) { return a < b; }\n")
    return tree


def test_a_warning_of_a_header_fails_in_ci_only(linted):
    assert lint(linted)[1]["headers"] == "ok"
    assert lint(linted, WERROR="1")[1]["headers"] == "FAILED"
    (linted / "a.h").write_text("struct a { none_such x; };\n")
    assert lint(linted)[1]["headers"] == "FAILED"


def test_without_a_list_of_files_nothing_passes(linted):
    shutil.rmtree(linted / ".git")
    done, checks = lint(linted, GIT_CEILING_DIRECTORIES=str(linted.parent))
    assert done.returncode == 3 and not checks and "git" in done.stderr
