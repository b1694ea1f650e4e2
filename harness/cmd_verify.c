/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* keelson verify: is this attestation report one to rely on? docs/verify.md has the checks. */
#include <stdio.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/verify/request.h"
#include "harness/verify/verify.h"

static const char usage_text[] =
	"usage: keelson verify REPORT --root FILE --chain FILE... [OPTIONS]\n"
	"\n"
	"         --root FILE                whom to trust: AMD's ARK, PEM or DER\n"
	"         --chain FILE               what came with the report: the certificate table "
	"(auxblob), PEM or\n"
	"                                    DER; any number of them\n"
	"         --igvm FILE                the image that was launched: its digest is the "
	"measurement\n"
	"         --vcpus N                  with it: KVM measures a VMSA for each of so many "
	"vCPUs\n"
	"         --cpu-signature N          with more than one: EAX of CPUID 1, as in 0xa10f10\n"
	"         --native-zero              with it: as QEMU 10.1 loads pages without data\n"
	"         --measurement HEX          or the digest itself\n"
	"         --nonce FILE               what the SVSM was asked with\n"
	"         --manifest FILE            what it answered (manifestblob): the report has to be "
	"of both\n"
	"         --report-data FILE         or the 64 bytes that the guest asked with, as they "
	"are\n"
	"         --quote FILE               a TPM's quote (TPMS_ATTEST) by a key in the manifest\n"
	"         --quote-signature FILE     its TPMT_SIGNATURE\n"
	"         --quote-nonce FILE         what it was asked with, where that is not --nonce\n"
	"         --pcr BANK:N=HEX           a PCR it has to be of, as in sha256:4=..., any number "
	"of them\n"
	"         --kept-least EPOCH.COUNTER the manifest's TPM state may not be older\n"
	"         --vmpl N                   of the report; 0 with a manifest\n"
	"         --policy N                 exactly that guest policy\n"
	"         --allow-debug              accept a guest that its host can look into\n"
	"         --allow-migration          accept a guest that a migration agent can move\n"
	"         --tcb LEAST                BOOTLOADER.TEE.SNP.MICROCODE, on Turin FMC first: "
	"none of the\n"
	"                                    report's four may be below\n"
	"         --svn N                    GUEST_SVN at least\n"
	"         --chip-id HEX              the chip that the certificate is for\n"
	"         --host-data HEX, --report-id HEX, --family-id HEX, --image-id HEX\n"
	"                                    these fields, exactly; zeroes are added to short "
	"ones\n"
	"         --id-key-digest HEX, --author-key-digest HEX\n"
	"                                    who has signed the ID block\n"
	"         --at N                     judge certificates at that time, in seconds since "
	"1970\n"
	"         --json                     stdout is JSON (docs/json.md)\n"
	"\n"
	"Exits with 0: accepted, 1: refused, 2: usage, 3: a file cannot be read. docs/verify.md\n";

static int tell(const struct request *q, const struct verdict *v)
{
	const struct verdict_line *refusal = verdict_refusal(v);

	if (q->json)
		verdict_print_json(v, stdout);
	else
		verdict_print(v, stdout);
	fflush(stdout);
	if (v->test_root && !refusal)
		problem("verify: accepted by a TEST ROOT that is none of AMD's: it proves nothing "
			"about a machine");
	if (refusal)
		problem("verify: refused: %s: %s", refusal->check, refusal->text);
	return refusal ? CODE_FAILED : CODE_PASSED;
}

int verify_command(int argc, char **argv)
{
	struct verdict v = {0};
	struct request q;
	int code = CODE_USAGE;

	switch (request_read(&q, argc, argv, &v)) {
	case REQUEST_HELP:
		fputs(usage_text, stdout);
		code = CODE_PASSED;
		break;
	case REQUEST_USAGE:
		break;
	case REQUEST_NO_FILE:
		code = CODE_HOST;
		break;
	case REQUEST_OK:
		verify(&q.evidence, &q.wanted, &v);
		code = tell(&q, &v);
		break;
	case REQUEST_REFUSED:
		code = tell(&q, &v);
		break;
	}
	request_free(&q);
	verdict_free(&v);
	return code;
}
