#!/bin/sh
# SPDX-License-Identifier: MIT
# Link an image twice: the symbol table of the first link goes into the second, for panics.
# usage: symtab.sh STEM SCRIPT OUT LDFLAGS... -- OBJECTS...
#
# The table: .section .rodata.symtab; symtab_count (u32), symtab_addr[] (u64, ascending),
# symtab_name[] (u32 offsets into symtab_names), symtab_names (NUL-terminated).
set -eu
stem=$1 script=$2 out=$3
shift 3
flags=
while [ "$1" != -- ]; do flags="$flags $1"; shift; done
shift

# Scripts name the objects of the hot path, to lay them side by side. The linker takes no notice of a name
# that fits no object, so after a move the path would be spread over the image without a word.
for o in $(grep -o '\*[a-z_/]*/[a-z_0-9]*\.o' "$script" | tr -d '*'); do
	case "$* " in
	*"/$o "*) ;;
	*) echo "$script: there is no $o" >&2; exit 1 ;;
	esac
done

table() { # from the functions of an ELF file, or empty
	{ [ -z "$1" ] || "$NM" -n "$1" | awk '$2 ~ /^[tT]$/ && $3 !~ /^\./ {print $1, $3}'; } | awk '
	BEGIN { n = off = 0 }
	{ addr[n] = $1; name[n++] = $2 }
	END {
		print ".section .rodata.symtab,\"a\""
		print ".globl symtab_count, symtab_addr, symtab_name, symtab_names"
		print ".balign 8\nsymtab_addr:"
		for (i = 0; i < n; i++) print ".quad 0x" addr[i]
		print "symtab_name:"
		for (i = 0; i < n; i++) { print ".long " off; off += length(name[i]) + 1 }
		print "symtab_names:"
		for (i = 0; i < n; i++) print ".asciz \"" name[i] "\""
		print ".byte 0\n.balign 4\nsymtab_count: .long " n + 0
		print ".section .note.GNU-stack,\"\",@progbits"
	}' >"$stem.S"
	"$CC" -c "$stem.S" -o "$stem.o"
}

# The table sits last in .rodata, so its size moves no function; three passes make that certain.
mkdir -p "$(dirname "$stem")"
table ""
"$LD" $flags -T "$script" -o "$out.1" "$@" "$stem.o"
table "$out.1"
"$LD" $flags -T "$script" -o "$out.1" "$@" "$stem.o"
table "$out.1"
"$LD" $flags -T "$script" -o "$out" "$@" "$stem.o"
rm -f "$out.1"
