#!/bin/sh
# SPDX-License-Identifier: MIT
# Keys: made, loaded, used; what they sign is checked on the host, what they cipher by known answers.
. /lib/external.sh

name_of() { # the name of a loaded object, in hex
	tpm2_readpublic -Q -c "$1" -n name >/dev/null || fail "tpm2_readpublic $1"
	hex name
}

primary() { # primary TYPE: primary.ctx in the owner hierarchy
	ok tpm2_createprimary -Q -C o -G "$1" -c primary.ctx
}

show primary-rsa "tpm2_createprimary: the same RSA-2048 template makes the same key again"
test_primary_rsa() {
	ok tpm2_createprimary -Q -C o -G rsa -c one.ctx
	ok tpm2_createprimary -Q -C o -G rsa -c two.ctx
	equal "$(name_of one.ctx)" "$(name_of two.ctx)" "names"
	ok tpm2_createprimary -Q -C e -G rsa -c three.ctx
	[ "$(name_of one.ctx)" != "$(name_of three.ctx)" ] || fail "two hierarchies, one key"
}

show primary-ecc "tpm2_createprimary: P-256 and P-384 keys come again from the same seed"
test_primary_ecc() {
	for curve in ecc256 ecc384; do
		ok tpm2_createprimary -Q -C o -G $curve -c one.ctx
		ok tpm2_createprimary -Q -C o -G $curve -c two.ctx
		equal "$(name_of one.ctx)" "$(name_of two.ctx)" "names of $curve"
	done
}

# signs KEY_TYPE TPM_SCHEME HOST_SCHEME
signs() {
	primary ecc
	ok tpm2_create -Q -C primary.ctx -G "$1" -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_readpublic -Q -c key.ctx -f pem -o "key-$3.pem"
	echo "what is signed" >"data-$3"
	ok tpm2_sign -Q -c key.ctx -g sha256 -s "$2" -f plain -o "sig-$3" "data-$3"
	put "key-$3.pem" "data-$3" "sig-$3"
	equal "$(host checksignature "$3 key-$3.pem sig-$3 data-$3")" ok "the host's verdict"
	echo "what is not signed" >"other-$3"
	put "other-$3"
	equal "$(host checksignature "$3 key-$3.pem sig-$3 other-$3")" "wrong: the signature does not fit"
	ok tpm2_sign -Q -c key.ctx -g sha256 -s "$2" -o sig.tss "data-$3"
	ok tpm2_verifysignature -c key.ctx -g sha256 -m "data-$3" -s sig.tss
	refused 0x2DB \
		tpm2_verifysignature -c key.ctx -g sha256 -m "other-$3" -s sig.tss
}

show sign-rsassa "an RSA-2048 key made by tpm2_create signs; TPM and host accept it, and nothing else"
test_sign_rsassa() {
	signs rsa2048 rsassa rsassa-sha256
}

show sign-rsapss "the same with RSA-PSS"
test_sign_rsapss() {
	signs rsa2048 rsapss rsapss-sha256
}

show sign-ecdsa "the same with ECDSA on P-256"
test_sign_ecdsa() {
	signs ecc256 ecdsa ecdsa-sha256
}

show load-tampered "tpm2_load refuses a private part with one changed byte, and one of another parent"
test_load_tampered() {
	primary ecc
	ok tpm2_create -Q -C primary.ctx -G ecc -u key.pub -r key.priv
	cp key.priv bad.priv
	printf '\377' | dd of=bad.priv bs=1 seek=60 conv=notrunc 2>/dev/null
	different key.priv bad.priv
	refused 0x1DF tpm2_load -Q -C primary.ctx -u key.pub -r bad.priv -c key.ctx
	ok tpm2_createprimary -Q -C e -G ecc -c other.ctx
	refused 0x1DF tpm2_load -Q -C other.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
}

