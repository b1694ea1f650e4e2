/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Reading a script: the contract is in script.h. A line that it does not know is passed over. */
#include "lib/script/script.h"
#include "lib/string.h"

void script_open(struct script *s, const char *text)
{
	*s = (struct script){.text = text, .at = text};
}

/* The rest of a line that begins with the word, or NULL. */
static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0)
		return NULL;
	return line[n] == ' ' ? line + n + 1 : line[n] == '\n' || !line[n] ? line + n : NULL;
}

static const char *next_line(const char *p)
{
	while (*p && *p != '\n')
		p++;
	return *p ? p + 1 : p;
}

/* A line up to its end, or up to `stop`, without its escapes; where it stopped. */
static const char *unescape(const char *p, char stop, char *to, size_t size)
{
	size_t n = 0;

	for (; *p && *p != '\n' && *p != stop; p++) {
		char c = *p;

		if (c == '\\' && p[1] && p[1] != '\n')
			c = *++p == 'n' ? '\n' : *p;
		if (n + 1 < size)
			to[n++] = c;
	}
	to[n] = 0;
	return p;
}

static void make(struct control_frame *f, uint8_t type, const char *line)
{
	f->type = type;
	f->seq = 0;
	unescape(line, '\n', f->payload, sizeof(f->payload));
	f->length = (uint16_t)strlen(f->payload);
}

/* False: the line is no frame, or not one for now. */
static bool take(const struct script *s, const char *line, struct control_frame *f)
{
	static const struct {
		const char *word;
		uint8_t type;
	} words[] = {{"LIST", CONTROL_LIST}, {"RUN", CONTROL_RUN}, {"EXEC", CONTROL_EXEC}};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		const char *payload = after(line, words[i].word);

		if (!payload || (words[i].type == CONTROL_EXEC && s->failed))
			continue;
		make(f, words[i].type, payload);
		return true;
	}
	return false;
}

void script_next(struct script *s, struct control_frame *f)
{
	while (*s->at) {
		const char *line = s->at;

		s->at = next_line(line);
		if (take(s, line, f))
			return;
	}
	make(f, s->over ? CONTROL_BYE_ACK : CONTROL_BYE, "");
	s->over = true;
}

static void copy(char *to, size_t size, const char *from)
{
	size_t n = MIN(strlen(from), size - 1);

	memcpy(to, from, n);
	to[n] = 0;
}

/* What the host does and only says "ok" to, as far as the target can know. */
static bool is_noted(const char *request)
{
	static const char *const verbs[] = {"reset", "end\t", "file\tput "};

	for (unsigned i = 0; i < ARRAY_LEN(verbs); i++)
		if (strncmp(request, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

bool script_answer(const struct script *s, const char *request, char *answer, size_t size)
{
	char key[64];

	for (const char *line = s->text; *line; line = next_line(line)) {
		const char *p = after(line, "ANSWER");

		if (!p || *(p = unescape(p, '=', key, sizeof(key))) != '=' || strcmp(key, request))
			continue;
		unescape(p + 1, '\n', answer, size);
		return true;
	}
	if (strncmp(request, "echo", 4) == 0) {
		copy(answer, size, request[4] ? request + 5 : "");
		return true;
	}
	copy(answer, size, is_noted(request) ? "ok" : "error: the host is not asked");
	return is_noted(request);
}

/* Up to the end of the pattern, which is a tab or NUL. After a star that does not fit, the last
 * star takes one character more: no recursion. */
static bool fits(const char *p, const char *name)
{
	const char *star = NULL, *from = NULL;

	for (;;) {
		if (*p == '*') {
			star = ++p;
			from = name;
		} else if ((!*p || *p == '\t') && !*name) {
			return true;
		} else if (*name && (*p == '?' || *p == *name) && *p != '\t') {
			p++;
			name++;
		} else if (star && *from) {
			p = star;
			name = ++from;
		} else {
			return false;
		}
	}
}

bool script_wants(const char *patterns, const char *name)
{
	for (const char *p = patterns;; p++) {
		if (fits(p, name))
			return true;
		while (*p && *p != '\t')
			p++;
		if (!*p)
			return false;
	}
}
