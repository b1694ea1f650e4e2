/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>

#include "harness/core/exitcode.h"
#include "harness/repro/judge.h"

void judge_describe(const char *how, const struct expect *e)
{
	char *reason = str_ascii(str_dup(e->reason)); /* it may come from elsewhere */

	printf("%s: exit %d%s%s\n", how, e->code, *reason ? ", " : "", reason);
	free(reason);
}

static int not_reproduced(const struct judged *j, const struct expect *now)
{
	if (j->other_qemu) {
		judge_describe("not told: another QEMU, another run", now);
		return REPRO_CANNOT_TELL;
	}
	judge_describe("not reproduced", now);
	return j->packed->then.code == CODE_PASSED ? CODE_FAILED : CODE_PASSED;
}

int judge(const struct judged *j, const char *runs)
{
	char *latest = str("%s/latest", runs);
	struct expect now = expect_read(latest);
	unsigned boot;
	struct trail_compare c = expect_trails(j->packed->expect, latest, &boot);
	int code = j->packed->then.code;

	if (now.code < 0 || now.code == CODE_HOST || now.code >= CODE_SIGNAL) {
		judge_describe("not told: it could not be made again", &now);
		code = REPRO_CANNOT_TELL;
	} else if (c.verdict == TRAIL_EQUAL && expect_same(&j->packed->then, &now)) {
		judge_describe("reproduced, to the last exit", &now);
	} else if (c.verdict == TRAIL_SHORT && now.code == CODE_TIMEOUT &&
		   expect_same(&j->packed->then, &now)) {
		judge_describe("reproduced, as far as both trails go", &now);
	} else if (j->other_svsm || j->other_qemu) {
		if (expect_same(&j->packed->then, &now))
			judge_describe("reproduced", &now);
		else
			code = now.code == CODE_PASSED || j->packed->then.code == CODE_PASSED
				       ? not_reproduced(j, &now)
				       : (judge_describe("not told: it fails otherwise", &now),
					  REPRO_CANNOT_TELL);
	} else {
		if (c.verdict == TRAIL_DIFFERS)
			printf("diverged in boot %u between exit %llu and %llu: ", boot,
			       (unsigned long long)c.from, (unsigned long long)c.to);
		else
			printf("diverged in boot %u, whose trails cannot be told apart: ", boot);
		judge_describe(expect_same(&j->packed->then, &now) ? "the same end" : "another end",
			       &now);
		code = REPRO_CANNOT_TELL;
	}
	printf("its folder: %s\n", latest);
	expect_free(&now);
	free(latest);
	return code;
}