show rsa-encrypt "tpm2_rsaencrypt and tpm2_rsadecrypt: OAEP there and back"
test_rsa_encrypt() {
	primary ecc
	ok tpm2_create -Q -C primary.ctx -G rsa2048 -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	printf 'a secret of some bytes' >plain
	ok tpm2_rsaencrypt -c key.ctx -s oaep -o cipher plain
	different plain cipher
	ok tpm2_rsadecrypt -c key.ctx -s oaep -o again cipher
	same plain again
}

show ecdh "tpm2_ecdhkeygen and tpm2_ecdhzgen agree on the shared point"
test_ecdh() {
	primary ecc
	ok tpm2_create -Q -C primary.ctx -G ecc256:ecdh -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_ecdhkeygen -u ephemeral -o here -c key.ctx
	ok tpm2_ecdhzgen -u ephemeral -o there -c key.ctx
	same here there
}

show import-aes "an imported AES key ciphers NIST SP 800-38A's vector (F.3.13, CFB128)"
test_import_aes() {
	echo 2b7e151628aed2a6abf7158809cf4f3c | xxd -r -p >raw.key
	echo 000102030405060708090a0b0c0d0e0f | xxd -r -p >iv
	echo 6bc1bee22e409f96e93d7e117393172a | xxd -r -p >plain
	primary rsa
	ok tpm2_import -Q -C primary.ctx -G aes128cfb -i raw.key -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_encryptdecrypt -Q -c key.ctx -G cfb -t iv -o cipher plain
	equal "$(hex cipher)" 3b3fd92eb72dad20333449f8e83cfb4a "the cipher text"
	ok tpm2_encryptdecrypt -Q -d -c key.ctx -G cfb -t iv -o again cipher
	same plain again
}

show import-hmac "an imported HMAC key makes RFC 4231's second test case"
test_import_hmac() {
	printf Jefe >raw.key
	printf 'what do ya want for nothing?' >data
	primary rsa
	ok tpm2_import -Q -C primary.ctx -G hmac -i raw.key -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_hmac -Q -g sha256 -c key.ctx -o mac data
	equal "$(hex mac)" 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843 "the HMAC"
}

show hash "tpm2_hash agrees with busybox on 5,000 bytes, in one command or many"
test_hash() {
	seq 1 2000 | head -c 5000 >data
	for alg in sha1 sha256 sha512; do
		ok tpm2_hash -g $alg --hex -o digest data
		equal "$(cat digest)" "$(${alg}sum <data | cut -d ' ' -f 1)" $alg
	done
}

show evictcontrol "tpm2_evictcontrol keeps a key at 0x81000001 until it is evicted again"
test_evictcontrol() {
	primary ecc
	ok tpm2_evictcontrol -C o -c primary.ctx 0x81000001
	ok tpm2_getcap handles-persistent
	grep -qi 0x81000001 out || fail "it is not listed"
	equal "$(name_of 0x81000001)" "$(name_of primary.ctx)" "names"
	ok tpm2_create -Q -C 0x81000001 -G ecc -u key.pub -r key.priv
	refused 0x14C tpm2_evictcontrol -C o -c primary.ctx 0x81000001
	ok tpm2_evictcontrol -C o -c 0x81000001
	refused 0x18B tpm2_readpublic -c 0x81000001
}

show changeauth "tpm2_changeauth of a key: the new secret works, the old one does not"
test_changeauth() {
	primary ecc
	echo data >data
	ok tpm2_create -Q -C primary.ctx -G ecc -p old -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_changeauth -C primary.ctx -c key.ctx -p old -r new.priv new
	ok tpm2_load -Q -C primary.ctx -u key.pub -r new.priv -c new.ctx
	ok tpm2_sign -Q -c new.ctx -p new -g sha256 -o sig data
	refused 0x98E tpm2_sign -Q -c new.ctx -p old -g sha256 -o sig data
	ok tpm2_dictionarylockout -c
}

run_tests "$@"
