#!/bin/sh
# SPDX-License-Identifier: MIT
# Hierarchies, lockout and clear. Last by name: tpm2_clear ends what other tests made.
. /lib/external.sh

LOCKOUT_CLEARS='tpm2_dictionarylockout -c'

owner_name() {
	tpm2_createprimary -Q -C o -G ecc -c o.ctx && tpm2_readpublic -Q -c o.ctx -n name >/dev/null || fail "no primary"
	hex name
}

show hierarchy-auth "tpm2_changeauth of the owner hierarchy: only the new secret works, until it is empty again"
test_hierarchy_auth() {
	ok tpm2_changeauth -c o secret
	refused 0x9A2 tpm2_createprimary -Q -C o -G ecc -c o.ctx
	ok tpm2_createprimary -Q -C o -P secret -G ecc -c o.ctx
	ok tpm2_changeauth -c o -p secret
	ok tpm2_createprimary -Q -C o -G ecc -c o.ctx
}

show lockout "tpm2_dictionarylockout: three wrong secrets lock, the right one is refused, and lockout auth unlocks"
test_lockout() {
	echo data >data
	ok tpm2_dictionarylockout -s -n 3 -t 10000 -l 10000
	ok $LOCKOUT_CLEARS
	ok tpm2_createprimary -Q -C o -G ecc -c o.ctx
	ok tpm2_create -Q -C o.ctx -G ecc -p right -u key.pub -r key.priv
	ok tpm2_load -Q -C o.ctx -u key.pub -r key.priv -c key.ctx
	for i in 1 2 3; do
		refused 0x98E tpm2_sign -Q -c key.ctx -p wrong$i -g sha256 -o sig data
	done
	refused 0x921 tpm2_sign -Q -c key.ctx -p right -g sha256 -o sig data
	ok tpm2_getcap properties-variable
	grep -Eq '^ +inLockout: +1' out || fail "inLockout is not set"
	ok $LOCKOUT_CLEARS
	ok tpm2_sign -Q -c key.ctx -p right -g sha256 -o sig data
	ok tpm2_dictionarylockout -s -n 32 -t 600 -l 600
}

show hierarchy-null "objects of the null hierarchy work; they have no seed that lasts"
test_hierarchy_null() {
	ok tpm2_createprimary -Q -C n -G ecc -c n.ctx
	ok tpm2_createprimary -Q -C n -G ecc -c again.ctx
	ok tpm2_readpublic -Q -c n.ctx -n one
	ok tpm2_readpublic -Q -c again.ctx -n two
	same one two
}

show clear "tpm2_clear: the owner's NV index, persistent key and seed are gone; the endorsement key stays"
test_clear() {
	before=$(owner_name)
	ok tpm2_createek -Q -c ek.ctx -G ecc -u ek1.pub
	ok tpm2_evictcontrol -Q -C o -c o.ctx 0x81000002
	ok tpm2_nvdefine -Q -C o -s 8 -a 'ownerread|ownerwrite' 0x1500020
	ok tpm2_clear
	[ "$(owner_name)" != "$before" ] || fail "the owner's seed is the old one"
	refused 0x18B tpm2_readpublic -c 0x81000002
	refused 0x18B tpm2_nvreadpublic 0x1500020
	ok tpm2_createek -Q -c ek.ctx -G ecc -u ek2.pub
	same ek1.pub ek2.pub
}

show clearcontrol "tpm2_clearcontrol: a disabled clear is refused until the platform enables it"
test_clearcontrol() {
	ok tpm2_clearcontrol -C l s
	refused 0x120 tpm2_clear
	ok tpm2_clearcontrol -C p c
	ok tpm2_clear
}

show hierarchycontrol "tpm2_hierarchycontrol: a disabled owner hierarchy makes no keys, until it is enabled"
test_hierarchycontrol() {
	ok tpm2_hierarchycontrol -C o shEnable clear
	refused 0x185 tpm2_createprimary -Q -C o -G ecc -c o.ctx
	ok tpm2_hierarchycontrol -C p shEnable set
	ok tpm2_createprimary -Q -C o -G ecc -c o.ctx
}

run_tests "$@"
