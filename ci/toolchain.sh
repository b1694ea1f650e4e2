#!/bin/sh
# SPDX-License-Identifier: MIT
# Note the versions of the tools; touch the file only when they change.
set -eu
mkdir -p "$(dirname "$1")"
{
	for tool in "$CC" "$LD" "$OBJCOPY" "$HOSTCC" "$PYTHON" "$QEMU"; do
		printf '%s: %s\n' "$tool" "$($tool --version 2>/dev/null | head -n 1 || echo missing)"
	done
} >"$1.new"
cmp -s "$1.new" "$1" 2>/dev/null && rm "$1.new" || mv "$1.new" "$1"
