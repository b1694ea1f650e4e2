/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A flattened device tree, version 17: Devicetree Specification 0.4, chapter 5. It says what QEMU's
 * branch for SVSMs says (coconut-svsm/qemu, hw/i386/x86_dt_common.c): which VMPL the machine's
 * devices belong to, and a node for each virtio-mmio device of another one, of which this machine
 * has none. Memory and CPUs are not in it, because an SVSM learns of them otherwise.
 */
#include "machine/load/make_device_tree.h"
#include "lib/string.h"

#define FDT_MAGIC        0xd00dfeedu
#define FDT_VERSION      17u
#define FDT_LAST_VERSION 16u /* the oldest one that a reader of this may know */
#define FDT_BEGIN_NODE   1u
#define FDT_END_NODE     2u
#define FDT_PROP         3u
#define FDT_END          9u
#define HEADER_SIZE      40u
#define RESERVED_SIZE    16u /* no memory is reserved: the entry that ends the list */

#define DEVICE_VMPL      2u

/* The root's properties: a text, or one cell. */
static const struct property {
	const char *name, *text;
	uint32_t cell;
} properties[] = {
	{"compatible", "svsm", 0},
	{"#address-cells", NULL, 2},
	{"#size-cells", NULL, 2},
	{"device-plane", NULL, DEVICE_VMPL},
};

static uint32_t value_size(const struct property *p)
{
	return p->text ? (uint32_t)strlen(p->text) + 1 : sizeof(uint32_t);
}

/* The root node, which has no name, and the end of the tree. */
static uint32_t struct_size(void)
{
	uint32_t size = 4 * sizeof(uint32_t);

	for (unsigned i = 0; i < ARRAY_LEN(properties); i++)
		size += 3 * sizeof(uint32_t) + ALIGN_UP(value_size(&properties[i]), 4);
	return size;
}

static uint32_t strings_size(void)
{
	uint32_t size = 0;

	for (unsigned i = 0; i < ARRAY_LEN(properties); i++)
		size += (uint32_t)strlen(properties[i].name) + 1;
	return size;
}

/* Cells are big-endian. */
static uint8_t *put_cell(uint8_t *p, uint32_t v)
{
	uint32_t swapped = __builtin_bswap32(v);

	memcpy(p, &swapped, sizeof(swapped));
	return p + sizeof(swapped);
}

static uint8_t *put_bytes(uint8_t *p, const void *data, uint32_t size, uint32_t room)
{
	memset(p, 0, room);
	memcpy(p, data, size);
	return p + room;
}

static uint8_t *put_header(uint8_t *p)
{
	uint32_t tree = HEADER_SIZE + RESERVED_SIZE, strings = tree + struct_size();
	const uint32_t words[] = {
		FDT_MAGIC,   strings + strings_size(), tree, strings,        HEADER_SIZE,
		FDT_VERSION, FDT_LAST_VERSION,         0,    strings_size(), struct_size(),
	};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		p = put_cell(p, words[i]);
	memset(p, 0, RESERVED_SIZE);
	return p + RESERVED_SIZE;
}

/* name: where the property's name begins among the strings */
static uint8_t *put_property(uint8_t *p, const struct property *d, uint32_t name)
{
	uint32_t size = value_size(d);

	p = put_cell(p, FDT_PROP);
	p = put_cell(p, size);
	p = put_cell(p, name);
	return d->text ? put_bytes(p, d->text, size, ALIGN_UP(size, 4)) : put_cell(p, d->cell);
}

static uint8_t *put_root(uint8_t *p)
{
	uint32_t name = 0;

	p = put_cell(p, FDT_BEGIN_NODE);
	p = put_cell(p, 0);
	for (unsigned i = 0; i < ARRAY_LEN(properties); i++) {
		p = put_property(p, &properties[i], name);
		name += (uint32_t)strlen(properties[i].name) + 1;
	}
	p = put_cell(p, FDT_END_NODE);
	return put_cell(p, FDT_END);
}

uint32_t make_device_tree(uint8_t *p)
{
	if (p)
		p = put_root(put_header(p));
	for (unsigned i = 0; p && i < ARRAY_LEN(properties); i++) {
		uint32_t size = (uint32_t)strlen(properties[i].name) + 1;

		p = put_bytes(p, properties[i].name, size, size);
	}
	return HEADER_SIZE + RESERVED_SIZE + struct_size() + strings_size();
}
