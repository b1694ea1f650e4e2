# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Checks that the tree's includes keep to the layers of ci/layers.txt.

usage: layers.py      (from the tree's root; it looks at what git tracks)

Each finding is one line: file:line, what is wrong, what to do. docs/writing-tests.md tells more.
"""
import posixpath
import re
import subprocess
import sys

TABLE = "ci/layers.txt"
CHECKED = ("svsm/", "launch/", "harness/", "guests/", "tests/")
KERNEL_STYLE = "guests/module/"  # the kernel's build includes in the kernel's way
GENERATED = {"seeds.h"}
ROOTS = ("svsm/include/", "svsm/", "guests/")  # -I folders; below launch/ only machine/ is named without it
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
FILES_MOST = 25
FEW_FILES = ("svsm/", "launch/machine/")


def canonical(path):
    """A file's name as an #include writes it."""
    if path.startswith("launch/machine/"):
        return path[len("launch/"):]
    for root in ROOTS:
        if path.startswith(root):
            return path[len(root):]
    return path


def below(folder, top):
    return folder == top or folder.startswith(top + "/")


class Table:
    """ci/layers.txt: layers[folder] = (line number, folders it may include from), images likewise."""

    def __init__(self, lines):
        self.layers, self.images = {}, {}
        for number, line in enumerate(lines, 1):
            line = line.split("#", 1)[0].strip()
            if line:
                name, _, words = line.partition(":")
                where = self.images if name.startswith("image ") else self.layers
                where[name.removeprefix("image ").strip()] = (number, words.split())

    def expand(self, words):
        """The layers that some words name: "X/" is every one from X on down."""
        found = set()
        for word in words:
            found |= {f for f in self.layers if below(f, word[:-1])} if word.endswith("/") else {word}
        return found

    def layer(self, name):
        """The layer of a file, given by its canonical name; None when no line covers it."""
        folder = posixpath.dirname(name)
        return max((f for f in self.layers if below(folder, f)), key=len, default=None)

    def allowed(self, layer):
        return self.expand(self.layers[layer][1]) | {layer}

    def findings(self):
        graph = {f: sorted(self.allowed(f) - {f}) for f in self.layers}
        for folder, (number, words) in self.layers.items():
            for other in sorted(self.expand(words) - set(self.layers)):
                yield f"{TABLE}:{number}: {folder} names {other}, which has no line: add one or mend the name"
            for other in graph[folder]:
                if below(folder, "machine") and not below(other, "machine") and other.split("/")[0] not in ("abi", "base", "lib"):
                    yield f"{TABLE}:{number}: {folder} may not have {other}: the machine takes abi, base, lib and itself"
                if below(other, "machine") and not below(folder, "machine") and not below(folder, "tests"):
                    yield f"{TABLE}:{number}: {folder} may not have {other}: the machine is for itself and its tests"
        for circle in circles(graph):
            number = self.layers[circle[0]][0]
            yield f"{TABLE}:{number}: folders in a circle: {' -> '.join(circle)}: take one of these out"


def circles(graph):
    """One shortest circle (a list that ends as it begins) of each knot of the graph."""
    left = dict(graph)
    for start in sorted(graph):
        nodes = knot(left, start) if start in left else []
        if nodes:
            yield min((shortest(left, n) for n in nodes), key=len)
        for node in nodes:
            del left[node]


def reach(graph, start):
    """Every node that can be reached from start, and the one before it on a shortest way."""
    before, queue = {}, [start]
    for node in queue:
        for other in graph.get(node, ()):
            if other in graph and other not in before:
                before[other] = node
                queue.append(other)
    return before


def shortest(graph, start):
    before, way = reach(graph, start), [start]
    while len(way) == 1 or way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def knot(graph, start):
    """The nodes that lie on a circle with start."""
    return sorted(n for n in reach(graph, start) if start in reach(graph, n))


class Tree:
    """The sources, by their paths and by their names in an #include."""

    def __init__(self, table, files):
        self.table, self.files = table, files
        self.sources = [f for f in files if f.startswith(CHECKED) and f.endswith((".c", ".h", ".S"))]
        self.names = {canonical(f): f for f in self.sources}
        self.modules, self.where = {}, {}  # the includes between modules, and where each one stands

    def findings(self):
        for path in self.sources:
            other = self.names[canonical(path)]
            if other != path:
                yield f"{path}:1: an #include cannot tell it from {other}: rename one"
        for path in self.sources:
            if path.startswith(KERNEL_STYLE):
                continue
            layer = self.table.layer(canonical(path))
            if layer is None:
                yield f"{path}:1: {posixpath.dirname(path)} is in no line of {TABLE}: add one, at its place in the order"
            else:
                yield from self.source(path, layer)
        for circle in circles(self.modules):
            yield f"{self.where[circle[0], circle[1]]}: modules in a circle: {' -> '.join(circle)}: take one of these includes out"
        yield from self.crowded()
        for image, (number, words) in self.table.images.items():
            yield from self.ambiguous(image, number, self.table.expand(words))

    def source(self, path, layer):
        module = posixpath.splitext(canonical(path))[0]
        self.modules.setdefault(module, [])
        with open(path, encoding="utf-8") as f:
            lines = f.readlines()
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found or found[2] in GENERATED:
                continue
            here, other = f"{path}:{number}", posixpath.splitext(found[2])[0]
            wrong = self.include(found[1], found[2], layer)
            if wrong:
                yield f"{here}: {wrong}"
            elif found[1] == '"' and other != module:
                self.modules[module].append(other)
                self.where.setdefault((module, other), here)

    def include(self, quote, name, layer):
        """What is wrong with one #include, or None."""
        if quote == "<":
            return f'<{name}> is ours: write "{name}"' if name in self.names else None
        if name not in self.names:
            same = [n for n in self.names if n.endswith("/" + posixpath.basename(name))]
            best = [n for n in same if self.names[n] == name or n.endswith("/" + name)] or same
            advice = " or ".join(f'"{n}"' for n in sorted(best)) or "a file that git tracks"
            return f'"{name}" is no file\'s full name: write {advice}'
        to = self.table.layer(name)
        if to is None:
            return f'"{name}" lies in no folder of {TABLE}: add a line for it'
        if to not in self.table.allowed(layer):
            return f"{layer} may not include from {to} ({TABLE}:{self.table.layers[layer][0]}): " \
                "move what is needed down, or hand it over from above"
        return None

    def crowded(self):
        count = {}
        for path in self.files:
            if path.startswith(FEW_FILES):
                folder = posixpath.dirname(path)
                count[folder] = count.get(folder, 0) + 1
        for folder, n in sorted(count.items()):
            if n > FILES_MOST:
                yield f"{folder}:1: {n} files, more than {FILES_MOST}: split the folder by what its files are about"

    def ambiguous(self, image, number, layers):
        """Files of one name in one image; an ABI's header has its implementer's name."""
        first = {}
        for path in self.sources:
            name = canonical(path)
            base = posixpath.basename(name)
            if below(name, "abi") or self.table.layer(name) not in layers:
                continue
            if base in first:
                yield f"{path}:1: {base} is {first[base]} too, in one image ({image}, {TABLE}:{number}): rename one"
            else:
                first[base] = path


def listed():
    found = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=True).stdout.decode()
    return sorted({f for f in found.split("\0") if f and posixpath.exists(f)})  # one in a merge conflict comes thrice


def main():
    with open(TABLE, encoding="utf-8") as f:
        table = Table(f)
    found = [*table.findings()]
    found = found or [*Tree(table, listed()).findings()]
    for line in found:
        print(f"  {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
