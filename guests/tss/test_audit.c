/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Audit sessions and the command audit: part 1, section 31; part 3, 18.6 and 18.7. */
#include <string.h>

#include "tss/attest.h"
#include "tss/crypto.h"
#include "tss/session.h"

/* auditDigest := H(auditDigest || cpHash || rpHash). */
static void audit(TPM2B_DIGEST *digest, const TPM2B_DIGEST *cp, const TPM2B_DIGEST *rp)
{
	uint8_t hashes[64];

	memcpy(hashes, cp->buffer, 32);
	memcpy(hashes + 32, rp->buffer, 32);
	*digest = crypto_digest2(TPM2_ALG_SHA256, digest->buffer, 32, hashes, 64);
}

/* cpHash = H(cc || parameters), rpHash = H(rc || cc || parameters) of a GetRandom of 16 bytes. */
static void audit_random(TPM2B_DIGEST *digest, const TPM2B_DIGEST *random)
{
	static const uint8_t command[] = {0, 0, 1, 0x7b, 0, 16};
	uint8_t response[] = {0, 0, 0, 0, 0, 0, 1, 0x7b, 0, 16};
	TPM2B_DIGEST cp = crypto_digest(TPM2_ALG_SHA256, command, sizeof(command));
	TPM2B_DIGEST rp = crypto_digest2(TPM2_ALG_SHA256, response, sizeof(response),
					 random->buffer, random->size);

	audit(digest, &cp, &rp);
}

static TPMS_ATTEST session_audit(const struct key *signer, ESYS_TR session)
{
	TPM2B_DATA ours = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;

	OK(Esys_GetSessionAuditDigest(tss, ESYS_TR_RH_ENDORSEMENT, signer->handle, session,
				      PASSWORD2, &ours, &attest_own_scheme, &info, &signature));
	return attest_check(info, signature, signer, TPM2_ST_ATTEST_SESSION_AUDIT, &ours);
}

TSS_TEST(audit_session, "audit-session", "the audit digest is that of the commands as we saw them")
{
	ESYS_TR session = session_hmac(ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
	struct key signer = attest_key_ecc();
	TPM2B_DIGEST want = {.size = 32}, *random;
	TPMS_ATTEST a;

	memset(want.buffer, 0, 32);
	session_flags(session, TPMA_SESSION_AUDIT);
	for (int i = 0; i < 3; i++) {
		OK(Esys_GetRandom(tss, BY(session), 16, &random));
		audit_random(&want, random);
	}
	a = session_audit(&signer, session);
	SAME(&a.attested.sessionAudit.sessionDigest, &want);
}

TSS_TEST(audit_exclusive, "audit-exclusive", "a command outside the audit session ends exclusivity")
{
	ESYS_TR session = session_hmac(ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
	struct key signer = attest_key_ecc();
	TPM2B_DIGEST *random;

	session_flags(session, TPMA_SESSION_AUDIT);
	OK(Esys_GetRandom(tss, BY(session), 16, &random));
	CHECK_EQ(session_audit(&signer, session).attested.sessionAudit.exclusiveSession, TPM2_YES);
	OK(Esys_GetRandom(tss, NO_SESSION, 16, &random));
	session_flags(session, TPMA_SESSION_AUDIT | TPMA_SESSION_AUDITEXCLUSIVE);
	FAILS(Esys_GetRandom(tss, BY(session), 16, &random), TPM2_RC_EXCLUSIVE);
	CHECK_EQ(session_audit(&signer, session).attested.sessionAudit.exclusiveSession, TPM2_NO);
}

static void audit_command(TPM2_CC cc, bool on)
{
	TPML_CC list = {.count = 1, .commandCodes = {cc}}, none = {0};

	OK(Esys_SetCommandCodeAuditStatus(tss, ESYS_TR_RH_OWNER, PASSWORD, TPM2_ALG_NULL,
					  on ? &list : &none, on ? &none : &list));
}

TSS_TEST(audit_commands, "audit-commands", "the command audit digest is signed, then starts anew")
{
	struct key signer = attest_key_ecc();
	TPM2B_DATA ours = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;
	TPM2B_DIGEST *random;
	TPMS_ATTEST first, second;

	audit_command(TPM2_CC_GetRandom, true);
	OK(Esys_GetRandom(tss, NO_SESSION, 16, &random));
	OK(Esys_GetCommandAuditDigest(tss, ESYS_TR_RH_ENDORSEMENT, signer.handle, PASSWORD2, &ours,
				      &attest_own_scheme, &info, &signature));
	first = attest_check(info, signature, &signer, TPM2_ST_ATTEST_COMMAND_AUDIT, &ours);
	CHECK(first.attested.commandAudit.auditDigest.size > 0);
	OK(Esys_GetCommandAuditDigest(tss, ESYS_TR_RH_ENDORSEMENT, signer.handle, PASSWORD2, &ours,
				      &attest_own_scheme, &info, &signature));
	second = attest_check(info, signature, &signer, TPM2_ST_ATTEST_COMMAND_AUDIT, &ours);
	audit_command(TPM2_CC_GetRandom, false);
	CHECK_EQ(second.attested.commandAudit.auditDigest.size, 0);
	SAME(&second.attested.commandAudit.commandDigest,
	     &first.attested.commandAudit.commandDigest);
}
