#!/bin/sh
# SPDX-License-Identifier: MIT
# Pack an initramfs: the agent as /init, the modules it may load, and a tree of more files. The same
# input gives the same bytes.
# usage: build.sh OUT AGENT KERNEL_DIR MODULE.ko [TREE LIMIT OWN_LIMIT]   (MODULE.ko need not be there; limits in bytes: of
# the whole, and of the agent, our module and the programs in TREE/tests)
set -eu
out=$1 agent=$2 kernel=$3 ours=$4 tree=${5-} limit=${6-} own_limit=${7-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

[ -z "$tree" ] || cp -R -P "$tree/." "$root/"
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/modules"
cp "$agent" "$root/init"
# The distribution's modules that agent and tests load, where they are not built in; each stands after what it
# depends on.
modules='virtio_blk virtio_console pvpanic pvpanic-pci'
# Attestation reports, for bin/tsm-report in the tools image; Linux 6.12's sev-guest seals its messages with gcm.
[ -z "$tree" ] || modules="$modules configfs tsm tsm_report crypto_null gf128mul ghash-generic gcm sev-guest"
for module in $modules; do
	file=$(find -L "$kernel/modules" -name "$module.ko*" 2>/dev/null | head -n 1)
	case $file in
	*.xz) xz -dc "$file" >"$root/modules/$module.ko" ;;
	*.ko) cp "$file" "$root/modules/" ;;
	esac
done
[ ! -e "$ours" ] || cp "$ours" "$root/modules/keelson.ko"

chmod -R u=rwX,go=rX "$root"
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >"$out.new"
size=$(wc -c <"$out.new")
if [ -n "$limit" ] && [ "$size" -gt "$limit" ]; then
	echo "initramfs: $out has $size bytes, more than the $limit that are written down for it" >&2
	exit 1
fi
own=$(cat "$root/init" "$root/modules/keelson.ko" "$root"/tests/* 2>/dev/null | wc -c)
if [ -n "$own_limit" ] && [ "$own" -gt "$own_limit" ]; then
	echo "initramfs: what is ours in $out has $own bytes, more than the $own_limit that are written down for it" >&2
	exit 1
fi
mv "$out.new" "$out"
