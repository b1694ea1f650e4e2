/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's initial memory as the builder collects it, and the IGVM file made of it. The same
 * input always gives the same bytes: pages are written in ascending order, nothing depends on time
 * or paths.
 */
#include "abi/igvm.h"
#include "abi/vmsa.h"
#include "harness/igvm/blob.h"

#define IMAGE_ZERO   (~(size_t)0)
#define IMAGE_PARAMS 8
#define IMAGE_RANGES 4

struct image_page {
	uint64_t gpa;
	size_t data;   /* offset in image.data, or IMAGE_ZERO */
	uint16_t type; /* enum igvm_page_type */
};

struct image {
	struct image_page *pages;
	size_t count, room;
	struct blob data;
	struct image_param {
		uint32_t type; /* enum igvm_type of a parameter */
		uint64_t gpa;
		uint64_t size; /* bytes it may take */
	} params[IMAGE_PARAMS];
	unsigned param_count;
	struct image_range {
		uint64_t gpa, size;
	} required[IMAGE_RANGES];
	unsigned required_count;
	uint64_t policy;
	struct vmsa vmsa;
};

/* Measured pages with these contents from gpa (page aligned) on; the last page is padded with
 * zeroes. */
void image_add(struct image *m, uint64_t gpa, const void *data, size_t size);
/* A page that the loader or the security processor fills, in place of one added before, if any. */
void image_special(struct image *m, uint64_t gpa, enum igvm_page_type type);
/* Overwrites a page added before, or adds it. */
void image_replace(struct image *m, uint64_t gpa, const void *page);
/* A host parameter of at most size bytes at gpa; pages added before at that place are dropped. */
void image_param(struct image *m, enum igvm_type type, uint64_t gpa, uint64_t size);
void image_require(struct image *m, uint64_t gpa, uint64_t size);
/* Makes the file. False, and said why, when pages overlap. The caller frees *out. */
bool image_write(struct image *m, struct blob *out);
void image_free(struct image *m);
