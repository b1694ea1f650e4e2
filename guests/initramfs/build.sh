#!/bin/sh
# SPDX-License-Identifier: MIT
# Pack the initramfs: the agent as /init, and the modules it may load. The same input gives the same bytes.
# usage: build.sh OUT AGENT KERNEL_DIR [MODULE.ko]
set -eu
out=$1 agent=$2 kernel=$3 ours=${4-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/modules"
cp "$agent" "$root/init"

# Distribution modules the tests need; none of these depends on another module.
for name in virtio_blk; do
	file=$(find -L "$kernel/modules" -name "$name.ko*" 2>/dev/null | head -n 1)
	case $file in
	*.xz) xz -dc "$file" >"$root/modules/$name.ko" ;;
	*.ko) cp "$file" "$root/modules/" ;;
	esac
done
[ -z "$ours" ] || cp "$ours" "$root/modules/keelson.ko"

find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >"$out.new"
mv "$out.new" "$out"
