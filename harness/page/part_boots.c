/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The boots of a run: how each ended, and its timeline as a picture that fits any width. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/page/html.h"
#include "harness/page/measured.h"
#include "harness/page/parts.h"

#define BOOTS_MOST  40
#define LABEL_LEAST 5.0 /* per cent: a narrower part has no room for its number */

/* Parts from left to right, each with the number that it has in the list below. */
static void bars(FILE *f, const struct phase_times *p)
{
	double at = 0;

	for (unsigned i = 0; i < PHASE_KINDS; i++) {
		double width = p->ms[i] > 0 ? p->ms[i] * 100 / p->all : 0;

		if (width <= 0)
			continue;
		fprintf(f,
			"<rect class=\"phase%u\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"0\" "
			"height=\"28\"/>",
			i, at, width);
		if (width >= LABEL_LEAST)
			fprintf(f, "<text x=\"%.2f%%\" y=\"19\">%u</text>", at + width / 2, i + 1);
		at += width;
	}
}

static void axis(FILE *f, double all)
{
	static const char *const places[] = {"first", "middle", "last"};

	for (unsigned i = 0; i <= 2; i++) {
		fprintf(f, "<text class=\"axis %s\" x=\"%u%%\" y=\"44\">", places[i], i * 50);
		html_ms(f, all * i / 2);
		fputs("</text>", f);
	}
}

static void legend(FILE *f, const struct phase_times *p, bool firmware)
{
	fputs("<ol class=\"legend\">\n", f);
	for (unsigned i = 0; i < PHASE_KINDS; i++) {
		if (i == PHASE_FIRMWARE && !firmware && p->ms[i] < 0) {
			fputs("<li class=\"absent\"><i class=\"phase2\">3</i> no firmware</li>\n",
			      f);
			continue;
		}
		fprintf(f, "<li><i class=\"phase%u\">%u</i> %s <b>", i, i + 1, phase_names[i]);
		if (p->ms[i] < 0)
			fputs("not seen", f);
		else
			html_ms(f, p->ms[i]);
		fputs("</b></li>\n", f);
	}
	fputs("</ol>\n", f);
}

static void timeline(FILE *f, const json_t *boot, bool firmware)
{
	struct phase_times p;

	phases_of(&p, boot, firmware);
	if (p.all <= 0)
		return;
	fputs("<figure><figcaption>Timeline of the boot</figcaption>\n<svg class=\"timeline\" "
	      "role=\"img\" width=\"100%\" height=\"48\"><title>Timeline of the boot, ",
	      f);
	html_ms(f, p.all);
	fputs(" in all</title>", f);
	bars(f, &p);
	axis(f, p.all);
	fputs("</svg>\n", f);
	legend(f, &p, firmware);
	fputs("</figure>\n", f);
}

/* When what was first seen, for those that look for the step that is missing. */
static void marks(FILE *f, const json_t *boot)
{
	static const char *const keys[][2] = {
		{"monitor_first_word", "the machine's first word"},
		{"launched", "the IGVM file is launched"},
		{"svsm_first_word", "the SVSM's first word"},
		{"guest_start", "the SVSM starts the guest"},
		{"guest_entered", "a VMPL below VMPL0 runs"},
		{"console_first_word", "the console's first word"},
		{"guest_user_mode", "the guest is in user mode"},
		{"ready", "the guest is ready"},
		{"end", "the end, without that"},
	};
	const json_t *times = json_object_get(boot, "timeline_ms");
	double ms;

	fputs("<details><summary>When what was first seen</summary>\n<dl>\n", f);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		fprintf(f, "<div><dt>%s</dt><dd>", keys[i][1]);
		if (loaded_number(times, keys[i][0], &ms))
			html_ms(f, ms);
		else
			fputs("not seen", f);
		fputs("</dd></div>\n", f);
	}
	fputs("</dl></details>\n", f);
}

static void one(FILE *f, const json_t *boot, size_t n, bool firmware)
{
	const char *reason = loaded_text(boot, "reason");
	double code;

	fprintf(f, "<h4>Boot %zu</h4>\n<p>", n + 1);
	if (loaded_number(boot, "code", &code) && code >= 0 && code <= 255)
		fprintf(f, "%s: ", exitcode_name((int)code));
	html_text(f, reason ? reason : "no reason was given");
	fputs("</p>\n", f);
	if (loaded_text(boot, "refused_dma")) {
		fputs("<p>A device was refused: ", f);
		html_text(f, loaded_text(boot, "refused_dma"));
		fputs("</p>\n", f);
	}
	timeline(f, boot, firmware);
	marks(f, boot);
}

void part_boots(FILE *f, const struct loaded *r)
{
	const json_t *boots = json_object_get(r->run, "boots"), *b;
	size_t i;

	if (!json_array_size(boots))
		return;
	fputs("<h3>Boots</h3>\n", f);
	json_array_foreach(boots, i, b)
	{
		if (i < BOOTS_MOST)
			one(f, b, i, loaded_firmware(r));
	}
	if (json_array_size(boots) > BOOTS_MOST)
		fprintf(f, "<p class=\"cut\">Cut: %zu more boots are in run.json.</p>\n",
			json_array_size(boots) - BOOTS_MOST);
}
