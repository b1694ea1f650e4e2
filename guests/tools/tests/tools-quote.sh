#!/bin/sh
# SPDX-License-Identifier: MIT
# Endorsement and attestation keys, and quotes that two judges on the host check: tpm2_checkquote and
# libcrypto alone (harness/verbs/quote.c).
. /lib/external.sh

NONCE=0123456789abcdef0011223344556677
PCRS=sha256:0,1,2,3,4,5,6,7,16

# keys EK_TYPE AK_TYPE SCHEME: ek.ctx, ak.ctx; the AK's PEM is file PREFIX.pem
keys() {
	scheme=$3
	ok tpm2_createek -Q -c ek.ctx -G "$1" -u ek.pub
	ok tpm2_createak -Q -C ek.ctx -c ak.ctx -G "$2" -g sha256 -s "$3" -u "$prefix.pem" -f pem -n ak.name
}

# quote NAME: NAME.msg, .sig, .pcrs (as tpm2-tools keeps them) and .raw (their values alone), on the host
quote() {
	ok tpm2_quote -Q -c ak.ctx -l $PCRS -q $NONCE -g sha256 --scheme "$scheme" -m "$1.msg" -s "$1.sig" -o "$1.pcrs"
	ok tpm2_pcrread -Q -o "$1.raw" $PCRS
	put "$1.msg" "$1.sig" "$1.pcrs" "$1.raw"
}

# judge MSG SIG PCRS RAW NONCE: what both say, "ok" or not
judge() {
	# tpm2_checkquote 5.4 takes each RSA signature for PKCS #1 v1.5
	[ "$scheme" = rsapss ] ||
		equal "$(host tpm2_checkquote "$prefix.pem $1 $2 $3 sha256 $5" | head -c 5 | tr -d :)" "$6" "tpm2_checkquote"
	equal "$(host checkquote "$prefix.pem $1 $2 $4 $PCRS $5" | head -c 5 | tr -d :)" "$6" "libcrypto"
}

# flip FILE OFFSET NEW: a copy with one bit of that byte turned over
flip() {
	cp "$1" "$3"
	byte=$(dd if="$1" bs=1 skip="$2" count=1 2>/dev/null | xxd -p)
	printf "$(printf '\\%03o' $((0x$byte ^ 1)))" | dd of="$3" bs=1 seek="$2" conv=notrunc 2>/dev/null
	different "$1" "$3"
	put "$3"
}

# The whole life of a quote.
attests() {
	prefix=$1
	keys "$2" "$3" "$4"
	put "$prefix.pem"
	q=$prefix
	quote "$q"
	judge $q.msg $q.sig $q.pcrs $q.raw $NONCE ok
	flip $q.msg 40 $q-flip.msg
	judge $q-flip.msg $q.sig $q.pcrs $q.raw $NONCE wrong
	flip $q.sig 30 $q-flip.sig
	judge $q.msg $q-flip.sig $q.pcrs $q.raw $NONCE wrong
	judge $q.msg $q.sig $q.pcrs $q.raw 0123456789abcdef0011223344556678 wrong
}

show quote-rsa "RSA EK and AK, a quote with nonce: two judges on the host accept it, and no changed bit or nonce"
test_quote_rsa() {
	attests rsa rsa rsa rsassa
}

show quote-rsapss "the same with an RSA-PSS key, which libcrypto alone judges"
test_quote_rsapss() {
	attests pss rsa rsa rsapss
}

show quote-ecc "the same with ECC EK and AK"
test_quote_ecc() {
	attests ecc ecc ecc ecdsa
}

show quote-pcr-changes "a quote is of the PCRs at its time: old values do not fit the next quote"
test_quote_pcr_changes() {
	prefix=pcr
	keys ecc ecc ecdsa
	put pcr.pem
	quote before
	ok tpm2_pcrextend 16:sha256="$(echo x | sha256sum | cut -d ' ' -f 1)"
	quote after
	judge before.msg before.sig before.pcrs before.raw $NONCE ok
	judge after.msg after.sig after.pcrs after.raw $NONCE ok
	judge after.msg after.sig before.pcrs before.raw $NONCE wrong
	judge before.msg before.sig after.pcrs after.raw $NONCE wrong
	ok tpm2_pcrreset 16
}

show ek-again "tpm2_createek: RSA-2048 and P-256 endorsement keys come again from the seed"
test_ek_again() {
	for type in rsa ecc; do
		ok tpm2_createek -Q -c one.ctx -G $type -u one.pub
		ok tpm2_createek -Q -c two.ctx -G $type -u two.pub
		same one.pub two.pub
	done
}

show activatecredential "tpm2_activatecredential: the secret comes out for the named AK under the EK, and for no other"
test_activatecredential() {
	prefix=credential
	keys rsa ecc ecdsa
	printf 'twelve bytes' >secret
	ok tpm2_makecredential -Q -T none -u ek.pub -s secret -n "$(hex ak.name)" -o credential
	activate() {
		ok tpm2_startauthsession --policy-session -S session.ctx
		ok tpm2_policysecret -Q -S session.ctx -c e
	}
	activate
	ok tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i credential -o again -P session:session.ctx
	same secret again
	ok tpm2_flushcontext session.ctx
	ok tpm2_createak -Q -C ek.ctx -c other.ctx -G ecc -g sha256 -s ecdsa -u other.pub -n other.name
	activate
	refused 0x1DF \
		tpm2_activatecredential -Q -c other.ctx -C ek.ctx -i credential -o never -P session:session.ctx
	ok tpm2_flushcontext session.ctx
}

show certify "tpm2_certify: an AK signs what another key is; the host accepts the signature"
test_certify() {
	prefix=certify
	keys ecc ecc ecdsa
	put certify.pem
	ok tpm2_createprimary -Q -C o -G ecc -c key.ctx
	ok tpm2_certify -Q -c key.ctx -C ak.ctx -g sha256 -f plain -o certify.msg -s certify.sig
	put certify.msg certify.sig
	equal "$(host checksignature "ecdsa-sha256 certify.pem certify.sig certify.msg")" ok
	equal "$(hex certify.msg | cut -c 1-12)" ff5443478017 "magic and type"
}

run_tests "$@"
