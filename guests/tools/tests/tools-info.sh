#!/bin/sh
# SPDX-License-Identifier: MIT
# What the TPM says about itself, through both devices.
. /lib/external.sh

show sysfs "the kernel shows a TPM 2.0 chip and its PCRs in sysfs"
test_sysfs() {
	equal "$(cat /sys/class/tpm/tpm0/tpm_version_major)" 2 "version in sysfs"
	ok tpm2_pcrread -Q -o pcr16 sha256:16
	equal "$(hex pcr16)" "$(tr A-F a-f </sys/class/tpm/tpm0/pcr-sha256/16)" "PCR 16 by tools and by sysfs"
}

show getcap-fixed "tpm2_getcap properties-fixed: TPM 2.0 of the family's revision, 24 PCRs, 3 object slots or more"
test_getcap_fixed() {
	ok tpm2_getcap properties-fixed
	equal "$(raw TPM2_PT_FAMILY_INDICATOR)" 0x322E3000
	equal "$(raw TPM2_PT_PCR_COUNT)" 0x18
	equal "$(raw TPM2_PT_PCR_SELECT_MIN)" 0x3
	[ $(($(raw TPM2_PT_HR_TRANSIENT_MIN))) -ge 3 ] || fail "fewer than 3 transient objects"
	[ $(($(raw TPM2_PT_NV_BUFFER_MAX))) -ge 512 ] || fail "NV buffers of less than 512 bytes"
	info tpm_manufacturer "$(raw TPM2_PT_MANUFACTURER)"
}

# The raw value of a property in out
raw() {
	grep -A 1 "^$1:" out | sed -n 's/^ *raw: *//p'
}

show getcap-variable "tpm2_getcap properties-variable: started orderly, all hierarchies enabled, nothing locked out"
test_getcap_variable() {
	ok tpm2_getcap properties-variable
	for bit in phEnable shEnable ehEnable phEnableNV; do
		grep -Eq "^ +$bit: +1" out || fail "$bit is not set"
	done
	grep -Eq '^ +inLockout: +0' out || fail "it is in lockout"
}

show getcap-algorithms "tpm2_getcap algorithms: all that the PC client profile asks for"
test_getcap_algorithms() {
	ok tpm2_getcap algorithms
	for alg in rsa ecc sha1 sha256 sha384 hmac aes mgf1 keyedhash xor rsassa rsapss oaep ecdsa ecdh symcipher cfb \
		kdf1_sp800_56a kdf1_sp800_108; do
		grep -q "^$alg:" out || fail "no algorithm $alg"
	done
}

show getcap-commands "tpm2_getcap commands: all that the PC client profile asks for of common use"
test_getcap_commands() {
	ok tpm2_getcap commands
	for command in ActivateCredential Certify Clear ClearControl ContextLoad ContextSave Create CreatePrimary \
		DictionaryAttackLockReset EvictControl FlushContext GetCapability GetRandom Hash HashSequenceStart \
		HierarchyChangeAuth HierarchyControl HMAC Import IncrementalSelfTest Load LoadExternal MakeCredential \
		NV_Certify NV_DefineSpace NV_Extend NV_Increment NV_Read NV_ReadPublic NV_UndefineSpace NV_Write \
		ObjectChangeAuth PCR_Extend PCR_Read PCR_Reset PolicyAuthorize PolicyCommandCode PolicyOR PolicyPCR \
		PolicySecret PolicySigned Quote ReadPublic RSA_Decrypt RSA_Encrypt SelfTest Shutdown Sign \
		StartAuthSession Startup Unseal VerifySignature; do
		grep -qi "^TPM2_CC_$command:" out || fail "no command $command"
	done
}

show getcap-curves "tpm2_getcap ecc-curves: P-256 and P-384"
test_getcap_curves() {
	ok tpm2_getcap ecc-curves
	grep -q TPM2_ECC_NIST_P256 out || fail "no P-256"
	grep -q TPM2_ECC_NIST_P384 out || fail "no P-384"
}

