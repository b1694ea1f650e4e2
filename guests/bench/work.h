/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What is measured: TPM commands, the same bytes for both ways. */
#include "bench/way.h"

struct work {
	const char *name;
	bool slow; /* generates an RSA key */
	/* The key that the command uses, by its own name; NULL: none. */
	const char *key;
	/* n: the repetition, for works that must differ each time. */
	void (*command)(struct message *m, uint32_t key, unsigned n);
	/* The response starts with the handle of a new object, to be flushed (not measured). */
	bool makes_object;
	/* Same state and same command give the same response: it holds no time and no signature. */
	bool same;
};

extern const struct work work_list[];
extern const unsigned work_count;

void work_key(struct message *m, const char *name); /* the CreatePrimary of such a key */
void work_flush(struct message *m, uint32_t handle);
/* First handle of a response, after checking that it is a success; 0 with external_fail(). */
uint32_t work_handle(const uint8_t *response, uint32_t len);
bool work_succeeded(const uint8_t *response, uint32_t len);
