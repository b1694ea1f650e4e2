# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced: what shared libraries programs need, from a folder of unpacked packages.
#
#   libs_of ROOT FILE...   the files below ROOT that satisfy NEEDED, and theirs in turn, one a line;
#                          "missing SONAME FILE" for each that ROOT does not have
#   elf_unmet FILE...      what these want of one another and do not have: "VERSION of SONAME, for FILE"

# tpm2_getekcertificate asks a web server for the vendor's certificate and nothing else needs this
# library's 25 dependencies: a stub of that name takes its place.
elf_stub=libcurl-gnutls.so.4

elf_needed() {
	objdump -p "$1" | awk '/^ *NEEDED/ {print $2}'
}

elf_find() {
	find "$1/lib" "$1/lib64" "$1/usr/lib" -name "$2" 2>/dev/null | LC_ALL=C sort | head -n 1
}

libs_of() {
	elf_root=$1 elf_seen=" $elf_stub "
	shift
	while [ $# -gt 0 ]; do
		elf_file=$1
		shift
		for elf_name in $(elf_needed "$elf_file"); do
			case $elf_seen in *" $elf_name "*) continue ;; esac
			elf_seen="$elf_seen$elf_name "
			elf_lib=$(elf_find "$elf_root" "$elf_name")
			if [ -n "$elf_lib" ]; then
				echo "$elf_lib"
				set -- "$@" "$elf_lib"
			else
				echo "missing $elf_name $elf_file"
			fi
		done
	done
}

# Programs that were linked here and libraries of another release: a symbol's version that a library lacks is
# found now and not by the guest's loader.
elf_unmet() {
	for elf_file; do
		objdump -p "$elf_file" | awk -v file="$elf_file" '
			/^Version definitions:/ { part = "has" }
			/^Version References:/ { part = "wants" }
			/^$/ { part = "" }
			part == "has" && $2 ~ /^0x/ { print "has", name ? name : name = $4, $4 }
			part == "wants" && $1 == "required" { sub(/:$/, "", $3); from = $3 }
			part == "wants" && $1 ~ /^0x/ { print "wants", from, $4, file }'
	done | awk '
		$1 == "has" { named[$2]; has[$2, $3] }
		$1 == "wants" { n++; lib[n] = $2; version[n] = $3; file[n] = $4 }
		END { for (i = 1; i <= n; i++) if (lib[i] in named && !((lib[i], version[i]) in has)) print version[i] " of " lib[i] ", for " file[i] }'
}
