/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "tests/native/objdump_move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* %al, %ah, %sil, %r9b, %ax, %r9w, %eax, %r9d, %rax, %r9, %rip, %riz */
static bool read_register(const char *name, uint8_t *reg, uint8_t *width, bool *high)
{
	static const char *const names[] = {"al",  "cl",  "dl",  "bl",  "spl", "bpl", "sil", "dil",
					    "ax",  "cx",  "dx",  "bx",  "sp",  "bp",  "si",  "di",
					    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
					    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"};
	static const char *const highs[] = {"ah", "ch", "dh", "bh"};
	char *end = NULL;

	*high = false;
	for (unsigned k = 0; k < ARRAY_LEN(names); k++)
		if (!strcmp(name, names[k])) {
			*reg = k % 8;
			*width = (uint8_t)(1 << k / 8);
			return true;
		}
	for (unsigned k = 0; k < ARRAY_LEN(highs); k++)
		if (!strcmp(name, highs[k])) {
			*reg = (uint8_t)k;
			*width = 1;
			return *high = true;
		}
	if (name[0] != 'r' || name[1] < '0' || name[1] > '9')
		return false;
	*reg = (uint8_t)strtoul(name + 1, &end, 10);
	*width = *end == 'b' ? 1 : *end == 'w' ? 2 : *end == 'd' ? 4 : 8;
	return true;
}

static uint64_t number(const char *text, char **end)
{
	bool negative = *text == '-';
	uint64_t value = strtoull(text + negative, end, 16);

	return negative ? -value : value;
}

static uint8_t address_register(const char *name)
{
	uint8_t reg, width;
	bool high;

	if (!strcmp(name, "rip") || !strcmp(name, "eip"))
		return INSN_RIP;
	return read_register(name, &reg, &width, &high) ? reg : INSN_NO_REG;
}

/* "%fs:-0x80(%rax,%r12,8)", "0x10(,%eiz,1)", "0xfec00000" */
static void read_memory(struct insn_move *i, char *text)
{
	char *inner, *field;

	i->segment = INSN_DS;
	if (!strncmp(text, "%fs:", 4) || !strncmp(text, "%gs:", 4)) {
		i->segment = text[1] == 'f' ? INSN_FS : INSN_GS;
		text += 4;
	}
	i->displacement = (int64_t)number(text, &inner);
	i->base = i->index = INSN_NO_REG;
	if (*inner != '(')
		return;
	inner[strcspn(inner, ")")] = 0;
	inner++;
	field = strsep(&inner, ",");
	if (*field)
		i->base = address_register(field + 1);
	field = strsep(&inner, ",");
	if (field)
		i->index = address_register(field + 1);
	field = strsep(&inner, ",");
	for (unsigned scale = field ? (unsigned)atoi(field) : 1; scale > 1; scale /= 2)
		i->scale++;
}

/* Of "movzwl", "movq": the bytes that its n-th letter names. */
static uint8_t suffix(const char *name, unsigned n)
{
	switch (strlen(name) > n ? name[n] : 0) {
	case 'b':
		return 1;
	case 'w':
		return 2;
	case 'l':
		return 4;
	case 'q':
		return 8;
	default:
		return 0;
	}
}

static bool is_memory(const char *operand)
{
	return *operand && *operand != '$' && (*operand != '%' || operand[3] == ':');
}

/* Between a and b, one of which is memory; the other a general register or an immediate. */
static bool read_move(struct insn_move *i, const char *name, char *a, char *b)
{
	char *end, *other;

	i->store = is_memory(b);
	other = i->store ? a : b;
	if (is_memory(a) == i->store)
		return false;
	read_memory(i, i->store ? b : a);
	if (*other == '$') {
		i->is_immediate = true;
		i->width = suffix(name, 3);
		i->immediate = number(other + 1, &end);
		return i->width;
	}
	if (!read_register(other + 1, &i->reg, &i->reg_width, &i->high))
		return false; /* a segment register */
	i->width = strncmp(name, "movz", 4) ? i->reg_width : suffix(name, 4);
	return i->width;
}

/* The comma between operands. */
static char *split(char *text)
{
	char *paren = strchr(text, ')'), *comma = strrchr(text, ',');

	if (paren && comma && comma < paren)
		comma = NULL; /* inside */
	if (paren && strchr(text, ',') < strchr(text, '('))
		comma = strchr(text, ',');
	if (comma)
		*comma++ = 0;
	return comma;
}

static bool is_ours(const char *name)
{
	return !strcmp(name, "mov") || !strcmp(name, "movabs") ||
	       (!strncmp(name, "mov", 3) && strlen(name) == 4 && suffix(name, 3)) ||
	       (!strncmp(name, "movz", 4) && strlen(name) == 6);
}

static bool is_prefix(const char *word)
{
	static const char words[] = " data16 addr32 cs ss ds es fs gs ";
	char padded[32];

	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(words, padded) || !strncmp(word, "rex", 3);
}

struct insn_move objdump_read_move(char *text)
{
	struct insn_move i = {.length = 0};
	char *name, *a, *b;

	text[strcspn(text, "#")] = 0; /* where RIP-relative leads */
	name = strtok(text, " \t");
	while (name && is_prefix(name))
		name = strtok(NULL, " \t");
	a = strtok(NULL, " \t");
	b = a ? split(a) : NULL;
	if (name && b && is_ours(name) && read_move(&i, name, a, b))
		i.length = 1;
	return i;
}
