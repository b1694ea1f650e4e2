/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A log from its end. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/html.h"

#define LAST_WORDS (64u << 10) /* bytes in which lines that tell are looked for */
#define TAIL_MOST  4096u       /* bytes of last words */
#define TELLING    8           /* lines */
#define LINE_MOST  400u        /* bytes of such a line */

/* A piece of a file: its last bytes, read as one text. */
struct piece {
	char *text;
	size_t n;
	off_t before; /* bytes of the file that come before it */
};

static bool read_end(struct piece *p, const char *path, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got = -1;

	*p = (struct piece){0};
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		p->before = st.st_size > (off_t)most ? st.st_size - (off_t)most : 0;
		p->text = mem_alloc(most + 1);
		got = pread(fd, p->text, most, p->before);
	}
	close(fd);
	p->n = got > 0 ? (size_t)got : 0;
	return p->n > 0;
}

/* Words of our own and of Linux's, OVMF's and QEMU's that come at an end, or shortly before. */
bool excerpt_telling(const char *line, size_t n)
{
	static const char *const words[] = {
		"panic",        "exit: ",     "fault: ",    "BUG:",     "Oops",        "FAIL",
		"error:",       "terminated", "Call Trace", "segfault", "DMA: device", "where: ",
		"triple fault", "ASSERT",     "not ok",     "Error ",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (memmem(line, n, words[i], strlen(words[i])))
			return true;
	return false;
}

static size_t without_returns(const char *line, size_t n)
{
	while (n && line[n - 1] == '\r')
		n--;
	return n;
}

/* Each line by itself, since a mark never spans two. */
static void lines_of(FILE *f, const char *text, size_t n)
{
	for (size_t at = 0, len; at < n; at += len + 1) {
		const char *end = memchr(text + at, '\n', n - at);
		bool telling;

		len = end ? (size_t)(end - (text + at)) : n - at;
		telling = excerpt_telling(text + at, len);
		fputs(telling ? "<mark>" : "", f);
		html_bytes(f, text + at, without_returns(text + at, len));
		fputs(telling ? "</mark>\n" : "\n", f);
	}
}

/* A region that can scroll takes the keyboard's focus, so that it scrolls without a mouse, too. */
void excerpt_text(FILE *f, const char *text, size_t n)
{
	fputs("<pre tabindex=\"0\">", f);
	lines_of(f, text, n);
	fputs("</pre>\n", f);
}

/* Where the last lines of a text begin. */
static size_t last_lines(const char *text, size_t n, unsigned lines)
{
	size_t at = n && text[n - 1] == '\n' ? n - 1 : n;

	for (; at > 0; at--)
		if (text[at - 1] == '\n' && --lines == 0)
			break;
	return at;
}

static void tell_cut(FILE *f, off_t left_out, const char *but)
{
	if (!left_out)
		return;
	fputs("<p class=\"cut\">Cut: of the first ", f);
	html_size(f, (double)left_out);
	fprintf(f, " %s.</p>\n", but);
}

bool excerpt(FILE *f, const char *path, unsigned lines, size_t bytes)
{
	struct piece p;
	size_t from;

	if (!read_end(&p, path, bytes))
		return free(p.text), false;
	from = last_lines(p.text, p.n, lines);
	tell_cut(f, p.before + (off_t)from, "nothing is shown");
	excerpt_text(f, p.text + from, p.n - from);
	free(p.text);
	return true;
}

/* Up to TELLING lines of the text that tell, each with the one before it, which often says what led
 * to it; whole ones, since the first may be cut. */
static void telling_lines(FILE *f, const char *text, size_t n)
{
	struct {
		const char *at;
		size_t n;
	} before = {NULL, 0};
	unsigned told = 0;

	for (size_t at = 0, len; at < n && told < TELLING; at += len + 1) {
		const char *end = memchr(text + at, '\n', n - at);

		len = end ? (size_t)(end - (text + at)) : n - at;
		if (excerpt_telling(text + at, MIN(len, LINE_MOST))) {
			lines_of(f, before.at, before.n);
			lines_of(f, text + at, MIN(len, LINE_MOST));
			told++;
		}
		before.at = text + at;
		before.n =
			excerpt_telling(before.at, MIN(len, LINE_MOST)) ? 0 : MIN(len, LINE_MOST);
	}
	fputs(told ? "...\n" : "", f);
}

bool excerpt_last_words(FILE *f, const char *path, unsigned lines)
{
	struct piece p;
	size_t from;

	if (!read_end(&p, path, LAST_WORDS))
		return free(p.text), false;
	from = last_lines(p.text, p.n, lines);
	from = MAX(from, p.n > TAIL_MOST ? p.n - TAIL_MOST : 0);
	tell_cut(f, p.before + (off_t)from, "only what tells of an end is shown");
	fputs("<pre tabindex=\"0\">", f);
	telling_lines(f, p.text, from);
	lines_of(f, p.text + from, p.n - from);
	fputs("</pre>\n", f);
	free(p.text);
	return true;
}
