/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The parser's own: the rules of the format, a row a header type. A check gets the iterator as it
 * stands before the header, and notes there what later headers need. IGVM_OK, or what is wrong; no
 * locks.
 */
#include "lib/igvm/igvm.h"

#define IGVM_NO_MASK 0xff

struct igvm_rule {
	uint16_t type;
	uint16_t length; /* of the body, in bytes */
	uint8_t mask_at; /* offset of the compatibility mask in the body, or IGVM_NO_MASK */
	enum igvm_error (*check)(struct igvm_iter *it, const void *body); /* may be NULL */
	const char *name;
};

/* type without IGVM_OPTIONAL; NULL: an unknown one. */
const struct igvm_rule *igvm_rule_of(uint32_t type);

/* These bytes lie in the file's data section. */
enum igvm_error igvm_check_data(const struct igvm_iter *it, uint32_t offset, uint64_t size);
/* gpa is aligned to align, size is one of pages, and all of it lies below IGVM_MAX_GPA. */
enum igvm_error igvm_check_range(uint64_t gpa, uint64_t size, uint64_t align);
bool igvm_all_zero(const uint8_t *p, size_t n);

/* ---- igvm_area.c ---- */
enum igvm_error igvm_check_area(struct igvm_iter *it, const void *body);
enum igvm_error igvm_check_u32(struct igvm_iter *it, const void *body); /* a parameter of 4 bytes */
/* A parameter whose size only the loader knows: it checks that the table fits. */
enum igvm_error igvm_check_table(struct igvm_iter *it, const void *body);
enum igvm_error igvm_check_insert(struct igvm_iter *it, const void *body);
