/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The functions that libcrypto's AES, GHASH and SHA-512 call. They are defined here, so that the
 * linker takes no more of libcrypto, and nothing of a C library. The program makes one GCM context
 * at a time, so its memory is one block.
 */
#include "services/attest/runtime.h"
#include "lib/string.h"

/* CPUID leaf 1 */
#define ECX_PCLMULQDQ BIT(1)
#define ECX_SSSE3     BIT(9)
#define EDX_FXSR      BIT(24)

/* What libcrypto may use: the bits of leaf 1, EDX before ECX; then leaf 7. AVX is not among them,
 * because ring 3 keeps no such registers. */
extern unsigned int OPENSSL_ia32cap_P[4];

static uint8_t block[1024] ALIGNED(16);
static bool taken;

void *CRYPTO_malloc(size_t size, const char *file, int line);
void CRYPTO_clear_free(void *p, size_t size, const char *file, int line);
void CRYPTO_free(void *p, const char *file, int line);
void OPENSSL_cpuid_setup(void);
NORETURN void __stack_chk_fail(void);

void *CRYPTO_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (taken || size > sizeof(block))
		return NULL;
	taken = true;
	return block;
}

void CRYPTO_clear_free(void *p, size_t size, const char *file, int line)
{
	(void)p;
	(void)size;
	(void)file;
	(void)line;
	string_wipe(block, sizeof(block));
	taken = false;
}

void CRYPTO_free(void *p, const char *file, int line)
{
	CRYPTO_clear_free(p, 0, file, line);
}

void __stack_chk_fail(void)
{
	__builtin_trap();
}

void OPENSSL_cpuid_setup(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	OPENSSL_ia32cap_P[0] = d & EDX_FXSR;
	OPENSSL_ia32cap_P[1] = c & (ECX_PCLMULQDQ | ECX_SSSE3);
}

bool runtime_start(void)
{
	OPENSSL_cpuid_setup();
	return OPENSSL_ia32cap_P[1] == (ECX_PCLMULQDQ | ECX_SSSE3);
}
