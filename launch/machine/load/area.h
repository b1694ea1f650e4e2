/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Parameter areas between their declaration and their insertion. */
#include "machine/load/source.h"

#define LOADER_AREA_PAGES 64 /* the largest area accepted */

struct loader_areas {
	unsigned count;
	struct loader_area {
		uint32_t index;
		uint32_t size;
		uint8_t *data; /* monitor pages */
	} area[IGVM_MAX_AREAS];
};

void area_declare(const struct loader *l, struct loader_areas *a, const struct igvm_header *h);
/* Writes the parameter; true when its type is one this loader offers. */
bool area_fill(struct loader_areas *a, const struct igvm_header *h);
/* The area's contents, by index; never NULL after loader_check. */
struct loader_area *area_find(struct loader_areas *a, uint32_t index);
void area_free(struct loader_areas *a);
/* Bytes that a parameter of this type takes here; 0 when this loader does not offer it. */
uint32_t area_parameter_size(uint32_t type);
