/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the TPM says of itself: part 3, section 30.2; part 2, 6.13. */
#include "tss/tss.h"

static TPMU_CAPABILITIES capability(TPM2_CAP cap, uint32_t first, uint32_t count)
{
	TPMS_CAPABILITY_DATA *data;
	TPMI_YES_NO more;

	OK(Esys_GetCapability(tss, NO_SESSION, cap, first, count, &more, &data));
	CHECK_EQ(data->capability, cap);
	return data->data;
}

TSS_TEST(cap_identity, "capability-identity", "family 2.0, a manufacturer, a firmware version")
{
	CHECK_EQ(tss_property(TPM2_PT_FAMILY_INDICATOR), 0x322e3000); /* "2.0" */
	CHECK(tss_property(TPM2_PT_REVISION) >= 138);
	CHECK_EQ(tss_property(TPM2_PT_MANUFACTURER), 0x49424d00); /* "IBM": libtpms */
	CHECK(tss_property(TPM2_PT_FIRMWARE_VERSION_1) != 0);
	CHECK(tss_property(TPM2_PT_VENDOR_STRING_1) != 0);
}

TSS_TEST(cap_limits, "capability-limits", "the fixed limits agree with each other and the protocol")
{
	uint32_t command = tss_property(TPM2_PT_MAX_COMMAND_SIZE);
	uint32_t response = tss_property(TPM2_PT_MAX_RESPONSE_SIZE);

	/* An SVSM request or response shares a page with its header. */
	CHECK(command > 1024 && command <= 4096);
	CHECK(response > 1024 && response <= 4096);
	CHECK(tss_property(TPM2_PT_INPUT_BUFFER) >= 1024);
	CHECK(tss_property(TPM2_PT_NV_BUFFER_MAX) <= command);
	CHECK(tss_property(TPM2_PT_MAX_OBJECT_CONTEXT) < response);
	CHECK(tss_property(TPM2_PT_MAX_SESSION_CONTEXT) < response);
	CHECK_EQ(tss_property(TPM2_PT_MAX_DIGEST), 64); /* SHA-512 */
	CHECK(tss_property(TPM2_PT_HR_TRANSIENT_MIN) >= 3);
	CHECK(tss_property(TPM2_PT_HR_LOADED_MIN) >= 3);
	CHECK(tss_property(TPM2_PT_ACTIVE_SESSIONS_MAX) >= 64);
	CHECK_EQ(tss_property(TPM2_PT_TOTAL_COMMANDS),
		 tss_property(TPM2_PT_LIBRARY_COMMANDS) + tss_property(TPM2_PT_VENDOR_COMMANDS));
}

TSS_TEST(cap_algorithms, "capability-algorithms", "every algorithm the TCG's PC profile asks for")
{
	static const struct {
		TPM2_ALG_ID id;
		TPMA_ALGORITHM attributes;
	} wanted[] = {
		{TPM2_ALG_RSA, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_OBJECT},
		{TPM2_ALG_SHA1, TPMA_ALGORITHM_HASH},
		{TPM2_ALG_SHA256, TPMA_ALGORITHM_HASH},
		{TPM2_ALG_SHA384, TPMA_ALGORITHM_HASH},
		{TPM2_ALG_HMAC, TPMA_ALGORITHM_HASH | TPMA_ALGORITHM_SIGNING},
		{TPM2_ALG_AES, TPMA_ALGORITHM_SYMMETRIC},
		{TPM2_ALG_KEYEDHASH, TPMA_ALGORITHM_HASH | TPMA_ALGORITHM_OBJECT |
					     TPMA_ALGORITHM_SIGNING | TPMA_ALGORITHM_ENCRYPTING},
		{TPM2_ALG_XOR, TPMA_ALGORITHM_HASH | TPMA_ALGORITHM_SYMMETRIC},
		{TPM2_ALG_RSASSA, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_SIGNING},
		{TPM2_ALG_RSAPSS, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_SIGNING},
		{TPM2_ALG_RSAES, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_ENCRYPTING},
		{TPM2_ALG_OAEP, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_ENCRYPTING},
		{TPM2_ALG_ECDSA, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_SIGNING},
		{TPM2_ALG_ECDH, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_METHOD},
		{TPM2_ALG_ECC, TPMA_ALGORITHM_ASYMMETRIC | TPMA_ALGORITHM_OBJECT},
		{TPM2_ALG_SYMCIPHER, TPMA_ALGORITHM_OBJECT},
		{TPM2_ALG_CFB, TPMA_ALGORITHM_SYMMETRIC | TPMA_ALGORITHM_ENCRYPTING},
	};

	for (unsigned i = 0; i < ARRAY_LEN(wanted); i++) {
		TPMU_CAPABILITIES c = capability(TPM2_CAP_ALGS, wanted[i].id, 1);

		CHECK_EQ(c.algorithms.count, 1);
		CHECK_EQ(c.algorithms.algProperties[0].alg, wanted[i].id);
		CHECK_EQ(c.algorithms.algProperties[0].algProperties, wanted[i].attributes);
	}
}

