#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# In the guest, inside the image: run one judge as its own authors' Makefile would, log to /logs.
# Exit status: the judge's own. usage: judge NAME
name=$1
export PATH=/usr/sbin:/usr/bin HOME=/root LANG=C TMPDIR=/tmp
case $name in
kernel-*)
	cd /judges/tpm2 || exit 99
	set -- "./test_${name#kernel-}.sh"
	;;
tools-*)
	# Makefile.am: AM_TESTS_ENVIRONMENT. No simulator, no resource manager daemon: the kernel's.
	top=/judges/tpm2-tools
	cd $top || exit 99
	export PATH=$top/test/integration:$PATH PYTHON=python3
	export abs_builddir=$top abs_srcdir=$top srcdir=$top
	export TPM2_TOOLS_TEST_FIXTURES=$top/test/integration/fixtures
	export TPM2_SIM='' TPM2_ABRMD=''
	# After this one only a power cycle brings the hierarchies back: it has a machine of its own.
	export TPM2TOOLS_TEST_PERSISTENT=true
	export TPM2TOOLS_TEST_TCTI=${TCTI:-device:/dev/tpmrm0}
	set -- bash -- "test/integration/tests/${name#tools-}.sh"
	;;
timers-*)
	cd /judges/timers || exit 99
	set -- "./${name#timers-}"
	# Only where a program has an argument for it: shorter than it would run by itself.
	case $name in
	timers-inconsistency-check) set -- "$@" -t 3 ;;
	timers-clocksource-switch) set -- "$@" -s -t 3 ;;
	timers-leap-a-day) set -- "$@" -i 1 ;;
	esac
	;;
rt-*)
	program=${name#rt-}
	cd /tmp || exit 99
	case $program in
	cyclictest) set -- -q -m -S -p 80 -i 2000 -l 2000 ;;
	hackbench) set -- -g 4 -l 40 ;;
	sigwaittest | signaltest) set -- -q -p 80 -l 2000 ;;
	*) set -- -q -S -p 80 -i 1000 -l 2000 ;;
	esac
	# svsematest makes its key of its own file, which a shell would name so.
	set -- env "_=/usr/bin/$program" "$program" "$@"
	;;
stress-*)
	cd /tmp || exit 99
	set -- stress-ng --verify --temp-path /tmp --timeout 5s "--${name#stress-}" 2
	;;
*)
	echo "judge: no judge $name" >&2
	exit 99
	;;
esac
exec "$@" >"/logs/$name.log" 2>&1 </dev/null
