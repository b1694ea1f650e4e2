#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# The agent's initramfs with the judges' program added: the kernel unpacks one archive after the other.
# usage: overlay.sh OUT INITRAMFS PROGRAM JUDGES
set -eu
out=$1 initramfs=$2 program=$3 judges=$4
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/tests" "$root/referee"
cp "$program" "$root/tests/referee"
cp "$judges" "$root/referee/judges"
find "$root" -exec touch -h -d @0 {} +
cp "$initramfs" "$out.new"
# Archives start at a multiple of four bytes.
truncate -s %512 "$out.new"
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >>"$out.new"
mv "$out.new" "$out"
