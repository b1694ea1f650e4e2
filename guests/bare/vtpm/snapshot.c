/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The project's own test protocol (abi/vtpm.h): the TPM's state is taken, and given back. */
#include "bare/vtpm/common.h"
#include "abi/service.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define BLOB     ((uint8_t *)MEM_REGION(9))
#define BLOB_MAX (SIZE_2M)

static uint32_t save(void)
{
	struct svsm_call c = {0};
	uint64_t len;

	REQUIRE_EQ(vtpm_test(KLST(VTPM_SAVE), &c), SVSM_SUCCESS);
	len = c.rcx;
	REQUIRE(len > 0 && len <= BLOB_MAX - PAGE_SIZE);
	for (uint64_t at = 0; at < len; at += PAGE_SIZE) {
		c = (struct svsm_call){.rcx = (uint64_t)BLOB + at, .rdx = at};
		REQUIRE_EQ(vtpm_test(KLST(VTPM_GET), &c), SVSM_SUCCESS);
		REQUIRE(c.rcx == PAGE_SIZE || at + c.rcx >= len);
	}
	return (uint32_t)len;
}

static uint64_t load(uint32_t len)
{
	struct svsm_call c;

	for (uint64_t at = 0; at < len; at += PAGE_SIZE) {
		c = (struct svsm_call){.rcx = (uint64_t)BLOB + at,
				       .rdx = at,
				       .r8 = MIN(len - at, (uint64_t)PAGE_SIZE)};
		REQUIRE_EQ(vtpm_test(KLST(VTPM_PUT), &c), SVSM_SUCCESS);
	}
	c = (struct svsm_call){.rcx = len};
	return vtpm_test(KLST(VTPM_LOAD), &c);
}

TEST(save_load, "save-restore", "a snapshot brings back PCRs, NV, sessions and objects",
     "keelson:test:snapshot")
{
	uint32_t len, session, key;
	struct digest pcr;
	uint64_t count;

	vtpm_fresh();
	counter_define();
	count = counter_read();
	REQUIRE_EQ(pcr_extend(0, 5), 0);
	pcr = pcr_read(5);
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 01 0010 000b", 16));
	key = make_hmac_key();
	len = save();
	CHECK_EQ(pcr_extend(0, 5), 0);
	CHECK_EQ(counter_increment(), 0);
	CHECK_EQ(flush(session), 0);
	CHECK_EQ(flush(key), 0);
	REQUIRE_EQ(load(len), SVSM_SUCCESS);
	CHECK(digest_same(pcr_read(5), pcr));
	CHECK_EQ(counter_read(), count);
	CHECK_EQ(tpm(0, "00000189 %4", session), 0); /* PolicyGetDigest */
	CHECK_EQ(tpm(0, "00000155 %4 @pw [ %s ] 000b", key, "data"), 0);
	CHECK_EQ(flush(session), 0);
	CHECK_EQ(flush(key), 0);
	still_works();
}

TEST(save_other, "save-other-tpm", "a snapshot survives that the TPM was cleared and reset",
     "keelson:test:snapshot")
{
	uint32_t len;
	uint64_t count;

	vtpm_fresh();
	counter_define();
	count = counter_read();
	len = save();
	vtpm_fresh();
	CHECK_EQ(tpm(0, "00000169 01800001"), TPM_RC_H1_HANDLE);
	REQUIRE_EQ(load(len), SVSM_SUCCESS);
	CHECK_EQ(counter_read(), count);
	vtpm_reset(); /* the state that was given is the one that lasts */
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	CHECK_EQ(counter_read(), count);
	CHECK_EQ(tpm(0, "00000122 %4 01800001 @pw", OWNER), 0);
}

TEST(load_bad, "restore-bad", "what is no snapshot is refused and the TPM goes on as it was",
     "keelson:test:snapshot")
{
	uint32_t len;
	struct digest pcr;

	vtpm_fresh();
	REQUIRE_EQ(pcr_extend(0, 5), 0);
	pcr = pcr_read(5);
	len = save();
	test_case("empty");
	CHECK_NE(load(0), SVSM_SUCCESS);
	test_case("cut");
	CHECK_NE(load(len - 1), SVSM_SUCCESS);
	CHECK_NE(load(len / 2), SVSM_SUCCESS);
	for (unsigned i = 0; i < 40; i++) {
		uint32_t at = i < 20 ? i : i * (len / 41);

		test_case("byte %u of %u", at, len);
		BLOB[at] ^= 0x40;
		CHECK_NE(load(len), SVSM_SUCCESS);
		BLOB[at] ^= 0x40;
	}
	CHECK(digest_same(pcr_read(5), pcr));
	test_case("as it was");
	CHECK_EQ(load(len), SVSM_SUCCESS);
	CHECK(digest_same(pcr_read(5), pcr));
	still_works();
}

TEST(test_bounds, "test-bounds", "the test protocol checks offsets, lengths and pages",
     "keelson:test:bounds")
{
	struct svsm_call c;

	vtpm_fresh();
	save();
	c = (struct svsm_call){.rcx = MEM_SVSM, .rdx = 0};
	CHECK_EQ(vtpm_test(KLST(VTPM_GET), &c), SVSM_ERR_INVALID_ADDRESS);
	c = (struct svsm_call){.rcx = (uint64_t)BLOB, .rdx = ~0ull};
	CHECK_EQ(vtpm_test(KLST(VTPM_GET), &c), SVSM_ERR_INVALID_PARAMETER);
	c = (struct svsm_call){.rcx = MEM_SVSM, .rdx = 0, .r8 = 16};
	CHECK_EQ(vtpm_test(KLST(VTPM_PUT), &c), SVSM_ERR_INVALID_ADDRESS);
	c = (struct svsm_call){.rcx = (uint64_t)BLOB, .rdx = 0, .r8 = PAGE_SIZE + 1};
	CHECK_EQ(vtpm_test(KLST(VTPM_PUT), &c), SVSM_ERR_INVALID_PARAMETER);
	c = (struct svsm_call){.rcx = (uint64_t)BLOB, .rdx = ~0ull, .r8 = 1};
	CHECK_EQ(vtpm_test(KLST(VTPM_PUT), &c), SVSM_ERR_INVALID_PARAMETER);
	c = (struct svsm_call){.rcx = ~0ull};
	CHECK_EQ(vtpm_test(KLST(VTPM_LOAD), &c), SVSM_ERR_INVALID_PARAMETER);
	c = (struct svsm_call){.rcx = MEM_SVSM, .rdx = 0};
	CHECK_EQ(vtpm_test(KLST(VTPM_EK), &c), SVSM_ERR_INVALID_ADDRESS);
	c = (struct svsm_call){.rcx = (uint64_t)BLOB, .rdx = VTPM_KEYS};
	CHECK_NE(vtpm_test(KLST(VTPM_EK), &c), SVSM_SUCCESS);
	still_works();
}
