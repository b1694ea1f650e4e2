# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# Sourced by image.sh: the judges of interrupts and time. rt-tests and stress-ng are Debian's binaries; the kernel's
# selftests are sources, and each file is compiled as it is, with what its own Makefile gives the compiler.
#
#   time_packages              the packages with binaries
#   time_build TIMERS FOLDER   compile the selftests in TIMERS, leave the programs in FOLDER
#   time_names FOLDER          the judges: a name, a tab and one line each
# shellcheck disable=SC2034 # image.sh fetches them
time_packages='rt-tests stress-ng'

# rt-tests: programs that end by themselves after so many loops, and fail where they cannot do them.
time_rt='cyclictest hackbench pmqtest ptsematest signaltest sigwaittest svsematest'
# stress-ng's stressors of clocks, timers and sleep; --verify makes them look at what they get.
time_stress='alarm clock cyclic hrtimers itimer nanosleep sleep timer timerfd tsc vdso'

# valid-adjtimex defines clock_adjtime() itself, which the static libc does as well.
time_build() {
	mkdir -p "$2"
	for time_source in "$1"/*.c; do
		time_static=-static
		[ "$(basename "$time_source")" != valid-adjtimex.c ] || time_static=
		# shellcheck disable=SC2086 # no word where it is empty
		(cd "$1" && "${HOSTCC:-gcc}" -O3 -Wl,-no-as-needed -w -D_GNU_SOURCE= $time_static \
			-o "$2/$(basename "$time_source" .c)" "$(basename "$time_source")" -lrt -lpthread -lm) || return 1
	done
}

time_names() {
	for time_file in "$1"/*; do
		printf 'timers-%s\tselftests/timers/%s.c of %s\n' "${time_file##*/}" "${time_file##*/}" "${linux:?}"
	done
	for time_name in $time_rt; do
		printf 'rt-%s\t%s of rt-tests\n' "$time_name" "$time_name"
	done
	for time_name in $time_stress; do
		printf 'stress-%s\tstress-ng --%s\n' "$time_name" "$time_name"
	done
}
