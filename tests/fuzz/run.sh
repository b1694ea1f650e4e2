#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the fuzzers over the committed inputs and what they found in earlier runs, and says what they did.
# usage: run.sh DIR          FUZZ_RUNS inputs in all (1,000,000)
#        run.sh corpus DIR   writes what is worth keeping back to tests/fuzz/*.hex
# A finding leaves its input in DIR (finding-*) and, for TPM commands, everything sent since the
# TPM's last reset in DIR/history: both are inputs of DIR/command.
set -eu
here=$(dirname "$0")
seeds=$here/seeds.py
python=${PYTHON:-/usr/bin/python3}
export ASAN_OPTIONS="malloc_context_size=4:${ASAN_OPTIONS:-}"

unpack() {
	"$python" "$seeds" unpack "$here/$1.hex" "$dir/seeds-$1"
	if [ "$1" = command ]; then
		"$python" "$seeds" corpus "$here/seeds.txt" "$dir/seeds-$1"
	fi
	mkdir -p "$dir/found-$1"
}

# Edges only, short inputs: as much as fits into a few hundred kilobytes.
keep() {
	rm -rf "$dir/kept"
	mkdir "$dir/kept"
	"$dir/$1" -merge=1 -use_counters=0 -use_cmp=0 -entropic=0 -detect_leaks=0 -max_len=700 \
		"$dir/kept" "$dir/seeds-$1" "$dir/found-$1" >"$dir/$1.log" 2>&1
	"$python" "$seeds" pack "$dir/kept" >"$here/$1.hex"
}

if [ "$1" = corpus ]; then
	dir=$2
	for target in command page verify answer; do
		unpack $target
		keep $target
	done
	exit 0
fi

dir=$1
total=${FUZZ_RUNS:-1000000}
page=$((total * 4 / 10)) verify=$((total * 2 / 10)) answer=$((total / 10))

fuzz() {
	unpack "$1"
	rm -f "$dir"/finding-*
	start=$(date +%s)
	FUZZ_HISTORY=$dir/history "$dir/$1" -runs="$2" -max_len=4096 -entropic=0 -detect_leaks=0 \
		-timeout=120 -artifact_prefix="$dir/finding-" -print_final_stats=1 \
		"$dir/found-$1" "$dir/seeds-$1" >"$dir/$1.log" 2>&1 || {
		grep -vE '	(NEW|REDUCE|pulse) ' "$dir/$1.log" | tail -n 60
		echo "fuzz: $1: a finding; its log is $dir/$1.log, its input $(ls "$dir"/finding-* 2>/dev/null | head -n 1)"
		exit 1
	}
	seconds=$(($(date +%s) - start))
	awk -v name="$1" -v s="$seconds" '/number_of_executed_units/ {n = $2}
		match($0, /cov: [0-9]+/) {cov = substr($0, RSTART + 5, RLENGTH - 5)}
		END {printf "  %-8s %8d inputs in %4d s (%d a second), %d edges\n", name, n, s, n / (s ? s : 1), cov}' "$dir/$1.log"
}

fuzz command $((total - page - verify - answer))
fuzz page $page
fuzz verify $verify
fuzz answer $answer
echo "fuzz: $total inputs, no finding"
