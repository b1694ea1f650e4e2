#!/bin/sh
# SPDX-License-Identifier: MIT
# The gate of `make hardware`: ends with 3, its last line the reason, where this host cannot run SNP guests.
set -u
cd "$(dirname "$0")/../.." || exit 3
keelson=${KEELSON:-${BUILD:-build}/keelson}
[ -x "$keelson" ] || { echo "no $keelson: make all guests"; exit 2; }
said=$("$keelson" doctor --platform snp 2>&1)
rc=$?
echo "$said"
# A doctor that was asked of another platform as well says "no" of one that is not there, and does not count it.
lacking=$(echo "$said" | grep -E '^(no|MISSING) +platform snp ' | tr -s ' ')
[ -z "$lacking" ] || { echo "$lacking"; exit 3; }
[ "$rc" -ne 3 ] || echo "$said" | grep '^MISSING' | head -n 1 | tr -s ' '
exit "$rc"
