#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
# Gathers what a report of a problem on SEV-SNP or TDX hardware needs, into one archive and one text to paste. It runs
# anywhere by itself, asks nothing, changes nothing and sends nothing. Run it on the host, as root where you can, while the
# machine runs or after it ended.
set -u
umask 077
LC_ALL=C
export LC_ALL
root=${KEELSON_HOST_ROOT-}
limit=4194304 # bytes of each log; the end of it is kept

usage() {
	cat <<'TEXT'
usage: collect.sh [--pid PID] [--qemu PROGRAM] [--igvm FILE] [--svsm-log FILE] [--guest-log FILE] [--log FILE]
                  [--run FOLDER] [--note TEXT] [--with-igvm] [-o NAME]

  --pid PID          a QEMU that runs (default: the only one there is)
  --qemu PROGRAM     the QEMU that ran (default: that of the process, else qemu-system-x86_64)
  --igvm FILE        what it booted (default: the one of its command line); only its digest is taken, unless --with-igvm
  --svsm-log FILE    what the SVSM wrote, or COM1 with both
  --guest-log FILE   the guest's dmesg or console
  --log FILE         another log, QEMU's for example; any number of them
  --run FOLDER       a run folder of keelson: its logs and run.json
  --note TEXT        commits of SVSM, firmware, kernel and QEMU; how often it happens; any number of them
  -o NAME            NAME.tar.gz and NAME.txt (default: keelson-report-TIME)

Taken: processor, BIOS version, kernel version and those words of its command line that concern SEV, TDX, IOMMU and KVM,
lines of its log about them, parameters of kvm and ccp, rights of /dev/sev and /dev/kvm, QEMU's version, features and command
line, digest and headers of the IGVM file, the end of the logs that are named. Left out: serial numbers, the rest of the log
and of the kernel's command line, and in all of it IP and MAC addresses, names below /home, and values that are called
password, passphrase, secret, token, credential, key, data, string or value.
TEXT
}

die() {
	echo "collect: $2" >&2
	exit "$1"
}
has() { command -v "$1" >/dev/null 2>&1; }
put() { cat >"$dir/$1"; } # stdin into a file of the report

# Takes out of a text what nobody else should read. A value ends at a blank, a comma or a quote.
clean() {
	sed -E \
		-e 's/([Pp]assword|[Pp]assw?d|[Pp]assphrase|[Ss]ecret|[Tt]oken|[Cc]redential|[Kk]ey|data|string)=[^],[:space:]"'"'"']*/\1=(left out)/g' \
		-e 's/"([Pp]assword|[Pp]assw?d|[Pp]assphrase|[Ss]ecret|[Tt]oken|data|string|value)"[[:space:]]*:[[:space:]]*"[^"]*"/"\1": "(left out)"/g' \
		-e 's/(io\.systemd\.credential[^=[:space:]]*)=[^,[:space:]]*/\1=(left out)/g' \
		-e 's/(value)=[^,[:space:]]*/\1=(left out)/g' \
		-e 's#/home/[^/,[:space:]]+#/home/(user)#g' \
		-e 's/([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}/(address)/g' \
		-e 's/(^|[^0-9.])([0-9]{1,3}\.){3}[0-9]{1,3}([^0-9.]|$)/\1(address)\3/g'
}

first() { # the first line of a file, or nothing
	[ -r "$1" ] && head -n 1 "$1"
}

# One line of the text to paste: what, and what was found or what would help.
say() {
	found=${2% }
	printf '%-14s %s\n' "$1" "${found:-not found: $3}" >>"$dir/summary.txt"
}

# ---- the host ----

cpu() {
	sed -n '/^$/q; p' "$root/proc/cpuinfo" 2>/dev/null | grep -E '^(vendor_id|cpu family|model|stepping|microcode|flags|address)' | put cpu.txt
	model=$(sed -n 's/^model name[[:space:]]*: //p' "$dir/cpu.txt" | head -n 1)
	code=$(sed -n 's/^microcode[[:space:]]*: //p' "$dir/cpu.txt" | head -n 1)
	say CPU "$model${code:+, microcode $code}" "/proc/cpuinfo"
}

bios() {
	for name in sys_vendor product_name board_vendor board_name bios_vendor bios_version bios_date; do
		value=$(first "$root/sys/class/dmi/id/$name")
		[ -z "$value" ] || echo "$name: $value"
	done | put bios.txt
	say BIOS "$(sed -n 's/^bios_[a-z]*: //p' "$dir/bios.txt" | tr '\n' ' ')" "/sys/class/dmi/id"
}

