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
*)
	echo "judge: no judge $name" >&2
	exit 99
	;;
esac
exec "$@" >"/logs/$name.log" 2>&1 </dev/null
