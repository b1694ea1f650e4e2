/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Accesses to memory-mapped registers: the plain moves, which is what drivers use. The physical
 * address is the nested fault's, so that only size, register and length have to be decoded.
 */
#include "bare/shim/relay.h"
#include "lib/string.h"
#include "lib/vapic/vapic.h"

#define ICR2 0x31

struct access {
	unsigned length; /* of the instruction */
	unsigned size;   /* of the memory operand */
	unsigned reg, reg_size;
	bool write, immediate, sign;
	uint64_t value; /* an immediate */
};

static uint64_t *gpr(struct vmsa *v, unsigned n)
{
	uint64_t *const r[16] = {&v->rax, &v->rcx, &v->rdx, &v->rbx, &v->rsp, &v->rbp,
				 &v->rsi, &v->rdi, &v->r8,  &v->r9,  &v->r10, &v->r11,
				 &v->r12, &v->r13, &v->r14, &v->r15};

	return r[n & 15];
}

uint64_t shim_gpr(const struct vmsa *v, unsigned n)
{
	return *gpr((struct vmsa *)(uintptr_t)v, n);
}

static uint64_t mask_of(unsigned size)
{
	return size >= 8 ? ~0ull : (1ull << size * 8) - 1;
}

/* 32 bits clear the upper half, fewer leave the rest. */
void shim_gpr_set(struct vmsa *v, unsigned n, unsigned size, uint64_t value)
{
	uint64_t *r = gpr(v, n), mask = mask_of(size);

	*r = size >= 4 ? value & mask : (*r & ~mask) | (value & mask);
}

/* Bytes of ModRM, SIB and displacement from at on; 0 when it names a register. */
static unsigned operand(const uint8_t *b, unsigned at, bool address16)
{
	unsigned mod = b[at] >> 6, rm = b[at] & 7, n = 1;

	if (mod == 3)
		return 0;
	if (address16)
		return n + (mod == 0 ? (rm == 6) * 2u : mod);
	if (rm == 4)
		rm = b[at + n++] & 7;
	if (mod == 1)
		return n + 1;
	return mod == 2 || rm == 5 ? n + 4 : n;
}

/* Prefixes, and what of them counts here. The offset of the opcode. */
static unsigned prefixes(const uint8_t *b, bool mode64, unsigned *rex, bool *o16, bool *a_other)
{
	unsigned at = 0;

	for (; at < 14; at++) {
		if (b[at] == 0x66)
			*o16 = true;
		else if (b[at] == 0x67)
			*a_other = true;
		else if (b[at] != 0x2e && b[at] != 0x36 && b[at] != 0x3e && b[at] != 0x26 &&
			 b[at] != 0x64 && b[at] != 0x65 && b[at] != 0xf0)
			break;
	}
	if (mode64 && (b[at] & 0xf0) == 0x40)
		*rex = b[at++];
	return at;
}

/* MOV and MOVZX, MOVSX with a memory operand: APM vol. 3, appendix A. False: another one. b holds
 * 32 bytes, the last of them zeroes, so that no field lies behind it. */
static bool decode(const uint8_t *b, bool mode64, bool code32, struct access *a)
{
	bool o16 = !mode64 && !code32, a_other = false;
	unsigned rex = 0, at = prefixes(b, mode64, &rex, &o16, &a_other), op = b[at], n;
	unsigned wide = rex & 8 ? 8 : o16 ? 2 : 4;
	bool address16 = !mode64 && code32 == a_other, extend = false;

	if (op >= 0xa0 && op <= 0xa3) {
		a->size = a->reg_size = op & 1 ? wide : 1;
		a->write = op & 2;
		a->length = at + 1 + (mode64 ? (a_other ? 4 : 8) : address16 ? 2 : 4);
		return true;
	}
	if (op == 0x0f) {
		op = b[++at];
		extend = op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf;
		if (!extend)
			return false;
	} else if ((op & 0xfc) != 0x88 && (op & 0xfe) != 0xc6) {
		return false;
	}
	n = operand(b, ++at, address16);
	if (!n)
		return false;
	a->reg = (b[at] >> 3 & 7) | (rex & 4) << 1;
	a->size = op & 1 ? wide : 1;
	a->reg_size = a->size;
	a->length = at + n;
	if (extend) {
		a->size = op & 1 ? 2 : 1;
		a->reg_size = wide;
		a->sign = op & 8;
		return true;
	}
	a->write = (op & 0xfe) == 0xc6 || !(op & 2);
	a->immediate = (op & 0xfe) == 0xc6;
	if (a->immediate) {
		unsigned bytes = (unsigned)MIN(a->size, 4u);
		int64_t value = 0;

		memcpy(&value, b + a->length, bytes);
		a->value = bytes == 4 ? (uint64_t)(int64_t)(int32_t)value : (uint64_t)value;
		a->length += bytes;
	}
	/* AH to BH have no name of their own here */
	return a->immediate || a->size > 1 || rex || a->reg < 4;
}

/* An INIT or SIPI is not the hypervisor's business. True: it is done. */
static bool startup(struct shim_cpu *c, uint64_t gpa, uint64_t value)
{
	unsigned reg = (unsigned)(gpa - APIC_BASE_ADDR) >> 4;

	if (gpa - APIC_BASE_ADDR >= PAGE_SIZE)
		return false;
	if (reg == ICR2)
		c->icr2 = (uint32_t)value;
	return reg == APIC_ICR && startup_icr(c, (uint32_t)value, c->icr2 >> 24, false);
}

static void write(struct shim_cpu *c, uint64_t gpa, const struct access *a)
{
	uint64_t value = a->immediate ? a->value : shim_gpr(c->vmsa, a->reg);
	struct ghcb *g;

	if (startup(c, gpa, value))
		return;
	g = relay_begin();
	memcpy(g->buffer, &value, a->size);
	GHCB_SET(g, scratch, relay_scratch());
	relay(c, g, GHCB_EXIT_MMIO_WRITE, gpa, a->size);
}

static void read(struct shim_cpu *c, uint64_t gpa, const struct access *a)
{
	struct ghcb *g = relay_begin();
	uint64_t value = ~0ull;

	GHCB_SET(g, scratch, relay_scratch());
	if (!relay(c, g, GHCB_EXIT_MMIO_READ, gpa, a->size))
		memcpy(&value, g->buffer, a->size);
	value &= mask_of(a->size);
	if (a->sign && (value >> (a->size * 8 - 1) & 1))
		value |= ~mask_of(a->size);
	shim_gpr_set(c->vmsa, a->reg, a->reg_size, value);
}

/* RIP goes on first: an NMI that comes meanwhile finds the instruction done. */
void mmio_serve(struct shim_cpu *c, uint64_t gpa)
{
	struct vmsa *v = c->vmsa;
	struct access a = {0};
	uint8_t b[32] = {0};
	uint64_t la = linear_rip(v);
	unsigned n = 15;

	while (n && !linear_read(v, la, b, n))
		n--;
	if (!n || !decode(b, linear_mode64(v), v->cs.attrib & BIT(10), &a) || a.length > n)
		shim_fail("MMIO at 0x%llx by an instruction that is no MOV: RIP 0x%llx, "
			  "%02x %02x %02x %02x",
			  (unsigned long long)gpa, (unsigned long long)v->rip, b[0], b[1], b[2],
			  b[3]);
	v->rip += a.length;
	if (a.write)
		write(c, gpa, &a);
	else
		read(c, gpa, &a);
}
