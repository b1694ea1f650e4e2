/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Internal to the parser: the rules of the format, one row per type of header. A check gets the
 * iterator as it is before the header, and notes in it what later headers need. It returns IGVM_OK
 * or what is wrong. No locks.
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

/* The row of a type (without IGVM_OPTIONAL); NULL: unknown. */
const struct igvm_rule *igvm_rule_of(uint32_t type);

/* These bytes must lie in the file's data section. */
enum igvm_error igvm_check_data(const struct igvm_iter *it, uint32_t offset, uint64_t size);
/* gpa must be aligned to align, size must be whole pages, and all of it must lie below
 * IGVM_MAX_GPA. */
enum igvm_error igvm_check_range(uint64_t gpa, uint64_t size, uint64_t align);
bool igvm_all_zero(const uint8_t *p, size_t n);

/* ---- igvm_area.c ---- */
enum igvm_error igvm_check_area(struct igvm_iter *it, const void *body);
enum igvm_error igvm_check_u32(struct igvm_iter *it, const void *body); /* a parameter of 4 bytes */
/* A parameter whose size only the loader knows: it checks that the table fits. */
enum igvm_error igvm_check_table(struct igvm_iter *it, const void *body);
enum igvm_error igvm_check_insert(struct igvm_iter *it, const void *body);
