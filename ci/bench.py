#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Figures of one run on one machine: boot ratio, exits, round trip of a core call, the vTPM, image sizes.

Boots of the same kernel and initramfs, plain and under the SVSM, alternate, so that both see the same
noise; the ratio is that of the medians. BENCH_PAIRS sets the number of pairs (default 5), BENCH_COUNT and
BENCH_KEYS the repetitions of the vTPM's commands (default 300, 20 where RSA keys are generated).
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
KERNEL = os.environ.get("KERNEL", "")
PAIRS = int(os.environ.get("BENCH_PAIRS", "5"))
COUNT = int(os.environ.get("BENCH_COUNT", "300"))
KEYS = int(os.environ.get("BENCH_KEYS", "20"))
READS = 2000


def keelson(*words):
    """One run of the harness; its run.json and its folder."""
    runs = tempfile.mkdtemp(prefix="bench-", dir=BUILD / "runs")
    command = [str(BUILD / "keelson"), *words, "--qemu", QEMU, "--runs", runs]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    folder = pathlib.Path(runs, "latest")
    return json.loads((folder / "run.json").read_text()), folder


def kernel(image):
    """The words that boot KERNEL with an image that make has built for it."""
    return ["--kernel", KERNEL, "--initrd", os.environ[image]] if KERNEL else []


def boot(platform, *more):
    record, folder = keelson("run", "linux", "--platform", platform, *kernel("INITRAMFS"), *more)
    return record["boots"][0]["timeline_ms"]["ready"], record, folder


def boots():
    (BUILD / "runs").mkdir(exist_ok=True)
    times = {"plain": [], "native": []}
    inside = {"plain": [], "native": []}
    record = None
    for pair in range(PAIRS):
        for platform, list_ in times.items():
            ms, last, _ = boot(platform)
            list_.append(ms)
            inside[platform].append(last["boots"][0]["timeline_ms"]["phase_user_space"])
            record = last if platform == "native" else record
            print(f"  pair {pair + 1}: {platform} {ms} ms", file=sys.stderr, flush=True)
    plain, native = (statistics.median(times[p]) for p in ("plain", "native"))
    print(f"boot, plain QEMU         {plain:.0f} ms   (median of {PAIRS}, QEMU's start to user space, "
          f"{min(times['plain'])}..{max(times['plain'])})")
    print(f"boot, under the SVSM     {native:.0f} ms   ({min(times['native'])}..{max(times['native'])})")
    print(f"ratio                    {native / plain:.2f}")
    late, early = (statistics.median(inside[p]) for p in ("native", "plain"))
    print(f"ratio up to user space   {(native - late) / (plain - early):.2f}   (then the agent loads the TPM's driver and "
          f"the TPM starts for the first time: {late:.0f} ms, where plain QEMU has none: {early:.0f} ms)")
    return record


def stats(folder):
    """The monitor's counts of a run with `--option stats`, and the exits by reason among them."""
    log = (folder / "monitor.log").read_text(errors="replace")
    counts = {k: int(v) for k, v in re.findall(r"stats: (\S+) (\d+)", log)}
    return counts, {k[5:]: v for k, v in counts.items() if k.startswith("exit.")}


def exits():
    _, _, folder = boot("native", "--option", "stats")
    counts, reasons = stats(folder)
    print(f"exits in one boot        {sum(reasons.values())}")
    for name, count in sorted(reasons.items(), key=lambda x: -x[1]):
        print(f"  {name:<22} {count}")
    calls = counts.get("hv.vmpl2.run_vmpl", 0)
    print(f"SVSM calls in one boot   {calls}")


def round_trip():
    record, _ = keelson("test", "core/call-roundtrip")
    info = record["boots"][0]["info"]
    khz = int(info["tsc_khz"])
    for way, key in ("GHCB", "core_call_ghcb_tsc"), ("MSR protocol", "core_call_tsc"):
        print(f"core call round trip     {int(info[key]) * 1000 / khz:.1f} us   (by {way})")


