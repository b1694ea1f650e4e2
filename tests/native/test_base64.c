/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * base64 against RFC 4648, section 10, and against its own inverse.
 *
 * sources: svsm/lib/base64.c
 */
#include "tests/native/check.h"
#include "lib/base64.h"

#include <string.h>

static const struct {
	const char *bytes, *text;
} rfc[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

TEST(base64_of_the_rfc)
{
	for (size_t i = 0; i < ARRAY_LEN(rfc); i++) {
		char text[16], bytes[16] = "";

		base64_encode(text, rfc[i].bytes, strlen(rfc[i].bytes));
		CHECK_STR(text, rfc[i].text);
		CHECK_EQ(base64_decode(bytes, sizeof(bytes), rfc[i].text), strlen(rfc[i].bytes));
		CHECK_STR(bytes, rfc[i].bytes);
	}
}

TEST(base64_every_length_and_byte)
{
	unsigned char in[256], out[256];
	char text[BASE64_LENGTH(256) + 1];

	for (unsigned n = 0; n <= 256; n++) {
		for (unsigned i = 0; i < n; i++)
			in[i] = (unsigned char)(255 - i + n);
		base64_encode(text, in, n);
		CHECK_EQ(strlen(text), BASE64_LENGTH(n));
		CHECK_EQ(base64_decode(out, sizeof(out), text), n);
		CHECK(memcmp(in, out, n) == 0);
	}
}

/* RFC 4648, section 5: two other digits, and no padding, as in JSON Web Keys. */
TEST(base64_of_an_address)
{
	static const uint8_t in[] = {0xfb, 0xef, 0xff, 0xff};
	char text[16];

	base64_url_encode(text, in, 4);
	CHECK_STR(text, "--___w");
	base64_url_encode(text, in, 3);
	CHECK_STR(text, "--__");
	base64_url_encode(text, in, 0);
	CHECK_STR(text, "");
}

TEST(base64_refuses_what_is_none)
{
	static const char *const bad[] = {
		"Z",    "Zg",   "Zg=",  "Zg==Zg==",        "Z===", "====", "Zh==", "Zm9=", "Zm9v\n",
		"Zm 9", "Zm9-", "Zm=v", "\xff\xff\xff\xff"};
	unsigned char out[16];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(base64_decode(out, sizeof(out), bad[i]), (unsigned long long)-1);
	CHECK_EQ(base64_decode(out, 5, "Zm9vYmFy"), (unsigned long long)-1);
	CHECK_EQ(base64_decode(out, 6, "Zm9vYmFy"), 6);
}
