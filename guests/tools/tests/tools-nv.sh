#!/bin/sh
# SPDX-License-Identifier: MIT
# NV indices of each kind, and who may read and write them.
. /lib/external.sh

INDEX=0x1500010

# An index of the owner's, gone at the end of the test whatever becomes of it.
define() {
	tpm2_nvundefine -Q -C o $INDEX 2>/dev/null
	ok tpm2_nvdefine -Q -C o "$@" $INDEX
}

undefine() {
	ok tpm2_nvundefine -Q -C o $INDEX
}

show nv-read-write "tpm2_nvdefine, nvwrite, nvread: 1,500 bytes come back, and so does a part of them"
test_nv_read_write() {
	seq 1 500 | head -c 1500 >data
	define -s 1500 -a 'ownerread|ownerwrite'
	refused 0x14A tpm2_nvread -C o -s 4 -o again $INDEX
	ok tpm2_nvwrite -Q -C o -i data $INDEX
	ok tpm2_nvread -C o -s 1500 -o again $INDEX
	same data again
	printf PART | tpm2_nvwrite -Q -C o -i - --offset 700 $INDEX || fail "write at 700"
	ok tpm2_nvread -C o -s 8 --offset 698 -o again $INDEX
	equal "$(dd if=again bs=1 skip=2 count=4 2>/dev/null)" PART
	refused 'more bytes than available' tpm2_nvread -C o -s 8 --offset 1496 -o again $INDEX
	undefine
}

show nv-auth "an index with a secret: the wrong one reads nothing; nobody else's hierarchy writes"
test_nv_auth() {
	define -s 16 -a 'authread|authwrite|no_da' -p secret
	printf 'sixteen bytes ..' >data
	ok tpm2_nvwrite -Q -C $INDEX -P secret -i data $INDEX
	ok tpm2_nvread -C $INDEX -P secret -s 16 -o again $INDEX
	same data again
	refused 0x9A2 tpm2_nvread -C $INDEX -P wrong -s 16 -o again $INDEX
	refused 0x149 tpm2_nvwrite -Q -C o -i data $INDEX
	undefine
}

show nv-counter "tpm2_nvincrement counts up by one"
test_nv_counter() {
	define -s 8 -a 'ownerread|ownerwrite|nt=counter'
	ok tpm2_nvincrement -Q -C o $INDEX
	ok tpm2_nvread -C o -s 8 -o one $INDEX
	for _ in 1 2 3; do
		ok tpm2_nvincrement -Q -C o $INDEX
	done
	ok tpm2_nvread -C o -s 8 -o four $INDEX
	equal $((0x$(hex four) - 0x$(hex one))) 3 "counts"
	refused 0x82 tpm2_nvwrite -Q -C o -i one $INDEX
	undefine
}

show nv-counter-never-back "a counter that is deleted and made again does not go back"
test_nv_counter_never_back() {
	define -s 8 -a 'ownerread|ownerwrite|nt=counter'
	ok tpm2_nvincrement -Q -C o $INDEX
	ok tpm2_nvread -C o -s 8 -o before $INDEX
	undefine
	define -s 8 -a 'ownerread|ownerwrite|nt=counter'
	ok tpm2_nvincrement -Q -C o $INDEX
	ok tpm2_nvread -C o -s 8 -o after $INDEX
	[ $((0x$(hex after))) -gt $((0x$(hex before))) ] || fail "$(hex before), then $(hex after)"
	undefine
}

show nv-bits "tpm2_nvsetbits sets bits and clears none"
test_nv_bits() {
	define -s 8 -a 'ownerread|ownerwrite|nt=bits'
	ok tpm2_nvsetbits -Q -C o -i 0x10 $INDEX
	ok tpm2_nvsetbits -Q -C o -i 0x3 $INDEX
	ok tpm2_nvread -C o -s 8 -o bits $INDEX
	equal "$(hex bits)" 0000000000000013
	undefine
}

show nv-extend "tpm2_nvextend: the hash of the old value and the data, as a PCR"
test_nv_extend() {
	define -s 32 -g sha256 -a 'ownerread|ownerwrite|nt=extend'
	printf measured >data
	ok tpm2_nvextend -Q -C o -i data $INDEX
	ok tpm2_nvread -C o -s 32 -o value $INDEX
	{ head -c 32 /dev/zero; printf measured; } >expected
	equal "$(hex value)" "$(sha256sum <expected | cut -d ' ' -f 1)"
	undefine
}

show nv-locks "tpm2_nvwritelock and nvreadlock hold"
test_nv_locks() {
	define -s 8 -a 'ownerread|ownerwrite|write_stclear|read_stclear'
	printf 12345678 >data
	ok tpm2_nvwrite -Q -C o -i data $INDEX
	ok tpm2_nvwritelock -C o $INDEX
	refused 0x148 tpm2_nvwrite -Q -C o -i data $INDEX
	ok tpm2_nvread -C o -s 8 -o again $INDEX
	ok tpm2_nvreadlock -Q -C o $INDEX
	refused 0x148 tpm2_nvread -C o -s 8 -o again $INDEX
	undefine
}

show nv-public "tpm2_nvreadpublic and getcap show the index while it is there"
test_nv_public() {
	define -s 8 -a 'ownerread|ownerwrite'
	ok tpm2_nvreadpublic $INDEX
	grep -q 'size: 8' out || fail "$(cat out)"
	ok tpm2_getcap handles-nv-index
	grep -qi $INDEX out || fail "not listed"
	refused 0x14C tpm2_nvdefine -Q -C o -s 8 -a 'ownerread|ownerwrite' $INDEX
	undefine
	refused 0x18B tpm2_nvreadpublic $INDEX
}

run_tests "$@"
