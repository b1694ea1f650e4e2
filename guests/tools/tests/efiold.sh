#!/bin/sh
# SPDX-License-Identifier: MIT
# Firmware from before edk2's driver for the SVSM's TPM: it starts nothing there and measures nothing.
. /lib/external.sh

show efi-no-measurements "firmware without a driver for this TPM leaves the PCRs empty, and Linux finds the TPM all the same"
test_efi_no_measurements() {
	ok tpm2_pcrread -o pcrs sha256:0,1,2,3,4,5,6,7
	equal "$(hex pcrs | tr -d 0)" "" "PCRs 0 to 7"
}

run_tests "$@"
