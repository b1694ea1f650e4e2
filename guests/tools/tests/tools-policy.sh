#!/bin/sh
# SPDX-License-Identifier: MIT
# Policies, above all secrets sealed to PCRs.
. /lib/external.sh

pcr=16

# Policy commands of a trial session; the digest goes to the file `policy`.
trial() {
	ok tpm2_startauthsession -S trial.ctx
	"$@" trial.ctx
	ok tpm2_flushcontext trial.ctx
}

session() {
	ok tpm2_startauthsession --policy-session -S session.ctx
}

by_pcr() {
	ok tpm2_policypcr -Q -S "$1" -l "sha256:$pcr" -L policy
}

# seal: "the secret" under `policy`, loaded as sealed.ctx
seal() {
	printf 'the secret' >secret
	ok tpm2_createprimary -Q -C o -G ecc -c primary.ctx
	ok tpm2_create -Q -C primary.ctx -i secret -L policy -a 'fixedtpm|fixedparent' -u seal.pub -r seal.priv "$@"
	ok tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c sealed.ctx
}

unsealed() { # unsealed AUTH: it opens, and holds the secret
	ok tpm2_unseal -c sealed.ctx -p "$1" -o again
	same secret again
	ok tpm2_flushcontext session.ctx
}

closed() { # closed PATTERN AUTH
	refused "$1" tpm2_unseal -c sealed.ctx -p "$2" -o never
	tpm2_flushcontext session.ctx 2>/dev/null
}

show policy-pcr "a secret sealed to PCR 16 opens, stays closed after an extend, and opens after a reset"
test_policy_pcr() {
	ok tpm2_pcrreset 16
	trial by_pcr
	seal
	session
	by_pcr session.ctx
	unsealed session:session.ctx
	ok tpm2_pcrextend 16:sha256="$(echo x | sha256sum | cut -d ' ' -f 1)"
	session
	by_pcr session.ctx
	closed 0x99D session:session.ctx
	ok tpm2_pcrreset 16
	session
	by_pcr session.ctx
	unsealed session:session.ctx
}

show policy-pcr-race "an extend between tpm2_policypcr and tpm2_unseal closes the secret"
test_policy_pcr_race() {
	pcr=12 # 16 and above do not count as changes (PC client profile, table 4: no increment)
	trial by_pcr
	seal
	session
	by_pcr session.ctx
	ok tpm2_pcrextend 12:sha256="$(echo x | sha256sum | cut -d ' ' -f 1)"
	closed 0x128 session:session.ctx
}

show policy-needed "a sealed secret opens by no empty password and by no other policy"
test_policy_needed() {
	ok tpm2_pcrreset 16
	trial by_pcr
	seal
	refused 0x12F tpm2_unseal -c sealed.ctx -o never
	session
	ok tpm2_policycommandcode -Q -S session.ctx TPM2_CC_Unseal
	closed 0x99D session:session.ctx
}

by_secret() {
	ok tpm2_policysecret -Q -S "$1" -c o -L policy
}

show policy-secret "tpm2_policysecret: whoever may use the owner hierarchy opens it"
test_policy_secret() {
	trial by_secret
	seal
	session
	by_secret session.ctx
	unsealed session:session.ctx
}

by_password() {
	ok tpm2_policypassword -Q -S "$1" -L policy
}

show policy-password "tpm2_policypassword: policy and the object's password together"
test_policy_password() {
	trial by_password
	seal -p password
	session
	by_password session.ctx
	unsealed session:session.ctx+password
	session
	by_password session.ctx
	closed 0x98E session:session.ctx+wrong
	ok tpm2_dictionarylockout -c
}

either() {
	ok tpm2_policyor -Q -S "$1" -L policy sha256:branch1,branch2
}

by_command() {
	ok tpm2_policycommandcode -Q -S "$1" -L policy TPM2_CC_Unseal
}

show policy-or "tpm2_policyor: each of two branches opens it"
test_policy_or() {
	ok tpm2_pcrreset 16
	trial by_pcr
	mv policy branch1
	trial by_command
	mv policy branch2
	trial either
	cp policy or
	seal
	for branch in by_pcr by_command; do
		session
		$branch session.ctx
		cp or policy
		either session.ctx
		unsealed session:session.ctx
	done
}

show policy-authorize "tpm2_policyauthorize: a signed policy stands in for the sealed one"
test_policy_authorize() {
	ok tpm2_pcrreset 16
	ok tpm2_createprimary -Q -C o -G ecc -c primary.ctx
	ok tpm2_create -Q -C primary.ctx -G rsa2048 -u signer.pub -r signer.priv
	ok tpm2_load -Q -C primary.ctx -u signer.pub -r signer.priv -c signer.ctx -n signer.name
	trial by_pcr
	mv policy approved
	ok tpm2_sign -Q -c signer.ctx -g sha256 -s rsassa -o approval approved
	ok tpm2_verifysignature -Q -c signer.ctx -g sha256 -m approved -s approval -t ticket
	by_approval() {
		ok tpm2_policyauthorize -Q -S "$1" -i approved -n signer.name -t ticket -L policy
	}
	ok tpm2_startauthsession -S trial.ctx
	ok tpm2_policyauthorize -Q -S trial.ctx -i approved -n signer.name -L policy
	ok tpm2_flushcontext trial.ctx
	seal
	session
	by_pcr session.ctx
	by_approval session.ctx
	unsealed session:session.ctx
}

run_tests "$@"
