#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the given targets of make, whatever the others did, and close with the total of all tests. A step that fails
# without a failed test, perhaps since it did not compile, counts as one failure.
# usage: check.sh TARGET...
set -u
cd "$(dirname "$0")/.." || exit 3
build=${BUILD:-build}
log=$build/check.log
bad=
: >"$log"
: >"$build/check.began" # what is newer are this check's runs: keelson report

# The last words of a step, ours ("N passed, N failed, N skipped") or pytest's ("N failed, N passed in ...").
count() {
	grep -E '[0-9]+ (passed|failed|error)' "$1" | tail -n 1 | grep -oE "[0-9]+ $2" | awk '{n += $1} END {print n + 0}'
}

passed=0 failed=0 skipped=0
for step; do
	echo "== $step"
	# Unit tests are mostly compiled. Those of integration call make themselves, with flags of their own.
	case $step in unit) jobs=${CHECK_JOBS-} ;; *) jobs= ;; esac
	{ "${MAKE:-make}" --no-print-directory ${jobs:+"$jobs"} "$step" 2>&1; echo $? >"$build/check.rc"; } | tee "$build/check.step"
	cat "$build/check.step" >>"$log"
	lost=$(count "$build/check.step" 'failed|[0-9]+ error')
	if [ "$(cat "$build/check.rc")" -ne 0 ]; then
		bad="$bad $step"
		[ "$lost" -gt 0 ] || lost=1
	fi
	passed=$((passed + $(count "$build/check.step" passed)))
	failed=$((failed + lost))
	skipped=$((skipped + $(count "$build/check.step" skipped)))
done
rm -f "$build/check.step" "$build/check.rc"
[ -z "$bad" ] || echo "check: failed:$bad (whole log: $log)" | tee -a "$log"
[ ! -x "$build/keelson" ] || "$build/keelson" report --check
echo "$passed passed, $failed failed, $skipped skipped"
[ -z "$bad" ]
