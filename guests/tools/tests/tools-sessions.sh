#!/bin/sh
# SPDX-License-Identifier: MIT
# Sessions: HMAC, encrypted parameters, audit, and their limits.
. /lib/external.sh

show hmac-session "an HMAC session authorizes a key with a password; the wrong one fails"
test_hmac_session() {
	echo data >data
	ok tpm2_createprimary -Q -C o -G ecc -c primary.ctx
	ok tpm2_create -Q -C primary.ctx -G ecc -p secret -a 'sign|noda|fixedtpm|fixedparent|sensitivedataorigin|userwithauth' \
		-u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_startauthsession --hmac-session -S session.ctx
	ok tpm2_sign -Q -c key.ctx -p session:session.ctx+secret -g sha256 -o sig data
	refused 0x9A2 tpm2_sign -Q -c key.ctx -p session:session.ctx+wrong -g sha256 -o sig data
	ok tpm2_sign -Q -c key.ctx -p session:session.ctx+secret -g sha256 -o sig data
	ok tpm2_flushcontext session.ctx
}

show encrypted-session "a session salted by a key encrypts parameters both ways; the secret unseals through it"
test_encrypted_session() {
	printf 'not for the wire' >secret
	ok tpm2_createprimary -Q -C o -G rsa -c primary.ctx
	ok tpm2_create -Q -C primary.ctx -i secret -p password -u seal.pub -r seal.priv
	ok tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c sealed.ctx
	ok tpm2_startauthsession --hmac-session -S session.ctx -c primary.ctx
	ok tpm2_sessionconfig session.ctx --enable-encrypt --enable-decrypt
	ok tpm2_unseal -c sealed.ctx -p session:session.ctx+password -o again
	same secret again
	ok tpm2_flushcontext session.ctx
}

show encrypted-random "tpm2_getrandom through an encrypting session works again and again (rolling nonces)"
test_encrypted_random() {
	ok tpm2_createprimary -Q -C o -G ecc -c primary.ctx
	ok tpm2_startauthsession --hmac-session -S session.ctx -c primary.ctx
	ok tpm2_sessionconfig session.ctx --enable-encrypt
	for i in 1 2 3; do
		ok tpm2_getrandom -S session.ctx -o r$i 16
	done
	different r1 r2
	different r2 r3
	ok tpm2_flushcontext session.ctx
}

show audit-session "an audit session: its digest is signed and changes with the commands"
test_audit_session() {
	ok tpm2_createprimary -Q -C e -G rsa -c primary.ctx
	ok tpm2_create -Q -C primary.ctx -G rsa2048:rsassa-sha256:null -u key.pub -r key.priv
	ok tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
	ok tpm2_startauthsession --audit-session -S session.ctx
	ok tpm2_getrandom -S session.ctx -o r1 8
	ok tpm2_getsessionauditdigest -Q -c key.ctx -g sha256 -m one.msg -s one.sig -S session.ctx
	ok tpm2_getrandom -S session.ctx -o r2 8
	ok tpm2_getsessionauditdigest -Q -c key.ctx -g sha256 -m two.msg -s two.sig -S session.ctx
	different one.msg two.msg
	ok tpm2_flushcontext session.ctx
}

show flush "a flushed session is gone"
test_flush() {
	ok tpm2_startauthsession --hmac-session -S session.ctx
	cp session.ctx copy.ctx
	ok tpm2_flushcontext session.ctx
	refused 0x1CB tpm2_getrandom -S copy.ctx -o r 8
}

show many-sessions "ten sessions open and close, one after the other"
test_many_sessions() {
	for i in $(seq 10); do
		ok tpm2_startauthsession -S session.ctx
		ok tpm2_flushcontext session.ctx
	done
}

run_tests "$@"
