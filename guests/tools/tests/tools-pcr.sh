#!/bin/sh
# SPDX-License-Identifier: MIT
# PCRs: read, extend and reset, checked against SHA computed by busybox.
. /lib/external.sh

pcr() { # pcr BANK INDEX: its value in hex
	tpm2_pcrread -Q -o value "$1:$2" >/dev/null || fail "tpm2_pcrread $1:$2"
	hex value
}

# extended ALG OLD DIGEST: ALG(OLD || DIGEST), all hex
extended() {
	echo "$2$3" | xxd -r -p | "${1}sum" | cut -d ' ' -f 1
}

digest_of() { # digest_of ALG TEXT
	printf %s "$2" | "${1}sum" | cut -d ' ' -f 1
}

show pcr-read "tpm2_pcrread: 24 PCRs in the SHA-256 bank, 17 to 22 all ones after start-up"
test_pcr_read() {
	ok tpm2_pcrread sha256:all
	equal "$(grep -Ec '^ +[0-9]+ ?: 0x[0-9A-F]{64}' out)" 24 "PCRs"
	equal "$(pcr sha256 17)" "$(printf 'ff%.0s' $(seq 32))" "PCR 17"
}

show pcr-extend "tpm2_pcrextend: the new value is the hash of the old one and the digest, in each bank"
test_pcr_extend() {
	for alg in sha1 sha256 sha512; do
		digest=$(digest_of $alg "a measurement")
		old=$(pcr $alg 16)
		ok tpm2_pcrextend 16:$alg="$digest"
		equal "$(pcr $alg 16)" "$(extended $alg "$old" "$digest")" "PCR 16 of $alg"
	done
}

show pcr-one-bank "extending one bank leaves the other banks and the other PCRs alone"
test_pcr_one_bank() {
	ok tpm2_pcrread -o before sha1:all+sha384:all+sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17
	ok tpm2_pcrextend 16:sha256="$(digest_of sha256 x)"
	ok tpm2_pcrread -o after sha1:all+sha384:all+sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17
	same before after
}

show pcr-event "tpm2_pcrevent extends a PCR by the hash of a file"
test_pcr_event() {
	printf %s "an event" >event
	old=$(pcr sha256 16)
	ok tpm2_pcrevent 16 event
	equal "$(pcr sha256 16)" "$(extended sha256 "$old" "$(digest_of sha256 "an event")")" "PCR 16"
}

show pcr-reset "tpm2_pcrreset: PCR 16 and 23 become zero; the others are out of locality 0's reach"
test_pcr_reset() {
	for index in 16 23; do
		ok tpm2_pcrextend $index:sha256="$(digest_of sha256 y)"
		ok tpm2_pcrreset $index
		equal "$(pcr sha256 $index)" "$(printf '00%.0s' $(seq 32))" "PCR $index"
	done
	for index in 0 15 17 22; do
		old=$(pcr sha256 $index)
		refused 0x907 tpm2_pcrreset $index
		equal "$(pcr sha256 $index)" "$old" "PCR $index after a refused reset"
	done
}

show pcr-locality "at locality 0 PCR 17 to 20 can be extended by nobody"
test_pcr_locality() {
	refused 0x907 tpm2_pcrextend 17:sha256="$(digest_of sha256 z)"
}

show pcr-direct "an extend through /dev/tpm0 is read through /dev/tpmrm0"
test_pcr_direct() {
	old=$(pcr sha256 16)
	ok tpm2_pcrextend -T device:/dev/tpm0 16:sha256="$(digest_of sha256 w)"
	equal "$(pcr sha256 16)" "$(extended sha256 "$old" "$(digest_of sha256 w)")" "PCR 16"
}

run_tests "$@"
