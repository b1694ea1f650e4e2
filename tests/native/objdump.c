/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "tests/native/objdump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The general register of this name in encoding order. */
static int general(const char *name)
{
	static const char *const names[][8] = {
		{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"},
		{"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"},
		{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"}};

	for (unsigned s = 0; s < ARRAY_LEN(names); s++)
		for (unsigned r = 0; r < 8; r++)
			if (!strcmp(name, names[s][r]))
				return (int)r;
	return name[0] == 'r' && name[1] >= '0' && name[1] <= '9' ? atoi(name + 1) : -1;
}

static uint8_t accumulator(const char *name)
{
	return !strcmp(name, "al") ? 1 : !strcmp(name, "ax") ? 2 : !strcmp(name, "eax") ? 4 : 0;
}

/* (%rsi), (%esi), (%si) and the same of RDI */
static uint8_t index_size(const char *operand)
{
	const char *r = strchr(operand, '(');

	return !r ? 0 : r[2] == 'r' ? 8 : r[2] == 'e' ? 4 : 2;
}

static uint8_t segment_of(const char *operand)
{
	static const char names[] = "es cs ss ds fs gs ";

	for (uint8_t s = INSN_ES; s <= INSN_GS; s++)
		if (operand[0] == '%' && !strncmp(operand + 1, names + 3 * s, 2))
			return s;
	return 0xff;
}

static const struct {
	const char *name;
	enum insn_kind kind;
} plain[] = {
	{"cpuid", INSN_CPUID},         {"rdmsr", INSN_RDMSR},         {"wrmsr", INSN_WRMSR},
	{"rdtsc", INSN_RDTSC},         {"rdtscp", INSN_RDTSCP},       {"rdpmc", INSN_RDPMC},
	{"invd", INSN_INVD},           {"wbinvd", INSN_WBINVD},       {"wbnoinvd", INSN_WBNOINVD},
	{"monitor", INSN_MONITOR},     {"mwait", INSN_MWAIT},         {"hlt", INSN_HLT},
	{"pause", INSN_PAUSE},         {"vmmcall", INSN_VMMCALL},     {"vmgexit", INSN_VMGEXIT},
	{"pvalidate", INSN_PVALIDATE}, {"rmpadjust", INSN_RMPADJUST}, {"rmpquery", INSN_RMPQUERY},
	{"invlpgb", INSN_INVLPGB},     {"tlbsync", INSN_TLBSYNC},     {"clts", INSN_CLTS},
};

static void read_port(struct insn *i, const char *operand)
{
	i->by_dx = !strcmp(operand, "(%dx)");
	i->port = i->by_dx ? 0 : (uint8_t)strtoul(operand + 1, NULL, 16);
}

/* MOV to or from a control or debug register. */
static void read_special(struct insn *i, const char *from, const char *to)
{
	bool writes = !strncmp(to, "%cr", 3) || !strncmp(to, "%db", 3);
	const char *special = writes ? to : from, *other = writes ? from : to;
	bool cr = !strncmp(special, "%cr", 3);

	if (!cr && strncmp(special, "%db", 3))
		return;
	i->kind = cr ? (writes ? INSN_MOV_TO_CR : INSN_MOV_FROM_CR)
		     : (writes ? INSN_MOV_TO_DR : INSN_MOV_FROM_DR);
	i->reg = (uint8_t)atoi(special + 3);
	i->rm = (uint8_t)general(other + 1);
}

/* An instruction without its prefixes: "outsb", "%ds:(%rsi)", "(%dx)". */
static struct insn read_words(const char *name, const char *a, const char *b)
{
	struct insn i = {.kind = INSN_UNKNOWN};
	size_t n = strlen(name);

	for (unsigned k = 0; k < ARRAY_LEN(plain); k++)
		if (!strcmp(name, plain[k].name))
			i.kind = plain[k].kind;
	if (i.kind == INSN_MONITOR) /* %rax,%ecx,%edx */
		i.address = a[1] == 'r' ? 8 : a[1] == 'e' ? 4 : 2;
	if (!strcmp(name, "in")) {
		i = (struct insn){.kind = INSN_IN, .width = accumulator(b + 1)};
		read_port(&i, a);
	} else if (!strcmp(name, "out")) {
		i = (struct insn){.kind = INSN_OUT, .width = accumulator(a + 1)};
		read_port(&i, b);
	} else if (n == 4 && !strncmp(name, "ins", 3)) {
		i = (struct insn){.kind = INSN_INS, .by_dx = true, .address = index_size(b)};
		i.segment = segment_of(b);
	} else if (n == 5 && !strncmp(name, "outs", 4)) {
		i = (struct insn){.kind = INSN_OUTS, .by_dx = true, .address = index_size(a)};
		i.segment = segment_of(a);
	} else if (!strcmp(name, "lmsw") && general(a + 1) >= 0) {
		i = (struct insn){.kind = INSN_LMSW, .rm = (uint8_t)general(a + 1)};
	} else if (!strcmp(name, "mov")) {
		read_special(&i, a, b);
	}
	if (i.kind == INSN_INS || i.kind == INSN_OUTS)
		i.width = name[n - 1] == 'b' ? 1 : name[n - 1] == 'w' ? 2 : 4;
	return i;
}

static bool exists(const struct insn *i)
{
	if (i->kind == INSN_MOV_TO_CR || i->kind == INSN_MOV_FROM_CR)
		return i->reg == 0 || i->reg == 2 || i->reg == 3 || i->reg == 4 || i->reg == 8;
	return i->reg < 8;
}

/* Prefixes that objdump prints as words of their own, and what they say. */
struct said {
	bool lock, repeat, address;
};

static bool is_prefix_word(const char *w, struct said *s)
{
	static const char *const idle[] = {"data16", "data32", "cs", "ss", "ds", "es", "fs", "gs"};

	if (!strcmp(w, "lock"))
		return s->lock = true;
	if (!strcmp(w, "rep") || !strcmp(w, "repz") || !strcmp(w, "repnz"))
		return s->repeat = true;
	if (!strcmp(w, "addr32") || !strcmp(w, "addr16"))
		return s->address = true;
	for (unsigned k = 0; k < ARRAY_LEN(idle); k++)
		if (!strcmp(w, idle[k]))
			return true;
	return !strncmp(w, "rex", 3);
}

struct objdump_verdict objdump_read(char *text, enum insn_mode mode)
{
	static char none[] = "";
	struct said said = {false};
	char *word = strtok(text, " \t\n"), *a, *b;
	struct objdump_verdict v = {.bad = false};
	struct insn *i = &v.i;
	bool cr;

	while (word && is_prefix_word(word, &said))
		word = strtok(NULL, " \t\n");
	if (!word || !strcmp(word, "(bad)"))
		return (struct objdump_verdict){.bad = true};
	a = strtok(NULL, " \t\n");
	a = a ? a : none;
	b = strrchr(a, ',');
	if (b)
		*b++ = 0;
	*i = read_words(word, a, b ? b : none);
	if (i->kind == INSN_UNKNOWN)
		return v;
	cr = i->kind == INSN_MOV_TO_CR || i->kind == INSN_MOV_FROM_CR;
	if (!i->address)
		i->address = said.address ? (mode == INSN_MODE32 ? 2 : 4) : mode;
	i->repeat = said.repeat && (i->kind == INSN_INS || i->kind == INSN_OUTS);
	if (cr && said.lock)
		i->reg |= 8;
	if ((said.lock && !cr) || !exists(i))
		i->kind = INSN_UNDEFINED;
	return v;
}

/* "  1f:\t66 0f a2             \tdata16 cpuid" */
static void read_line(char *line, objdump_line_fn *fn)
{
	char *colon = strstr(line, ":\t"), *text = colon ? strchr(colon + 2, '\t') : NULL;
	unsigned length = 0;

	if (!colon)
		return;
	for (const char *c = colon + 2; *c && *c != '\t' && *c != '\n'; c++)
		length += *c != ' ';
	line[strcspn(line, "\n")] = 0;
	fn(strtoul(line, NULL, 16), length / 2, text ? text + 1 : NULL);
}

bool objdump_lines(const char *machine, const char *path, objdump_line_fn *fn)
{
	char command[256], line[512];
	FILE *f;

	snprintf(command, sizeof(command), "objdump -D -w -z -b binary -m %s %s", machine, path);
	f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f))
		read_line(line, fn);
	return f && !pclose(f);
}