kernel() {
	{
		echo "Linux $(first "$root/proc/sys/kernel/osrelease") $(uname -m)"
		tr ' ' '\n' <"$root/proc/cmdline" 2>/dev/null | grep -E '^(kvm|amd_iommu|intel_iommu|iommu|mem_encrypt|sev|tdx|nohibernate|mitigations|nosmt)' |
			sed 's/^/command line: /'
	} | put kernel.txt
	say kernel "$(first "$dir/kernel.txt")" "uname"
	say "command line" "$(sed -n 's/^command line: //p' "$dir/kernel.txt" | tr '\n' ' ')" "no word about SEV, TDX, IOMMU or KVM in it"
}

host_log() {
	about='SEV|SNP|RMP|AMD-Vi|ccp |psp |kvm|tdx|TDX|IOMMU|[Mm]icrocode'
	log=$(dmesg 2>/dev/null || journalctl -k -b --no-pager -o short-monotonic --no-hostname 2>/dev/null)
	printf '%s\n' "$log" | grep -E "$about" | grep -vi 'command line' | clean | put dmesg-host.txt
	[ -n "$log" ] || how="run this as root"
	say "host dmesg" "$(grep -c . "$dir/dmesg-host.txt" | grep -v '^0$' | sed 's/$/ lines about SEV, TDX, IOMMU, KVM/')" "${how-it says nothing of SEV or TDX}"
	say "SNP firmware" "$(sed -n 's/.*SEV-SNP API:/API /p' "$dir/dmesg-host.txt" | tail -n 1)" "the line 'ccp: SEV-SNP API:' of the kernel's log"
}

modules() {
	for module in kvm kvm_amd kvm_intel ccp; do
		for file in "$root/sys/module/$module/parameters/"*; do
			[ -r "$file" ] && echo "$module.${file##*/}=$(first "$file")"
		done
	done | put modules.txt
	say modules "$(grep -E '^kvm_(amd.(sev|sev_es|sev_snp|ciphertext.*)|intel.tdx)=' "$dir/modules.txt" | tr '\n' ' ')" "kvm_amd or kvm_intel is not loaded"
}

devices() {
	for name in sev kvm; do
		file=$root/dev/$name
		if [ ! -e "$file" ]; then
			echo "/dev/$name: none"
		elif [ -r "$file" ] && [ -w "$file" ]; then
			echo "/dev/$name: readable and writable"
		else
			echo "/dev/$name: not for this user"
		fi
	done | put devices.txt
	say devices "$(tr '\n' ' ' <"$dir/devices.txt" | sed 's# /dev/kvm#, /dev/kvm#')" ""
}

# ---- QEMU ----

words_of() { # of /proc/PID/cmdline, one a line; nothing where the process is gone
	tr '\0' '\n' 2>/dev/null <"$1"
}

find_pid() {
	for file in "$root"/proc/[0-9]*/cmdline; do
		name=$(words_of "$file" | head -n 1)
		case ${name##*/} in
		qemu-system-* | qemu-kvm) n=${file%/cmdline} && echo "${n##*/}" ;;
		esac
	done
}

qemu_process() {
	if [ -z "$pid" ]; then
		pids=$(find_pid | tr '\n' ' ')
		case $pids in
		'') why="none runs: start it again and give --pid PID" ;;
		*' '?*) why="several run (${pids% }): give --pid PID" ;;
		*) pid=${pids% } ;;
		esac
	fi
	words=$work/words
	words_of "$root/proc/${pid:-none}/cmdline" >"$words"
	[ -s "$words" ] || : "${why=process $pid is not there, or not for this user}"
	: "${qemu:=$(readlink "$root/proc/${pid:-none}/exe" 2>/dev/null)}"
	: "${igvm:=$(sed -n -e 's/^igvm-cfg,.*file=\([^,]*\).*/\1/p' -e 's/.*igvm-file=\([^,]*\).*/\1/p' "$words" | head -n 1)}"
	clean <"$words" | tr '\n' ' ' | put qemu-command.txt
	say "QEMU command" "$(tr -d '\n' <"$dir/qemu-command.txt")" "${why-}"
}

qemu_program() {
	: "${qemu:=qemu-system-x86_64}"
	{
		"$qemu" --version | head -n 1
		"$qemu" -object igvm-cfg,help >/dev/null && echo "igvm-cfg: yes" || echo "igvm-cfg: no"
		{ "$qemu" -machine q35,help; "$qemu" -h; } | grep -q 'device-plane=' && echo "device-plane: yes" || echo "device-plane: no"
	} 2>/dev/null </dev/null | put qemu.txt
	grep -q version "$dir/qemu.txt" || : | put qemu.txt
	say QEMU "$(tr '\n' ' ' <"$dir/qemu.txt" | sed 's/ \(igvm\|device\)/, \1/g')" "$qemu does not run: --qemu PROGRAM"
}

