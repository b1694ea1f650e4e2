/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * printf for the log and the tests, in a subset (lib/fmt.h). It may run in an exception handler:
 * no allocation, no state, and output and time are bounded whatever the format and its arguments
 * are.
 */
#include "lib/fmt.h"
#include "lib/string.h"

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, cut or not */
};

struct spec {
	bool left, zero, alt, plus;
	unsigned width;
	int precision;  /* -1: none given */
	unsigned bytes; /* size of an integer argument */
};

/* Counts beyond the buffer's end too, so that the caller learns the length of the whole text. */
static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_many(struct out *o, char c, unsigned n)
{
	while (n--)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t n)
{
	unsigned pad = s->width > n ? s->width - (unsigned)n : 0;

	if (!s->left)
		put_many(o, ' ', pad);
	for (size_t i = 0; i < n; i++)
		put(o, text[i]);
	if (s->left)
		put_many(o, ' ', pad);
}

/* Digits are made from the lowest up. In front of them come padding, the prefix, and zeros up to
 * precision or width. */
static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned base, bool upper,
		       const char *prefix)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned n = 0, zeros = 0, used, pad;
	char digits[24];

	for (; v; v /= base)
		digits[n++] = set[v % base];
	if (!n && s->precision != 0)
		digits[n++] = '0';
	if (s->precision > (int)n)
		zeros = (unsigned)s->precision - n;
	used = (unsigned)strlen(prefix) + n + zeros;
	pad = s->width > used ? s->width - used : 0;
	if (s->zero && !s->left && s->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!s->left)
		put_many(o, ' ', pad);
	while (*prefix)
		put(o, *prefix++);
	put_many(o, '0', zeros);
	while (n)
		put(o, digits[--n]);
	if (s->left)
		put_many(o, ' ', pad);
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '#')
			s->alt = true;
		else if (*f == '+')
			s->plus = true;
		else
			return f;
	}
}

/* The digits of a width or precision. Bounded, so that no format can produce output for long. */
static const char *parse_count(const char *f, int *count)
{
	int n = 0;

	for (; *f >= '0' && *f <= '9'; f++)
		n = MIN(n * 10 + (*f - '0'), 1024);
	*count = n;
	return f;
}

/* The length modifier. size_t, intmax_t and ptrdiff_t all have 8 bytes here. */
static const char *parse_size(const char *f, struct spec *s)
{
	s->bytes = sizeof(int);
	if (*f == 'h') {
		s->bytes = f[1] == 'h' ? sizeof(char) : sizeof(short);
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (*f == 'l') {
		s->bytes = f[1] == 'l' ? sizeof(long long) : sizeof(long);
		return f + (f[1] == 'l' ? 2 : 1);
	}
	if (*f == 'z' || *f == 'j' || *f == 't') {
		s->bytes = sizeof(uint64_t);
		return f + 1;
	}
	return f;
}

/* An argument narrower than int arrives as an int: its upper bits do not count. */
static uint64_t cut_unsigned(uint64_t v, unsigned bytes)
{
	return bytes < 8 ? v & (BIT(8 * bytes) - 1) : v;
}

static void put_signed(struct out *o, const struct spec *s, int64_t v)
{
	unsigned shift = 64 - 8 * s->bytes;
	const char *sign = s->plus ? "+" : "";

	v = (int64_t)((uint64_t)v << shift) >> shift;
	if (v < 0)
		put_number(o, s, -(uint64_t)v, 10, false, "-");
	else
		put_number(o, s, (uint64_t)v, 10, false, sign);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	size_t max = s->precision < 0 ? SIZE_MAX : (size_t)s->precision;

	if (!text)
		text = "(null)";
	put_text(o, s, text, strnlen(text, max));
}

struct args {
	va_list ap; /* a struct, because a va_list that is an array cannot be passed by reference */
};

/* Arguments up to int are passed as int, longer ones as 64 bits. */
static uint64_t take(struct args *a, const struct spec *s)
{
	return s->bytes > sizeof(int) ? va_arg(a->ap, uint64_t)
				      : (uint64_t)(int64_t)va_arg(a->ap, int);
}

/* Prints one argument. False when c is not a conversion; then nothing was taken. */
static bool convert(struct out *o, struct spec *s, char c, struct args *a)
{
	char ch;

	switch (c) {
	case 'd':
	case 'i':
		put_signed(o, s, (int64_t)take(a, s));
		return true;
	case 'u':
		put_number(o, s, cut_unsigned(take(a, s), s->bytes), 10, false, "");
		return true;
	case 'o':
		put_number(o, s, cut_unsigned(take(a, s), s->bytes), 8, false, s->alt ? "0" : "");
		return true;
	case 'x':
	case 'X':
		put_number(o, s, cut_unsigned(take(a, s), s->bytes), 16, c == 'X',
			   s->alt ? "0x" : "");
		return true;
	case 'p':
		put_number(o, s, (uintptr_t)va_arg(a->ap, void *), 16, false, "0x");
		return true;
	case 'c':
		ch = (char)va_arg(a->ap, int);
		put_text(o, s, &ch, 1);
		return true;
	case 's':
		put_string(o, s, va_arg(a->ap, const char *));
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

/* All between % and the conversion. Returns where the conversion stands. */
static const char *parse_spec(const char *f, struct spec *s, struct args *a)
{
	int n;

	*s = (struct spec){.precision = -1};
	f = parse_flags(f, s);
	if (*f == '*') {
		n = va_arg(a->ap, int);
		s->left |= n < 0;
		s->width = MIN((unsigned)(n < 0 ? -(int64_t)n : n), 1024u);
		f++;
	} else {
		f = parse_count(f, &n);
		s->width = (unsigned)n;
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			n = va_arg(a->ap, int);
			s->precision = MAX(n, -1);
			f++;
		} else {
			f = parse_count(f, &s->precision);
		}
	}
	return parse_size(f, s);
}

/* An unknown conversion, or a format that ends in the middle of one, is printed as it stands. */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, size, 0};
	struct args a;

	va_copy(a.ap, ap);
	while (*fmt) {
		const char *start = fmt;
		struct spec s;

		if (*fmt++ != '%') {
			put(&o, *start);
			continue;
		}
		fmt = parse_spec(fmt, &s, &a);
		if (*fmt && convert(&o, &s, *fmt, &a)) {
			fmt++;
			continue;
		}
		while (start < fmt)
			put(&o, *start++);
	}
	va_end(a.ap);
	if (size)
		buf[MIN(o.len, size - 1)] = 0;
	return (int)o.len;
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

size_t fmt_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!size)
		return 0;
	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return MIN((size_t)n, size - 1);
}