def machine():
    record, _ = keelson("test", "machine/cost-*")
    info = record["boots"][0]["info"]
    khz = int(info["tsc_khz"])
    for what, key in (("one exit", "exit_tsc"), ("PVALIDATE of 2M", "pvalidate_2m_tsc"),
                      ("RMPADJUST of 2M", "rmpadjust_2m_tsc")):
        print(f"{what:<24} {int(info[key]) * 1000 / khz:.1f} us")


def user_mode():
    _, folder = keelson("test", "selftest/user_cost")
    detail = (folder / "results.jsonl").read_text()
    khz = int(re.search(r"(\d+) kHz", detail).group(1))
    for what, key in ("system call of ring 3", "user_call_tsc"), ("loading a process", "user_switch_tsc"):
        ticks = int(re.search(key + r"=(\d+)", detail).group(1))
        print(f"{what:<24} {ticks * 1000 / khz:.2f} us   ({ticks} ticks)")


def exits_of_reads(reads):
    _, folder = keelson("test", "vtpm-bench/reads", *kernel("BENCH"), "--append", f"bench.reads={reads}", "--option", "stats")
    return sum(stats(folder)[1].values())


def vtpm_rows(words):
    """A run of guests/bench: its rows, and how long the guest was held at most."""
    record, _ = keelson("test", "vtpm-bench/bench", *kernel("BENCH"), "--append", words)
    info = record["boots"][0]["info"]
    rows = {k[5:]: [float(x) for x in v.split()] for k, v in info.items() if k.startswith("vtpm_") and " " in v}
    return rows, int(info["vtpm_held_ns"])


def cold_ratio(row):
    """By p50, to a library that has two exits before each command, as the service has at least."""
    return f"{row[1] / row[4]:8.2f}" if row[0] > 1 else "       -"


def vtpm():
    """guests/bench: the vTPM and the same library inside a program of the guest, command by command."""
    rows, held = vtpm_rows(f"bench.count={COUNT} bench.keys={KEYS}")
    cold, _ = vtpm_rows(f"bench.count={COUNT} bench.keys=1 bench.cold=1")
    print("vTPM, us                  count        p50        p99       mean   library p50        p99       mean"
          "   p50 ratio  mean ratio   cold library")
    for name, (count, p50, p99, mean, lib50, lib99, lib_mean, _) in rows.items():
        print(f"  {name:<22} {count:6.0f} {p50:10.1f} {p99:10.1f} {mean:10.1f}    {lib50:10.1f} {lib99:10.1f} "
              f"{lib_mean:10.1f}    {p50 / lib50:8.2f}    {mean / lib_mean:8.2f}       {cold_ratio(cold[name])}")
    once, twice = exits_of_reads(READS), exits_of_reads(2 * READS)
    print(f"overhead of a PCR read   {rows['pcr_read'][1] - rows['pcr_read'][4]:.0f} us, "
          f"{(twice - once) / READS:.1f} exits")
    print(f"longest in one call      {held / 1e6:.1f} ms   (of the guest's time, all of the above)")


def sizes(record):
    out = subprocess.run(["size", str(BUILD / "svsm.elf")], stdout=subprocess.PIPE, text=True, check=True)
    text, data, bss = (int(x) for x in out.stdout.splitlines()[1].split()[:3])
    print(f"SVSM image               {(text + data) / 1024:.0f} KiB   (text {text}, data {data}, bss {bss})")
    print(f"whole IGVM               {record['files']['igvm']['size'] / 1024:.0f} KiB")
    print(f"monitor                  {(BUILD / 'monitor.elf.mb').stat().st_size / 1024:.0f} KiB with symbols")


def main():
    record = boots()
    exits()
    round_trip()
    machine()
    user_mode()
    vtpm()
    sizes(record)


if __name__ == "__main__":
    main()
