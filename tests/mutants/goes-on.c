/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 6.2: a list ends at the entry that fails. Here the ones behind it are done all the same,
 * and the guest gets the first error. */
#include "abi/svsm.h"
#include "protocols/buffer.h"
#include "protocols/core.h"

/* Moves on behind the entry that failed; false: it was the last one. */
static bool skip(gpa_t list)
{
	struct svsm_pvalidate_list head;

	if (!buffer_in(&head, list, sizeof(head)) || head.next + 1 >= head.count)
		return false;
	head.next++;
	return buffer_out(list, &head, sizeof(head));
}

enum svsm_result __real_core_pvalidate(struct svsm_call *call);
enum svsm_result __wrap_core_pvalidate(struct svsm_call *call);
enum svsm_result __wrap_core_pvalidate(struct svsm_call *call)
{
	enum svsm_result first = __real_core_pvalidate(call), r = first;

	while (r == SVSM_ERR_INVALID_ADDRESS && skip(gpa(call->rcx)))
		r = __real_core_pvalidate(call);
	return first;
}
