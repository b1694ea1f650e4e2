# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The deepest call chains of the SVSM against its stacks, from the disassembly of build/svsm.elf.

The compiler's own limit (lint, "stacks") is one function's. Here frames are added up along the calls: those of a
handler that moves to the interrupted stack must fit ROOM (svsm/cpu/trap/exception.c), and those of a CPU's whole life
must leave ROOM and a frame free on its main stack. Calls by pointer go to the operations of platform/snp, or to what
INDIRECT says; where neither knows, since another compiler has drawn functions together otherwise, to whatever INDIRECT
names. A circle of calls is followed once, and a panic inside a panic not at all: the guard pages are what a chain meets
that is longer still. -v prints each chain.
"""

import os
import re
import subprocess
import sys

FRAME = 22 * 8 + 16  # struct frame, its alignment, and the handler's return address
MAIN = 7 * 4096      # svsm/cpu/desc.c, MAIN_ORDER, without the guard page
ENDS = {"panic", "panic_frame", "__stack_chk_fail"}

# Who calls by pointer something else than an operation of the platform, and whom.
INDIRECT = {
    r"serve(_stopped)?|svsm_request|handle": r"handle|core_handle|vtpm_handle|test_handle",
    r"svsm_protocol_find": r"present|vtpm_present",
    r"turn|lend|sched_run|sched_idle": r"step",
    r"stopped|syscall_serve|system_call|process_run": r"(sys|call)_\w+",
    r"find_rate|timer_init_cpu": r"khz_\w+",
    r"for_each_entry|core_\w+": r"(pvalidate|deposit)_one|validate|rescind",
    r"for_range|small_pages|platform_\w+_range": r"(accept|rights)_block",
    r"drain|log_(drain\w*|va|write)|finish": r"snp_console_write",
    r"service_blob_replace": r"user_copy_in|memcpy",
    r"take_range": r"platform_\w+_range",
    r"vmsa_registry_with_startup_caa": r"write_it|look_at_caa",
    r"call_report": r"attest_early_report",
    r"selftest_run": r"selftest_\w+",
    r"switch_stack|kernel_main": r"kernel_run",
}


def functions(elf):
    """name -> its own bytes of stack, calls, jumps, whether it calls by pointer, and whether it reads `platform`."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True, check=True).stdout
    found, f = {}, None
    for line in text.splitlines():
        if m := re.match(r"[0-9a-f]+ <([^>]+)>:", line):
            f = found.setdefault(m[1], {"push": 0, "sub": 0, "calls": set(), "pointer": False, "platform": False})
            f["name"] = m[1]
        elif f and "\t" in line:
            instruction(f, line.split("\t")[1].strip())
    return found


def taken(operation, value):
    """Bytes that the instruction takes from the stack. Of 128 an assembler makes the shorter one with -128."""
    signed = value - (1 << 64) if value >> 63 else value
    return signed if operation == "sub" else -signed


def instruction(f, text):
    f["platform"] |= "<platform>" in text or "vcpu_ops" in text
    if text.startswith("push"):
        f["push"] += 8
    elif m := re.match(r"(sub|add) +\$0x([0-9a-f]+),%rsp", text):
        f["sub"] = max(f["sub"], taken(m[1], int(m[2], 16)))
    elif re.match(r"(call|jmp) +[0-9a-f]+ <__x86_indirect_thunk_", text):  # a retpoline
        f["pointer"] = True
    elif m := re.match(r"(call|jmp) +[0-9a-f]+ <([^>+]+)>", text):
        if m[2] != f["name"]:
            f["calls"].add((m[2], 8 if m[1] == "call" else 0))
    elif re.match(r"(call|jmp) +\*", text) and "(," not in text:  # "(,": a switch's table
        f["pointer"] = True


def plain(name):
    """A function's name in the source: without what the compiler has made of it."""
    return re.sub(r"\.(isra|part|constprop|cold)\b.*", "", name)


class Chains:
    def __init__(self, found):
        self.found, self.done, self.circles = found, {}, set()
        self.named = [n for n in found if any(re.fullmatch(callee, plain(n)) for callee in INDIRECT.values())]
        tables = "".join(open(f"svsm/platform/snp/{name}.c", encoding="ascii").read() for name in ("ops", "vcpu"))
        ops = set(re.findall(r"^\t\.\w+ = &?(\w+),$", tables, re.M))
        self.ops = [n for n in found if plain(n) in ops]

    def targets(self, f):
        if not f["pointer"]:
            return f["calls"]
        known = [n for caller, callee in INDIRECT.items() if re.fullmatch(caller, plain(f["name"]))
                 for n in self.found if re.fullmatch(callee, plain(n))]
        if not known and not f["platform"]:
            known = self.named
        return f["calls"] | {(n, 8) for n in known + (self.ops if f["platform"] else [])}

    def deepest(self, name, above=()):
        """Bytes below the call of `name`, and the way there."""
        if name in above:
            self.circles.add(" > ".join((*above[above.index(name):], name)))
            return 0, ()
        if name not in self.found:
            return 0, ()
        if name not in self.done:
            f = self.found[name]
            best = (0, ())
            for callee, back in sorted(self.targets(f)):
                if name in ENDS and plain(callee) in ENDS:
                    continue
                if ENDS & set(above) and plain(callee) in ENDS:
                    continue
                below, way = self.deepest(callee, (*above, name))
                best = max(best, (below + back, way))
            self.done[name] = (best[0] + f["push"] + f["sub"], (plain(name), *best[1]))
        return self.done[name]


def main():
    elf = os.path.join(os.environ.get("BUILD", "build"), "svsm.elf")
    if not os.path.exists(elf):
        print(f"there is no {elf}: make all")
        return 77
    with open("svsm/cpu/trap/exception.c", encoding="ascii") as source:
        room = int(re.search(r"^#define ROOM (\d+)", source.read(), re.M)[1])
    chains, bad = Chains(functions(elf)), False
    if not chains.found["turn"]["pointer"]:
        print("  turn() in svsm/task/sched.c calls by pointer, and ci/stacks.py does not see it")
        bad = True
    for root, limit in (("exception_dispatch", room), *((r, MAIN - room - FRAME) for r in ("kernel_run", "ap_main"))):
        size, way = chains.deepest(root)
        if "-v" in sys.argv:
            print(f"  {root}: {size} of {limit} bytes: {' > '.join(way)}")
        if size > limit:
            print(f"  {root} needs {size} bytes of stack, and has {limit}: {' > '.join(way)}")
            bad = True
    if "-v" in sys.argv:
        print("\n".join(f"  circle: {c}" for c in sorted(chains.circles)))
    return bad


sys.exit(main())
