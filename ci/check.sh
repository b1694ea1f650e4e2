#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the given targets of make, whatever the others did, and close with the total of all tests. A step that fails
# without a failed test, perhaps since it did not compile, counts as one failure.
#
# A host that does something else for seconds fails a test of thousands now and then. So where few tests of integration
# failed, no more than UNSTEADY (3; 0: never), these run once more, without the others. A test that passes then is
# unsteady: the last line counts it, and neither as passed nor as failed. Nightly says UNSTEADY=0.
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

# Its words are in check.step then.
run() {
	echo "== $1"
	# Unit tests are mostly compiled. Those of integration call make themselves, with flags of their own.
	case $1 in unit) jobs=${CHECK_JOBS-} ;; *) jobs= ;; esac
	{ "${MAKE:-make}" --no-print-directory ${jobs:+"$jobs"} "$1" 2>&1; echo $? >"$build/check.rc"; } | tee "$build/check.step"
	cat "$build/check.step" >>"$log"
	rc=$(cat "$build/check.rc")
}

# Takes those that pass now from the failed ones, `lost`. Other tests than these prove nothing.
again() {
	run "$1-again"
	pass=$(count "$build/check.step" passed)
	if [ "$((pass + $(count "$build/check.step" 'failed|[0-9]+ error')))" -eq "$lost" ]; then
		lost=$((lost - pass)) unsteady=$((unsteady + pass))
	else
		rc=1
	fi
}

# A session that was cut short, which pytest says in a line of "!", has tests that never ran.
may_repeat() {
	[ "$1" = integration ] && [ "$lost" -gt 0 ] && [ "$lost" -le "${UNSTEADY:-3}" ] &&
		! grep -qE '^(!!!|INTERNALERROR)' "$build/check.step"
}

passed=0 failed=0 skipped=0 unsteady=0
for step; do
	run "$step"
	lost=$(count "$build/check.step" 'failed|[0-9]+ error')
	passed=$((passed + $(count "$build/check.step" passed)))
	skipped=$((skipped + $(count "$build/check.step" skipped)))
	if [ "$rc" -ne 0 ] && may_repeat "$step"; then again "$step"; fi
	if [ "$rc" -ne 0 ]; then
		bad="$bad $step"
		[ "$lost" -gt 0 ] || lost=1
	fi
	failed=$((failed + lost))
done
rm -f "$build/check.step" "$build/check.rc"
[ -z "$bad" ] || echo "check: failed:$bad (whole log: $log)" | tee -a "$log"
[ ! -x "$build/keelson" ] || "$build/keelson" report --check
[ "$unsteady" -eq 0 ] || unsteady_words=", $unsteady unsteady (failed, and passed without the others: $log)"
echo "$passed passed, $failed failed, $skipped skipped${unsteady_words-}"
[ -z "$bad" ]