# ---- what it booted, and what was written ----

digest() {
	if has sha256sum; then
		sha256sum "$1" | cut -d' ' -f1
	elif has openssl; then
		openssl dgst -sha256 -r "$1" | cut -d' ' -f1
	fi
}

igvm_file() {
	if [ -n "$igvm" ] && [ -r "$igvm" ]; then
		{
			echo "sha256: $(digest "$igvm")"
			echo "bytes: $(wc -c <"$igvm" | tr -d ' ')"
			keelson=${KEELSON-$(command -v keelson 2>/dev/null)}
			if [ -n "$keelson" ]; then
				echo "launch digest: $("$keelson" igvm measure "$igvm" 2>&1)"
				"$keelson" igvm inspect "$igvm" 2>&1 | sed "s#^.*: IGVM version#IGVM version#"
			fi
		} | put igvm.txt
		[ -z "$with_igvm" ] || cp "$igvm" "$dir/booted.igvm" || die 3 "cannot copy $igvm"
	else
		: | put igvm.txt
	fi
	say "IGVM file" "$(sed -n 's/^sha256: /sha256 /p' "$dir/igvm.txt")" "give --igvm FILE"
}

take_log() { # NAME FILE
	[ -r "$2" ] || die 3 "cannot read $2"
	tail -c "$limit" "$2" | tr -d '\000' | clean | put "$1"
}

logs() {
	[ -z "$svsm_log" ] || take_log svsm.log "$svsm_log"
	[ -z "$guest_log" ] || take_log guest.log "$guest_log"
	if [ -n "$run" ]; then
		for name in svsm.log console.log monitor.log qemu.log state.txt run.json; do
			[ ! -r "$run/$name" ] || take_log "run-$name" "$run/$name"
		done
	fi
	say "SVSM log" "$(size svsm.log run-svsm.log)" "give --svsm-log FILE (COM1's log where it has no port of its own)"
	say "guest log" "$(size guest.log run-console.log)" "give --guest-log FILE (console, or dmesg of the guest)"
	say notes "$(tr '\n' ';' <"$dir/notes.txt" | sed 's/;$//')" "give --note TEXT: commits of SVSM, firmware, kernel, QEMU; how often it happens"
}

size() {
	for name; do
		[ -s "$dir/$name" ] && echo "$name, $(wc -l <"$dir/$name" | tr -d ' ') lines" && return
	done
}

# ---- the archive ----

pack() {
	for tool in tar gzip; do
		has "$tool" || die 3 "there is no $tool to pack it"
	done
	cat "$dir/summary.txt" >"$out.txt" || die 3 "cannot write $out.txt"
	tar -cf "$work/all.tar" -C "$work" report || die 3 "cannot write below $work"
	gzip -c "$work/all.tar" >"$out.tar.gz" || die 3 "cannot write $out.tar.gz"
	cat "$out.txt"
	echo
	echo "$out.tar.gz: attach it. $out.txt: paste it. Look through both before you do."
}

pid='' qemu='' igvm='' svsm_log='' guest_log='' run='' with_igvm='' out=keelson-report-$(date -u +%Y%m%d-%H%M%S)
work=$(mktemp -d "${TMPDIR:-/tmp}/keelson-collect.XXXXXX") || die 3 "no temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
dir=$work/report
mkdir "$dir" || die 3 "cannot write below $work"
: >"$dir/notes.txt"
more=0
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) usage && exit 0 ;;
	--with-igvm) with_igvm=yes && shift && continue ;;
	--pid | --qemu | --igvm | --svsm-log | --guest-log | --log | --run | --note | -o) [ $# -gt 1 ] || die 2 "$1 needs a value" ;;
	*) usage >&2 && exit 2 ;;
	esac
	case $1 in
	--pid) pid=$2 ;;
	--qemu) qemu=$2 ;;
	--igvm) igvm=$2 ;;
	--svsm-log) svsm_log=$2 ;;
	--guest-log) guest_log=$2 ;;
	--log) more=$((more + 1)) && take_log "log-$more-${2##*/}" "$2" ;;
	--run) run=$2 ;;
	--note) printf '%s\n' "$2" >>"$dir/notes.txt" ;;
	-o) out=$2 ;;
	esac
	shift 2
done
cpu
bios
kernel
host_log
modules
devices
qemu_process
qemu_program
igvm_file
logs
pack
