#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every unit test program, whatever the others did, and sums up. Usage: run.sh PROGRAM...
# A program that dies (sanitizer, signal) or has not printed its last line counts as one failure.

passed=0 failed=0 skipped=0
log=$(mktemp) || exit 3
trap 'rm -f "$log"' EXIT

for program; do
	timeout 300 "$program" >"$log" 2>&1
	code=$?
	cat "$log"
	# shellcheck disable=SC2046 # three numbers, or none
	set -- $(sed -n 's/^.*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
	if [ $# -ne 3 ]; then
		echo "${program##*/}: ended with code $code before its verdict"
		set -- 0 1 0
	elif [ "$code" -ne 0 ] && [ "$2" -eq 0 ]; then
		echo "${program##*/}: ended with code $code"
		set -- "$1" 1 "$3"
	fi
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
done
echo "unit: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