TSS_TEST(cap_commands, "capability-commands", "as many commands as it counts, in ascending order")
{
	TPMU_CAPABILITIES c = capability(TPM2_CAP_COMMANDS, TPM2_CC_FIRST, TPM2_MAX_CAP_CC);
	const TPMA_CC *list = c.command.commandAttributes;

	CHECK_EQ(c.command.count, tss_property(TPM2_PT_TOTAL_COMMANDS));
	for (unsigned i = 1; i < c.command.count; i++)
		CHECK((list[i - 1] & TPMA_CC_COMMANDINDEX_MASK) <
		      (list[i] & TPMA_CC_COMMANDINDEX_MASK));
}

TSS_TEST(cap_pcrs, "capability-pcrs", "24 registers in SHA-256 and SHA-384; which may be reset")
{
	TPMU_CAPABILITIES c = capability(TPM2_CAP_PCRS, 0, 1);
	unsigned seen = 0;

	CHECK_EQ(tss_property(TPM2_PT_PCR_COUNT), 24);
	for (unsigned i = 0; i < c.assignedPCR.count; i++) {
		const TPMS_PCR_SELECTION *s = &c.assignedPCR.pcrSelections[i];
		bool all = s->pcrSelect[0] == 0xff && s->pcrSelect[1] == 0xff &&
			   s->pcrSelect[2] == 0xff;

		seen += all && (s->hash == TPM2_ALG_SHA256 || s->hash == TPM2_ALG_SHA384);
	}
	CHECK_EQ(seen, 2);
	c = capability(TPM2_CAP_PCR_PROPERTIES, TPM2_PT_PCR_RESET_L0, 1);
	CHECK_EQ(c.pcrProperties.pcrProperty[0].tag, TPM2_PT_PCR_RESET_L0);
	CHECK_EQ(c.pcrProperties.pcrProperty[0].pcrSelect[0], 0);
	CHECK_EQ(c.pcrProperties.pcrProperty[0].pcrSelect[1], 0);
	CHECK_EQ(c.pcrProperties.pcrProperty[0].pcrSelect[2], 0x81); /* 16 and 23 */
}

TSS_TEST(cap_curves, "capability-curves", "NIST P-256 and P-384 are there")
{
	TPMU_CAPABILITIES c = capability(TPM2_CAP_ECC_CURVES, TPM2_ECC_NIST_P256, 2);

	CHECK_EQ(c.eccCurves.count, 2);
	CHECK_EQ(c.eccCurves.eccCurves[0], TPM2_ECC_NIST_P256);
	CHECK_EQ(c.eccCurves.eccCurves[1], TPM2_ECC_NIST_P384);
}

TSS_TEST(cap_pages, "capability-pages", "a list asked for in pieces is the list asked for at once")
{
	TPMU_CAPABILITIES all = capability(TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FIXED, 40);
	const TPMS_TAGGED_PROPERTY *list = all.tpmProperties.tpmProperty;

	CHECK(all.tpmProperties.count > 30);
	for (unsigned i = 0; i < all.tpmProperties.count; i++)
		CHECK_EQ(tss_property(list[i].property), list[i].value);
}

TSS_TEST(cap_bad, "capability-refused", "a capability that does not exist is refused")
{
	TPMS_CAPABILITY_DATA *data;
	TPMI_YES_NO more;

	FAILS(Esys_GetCapability(tss, NO_SESSION, 0x77, 0, 1, &more, &data),
	      RC_P(TPM2_RC_VALUE, 1));
}
