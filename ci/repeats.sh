#!/bin/sh
# SPDX-License-Identifier: MIT
# Is a deterministic run the same run each time (docs/reproduce.md)? Makes each case N times, compares the trails of each
# run with those of the first, and writes one line a case. QEMU=PROGRAM takes another QEMU.
# usage: repeats.sh N CASE...
#   A case is a suite, or SUITE/TEST, or one of
#   boot  a Linux boot      disk  one that reads a disk, writes to it and reads again      ovmf  a boot by EFI
set -u
cd "$(dirname "$0")/.." || exit 3
runs=${1:-}
case $runs in
*[!0-9]* | '' | 0 | 1)
	echo "repeats: N is a number of runs, at least 2, not '$runs'" >&2
	exit 2
	;;
esac
shift
if [ $# -eq 0 ]; then
	echo 'repeats: which cases?' >&2
	exit 2
fi
keelson=${BUILD:-build}/keelson
qemu=${QEMU:-qemu-system-x86_64}
top=${BUILD:-build}/repeats
image=$top/disk.img

make_disk() {
	mkdir -p "$top" && seq 1000000 | head -c 3000320 >"$image" && sum=$(sha256sum <"$image") || exit 3
}

# What the guest does with it, each step a command that fails when its expectation does.
# shellcheck disable=SC2016 # the guest's shell has these variables
load='insmod $(find / -name "virtio_blk.ko*") && for i in $(seq 50); do [ -b /dev/vda ] || sleep 0.1; done'
write='seq 5000 | head -c 20480 >/tmp/x && dd if=/tmp/x of=/dev/vda bs=4096 seek=3 conv=fsync'
again='echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda bs=4096 skip=3 count=5 >/tmp/y && cmp /tmp/x /tmp/y'

# One run of a case into a folder.
once() {
	folder=$1
	case $2 in
	boot) set -- run --exec true ;;
	ovmf) set -- run --firmware --exec true ;;
	disk)
		set -- run --disk "$image" --exec "$load" --exec "echo '$sum' >/tmp/s; sha256sum </dev/vda | cmp - /tmp/s" \
			--exec "$write" --exec "$again"
		;;
	*) set -- test "$2" ;;
	esac
	"$keelson" "$@" --deterministic --qemu "$qemu" --runs "$folder" >"$folder.out" 2>&1
}

# A folder's name for a case: `/`, `*` and `?` are no part of one, and two cases have two names: what stands for them
# is one of their letters, too.
folder_name() {
	echo "$1" | sed 's/_/__/g; s,/,_s,g; s/[*]/_a/g; s/?/_q/g'
}

# Its exits and hash, or what is the matter: equal runs say the same.
repeat() {
	name=$(folder_name "$1")
	equal=0 first='' bad=''
	for n in $(seq "$runs"); do
		folder=$top/$name-$n
		rm -rf "$folder"
		once "$folder" "$1" || bad="$bad run $n: exit $?;"
		first=${first:-$folder}
		if said=$("$keelson" trail "$first/latest" "$folder/latest" 2>&1); then
			equal=$((equal + 1))
		else
			bad="$bad run $n: $(echo "$said" | head -n 1);"
		fi
	done
	sum_up=$(echo "$said" | awk '/equal:/ { exits += $4; boots++; hash = $6 } END { if (boots > 1) printf "%d boots, ", boots; printf "%d exits, %s", exits, hash }')
	if [ -z "$bad" ]; then
		echo "$1: $equal of $runs equal: $sum_up"
	else
		echo "$1: $equal of $runs equal;$bad see $top/$name-*"
		return 1
	fi
}

make_disk
"$qemu" --version | head -n 1
code=0
for c in "$@"; do
	repeat "$c" || code=1
done
exit $code