show getcap-handles "tpm2_getcap handles-pcr: 24 PCRs; handles-permanent: the four hierarchies"
test_getcap_handles() {
	ok tpm2_getcap handles-pcr
	equal "$(grep -c '^- 0x' out)" 24 "PCR handles"
	ok tpm2_getcap handles-permanent
	for handle in 0x40000001 0x4000000A 0x4000000B 0x4000000C; do
		grep -q "$handle" out || fail "no permanent handle $handle"
	done
}

show getrandom "tpm2_getrandom: as many bytes as asked for, never the same twice"
test_getrandom() {
	for size in 1 16 32; do
		ok tpm2_getrandom -o r$size $size
		equal "$(wc -c <r$size)" $size "bytes of $size"
	done
	for _ in 1 2 3 4; do
		ok tpm2_getrandom --hex -o again 32
		cat again >>all
		echo >>all
	done
	equal "$(sort all | uniq -d | grep -c .)" 0 "repeated values"
}

show stirrandom "tpm2_stirrandom takes entropy; random numbers go on"
test_stirrandom() {
	echo "some entropy" >entropy
	ok tpm2_stirrandom entropy
	ok tpm2_getrandom -o r 8
}

show selftest "tpm2_selftest of everything, and the result says success"
test_selftest() {
	ok tpm2_selftest
	ok tpm2_selftest --fulltest
	ok tpm2_incrementalselftest rsa sha256 ecc
	ok tpm2_gettestresult
	grep -Eq 'status:.*success' out || fail "$(cat out)"
}

show readclock "tpm2_readclock: time and clock go on, and the clock can be set forward only"
test_readclock() {
	ok tpm2_readclock
	before=$(sed -n 's/^time: //p' out)
	ok tpm2_readclock
	[ "$(sed -n 's/^time: //p' out)" -ge "$before" ] || fail "the time went back"
	clock=$(sed -n 's/.*clock: //p' out)
	ok tpm2_setclock $((clock + 1000000))
	ok tpm2_readclock
	[ "$(sed -n 's/.*clock: //p' out)" -ge $((clock + 1000000)) ] || fail "the clock was not set"
	refused 0x1C4 tpm2_setclock 1
}

show direct-device "the same tools through /dev/tpm0, without the kernel's resource manager"
test_direct_device() {
	export TPM2TOOLS_TCTI=device:/dev/tpm0
	ok tpm2_getcap properties-fixed
	equal "$(raw TPM2_PT_FAMILY_INDICATOR)" 0x322E3000
	ok tpm2_pcrread sha256:0
	ok tpm2_getrandom -o r 16
	ok tpm2_createprimary -Q -G ecc -c primary.ctx
	ok tpm2_getcap handles-transient
	ok tpm2_flushcontext --transient-object
	ok tpm2_getcap handles-transient
	equal "$(grep -c 0x8 out)" 0 "transient objects after a flush"
}

show send-raw "tpm2_send: the bytes of GetRandom(8) bring the bytes of its answer"
test_send_raw() {
	printf '\200\001\000\000\000\014\000\000\001\173\000\010' >request
	ok tpm2_send -o answer request
	equal "$(hex answer | cut -c 1-24)" 800100000014000000000008 "the answer's first 12 bytes"
	equal "$(wc -c <answer)" 20 "bytes"
}

show send-unknown "through /dev/tpm0 an unknown command code gets TPM_RC_COMMAND_CODE"
test_send_unknown() {
	# a header and two bytes, because tpm2_send of tpm2-tools 5.7 does not send a header alone
	printf '\200\001\000\000\000\014\000\000\017\377\000\010' >request
	tpm2_send -T device:/dev/tpm0 -o answer request
	equal "$(hex answer)" 80010000000a00000143 "the answer"
}

show send-short "through /dev/tpm0 a command with half its parameter gets TPM_RC_INSUFFICIENT"
test_send_short() {
	# GetRandom with one byte of bytesRequested. 0x9a, and 0x140 for "parameter 1"
	printf '\200\001\000\000\000\013\000\000\001\173\010' >request
	tpm2_send -T device:/dev/tpm0 -o answer request
	equal "$(hex answer)" 80010000000a000001da "the answer"
}

run_tests "$@"
