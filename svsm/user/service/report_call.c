/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The system call by which a service gets a report of VMPL 0. Whether it may is not decided here:
 * who owns the service lets it ask (struct service's report), and says for how long.
 */
#include "user/service/service.h"
#include "user/syscall.h"

/* One service may ask, and runs on one CPU at a time: no lock. */
static struct attestation_report report;

/* Arguments: data, report. */
static enum syscall_then call_report(struct process *p, struct syscall_args *args)
{
	uint8_t data[sizeof(report.report_data)];
	static const int errors[] = {[SERVICE_REPORT_LATER] = SYS_EAGAIN,
				     [SERVICE_REPORT_DENIED] = SYS_EPERM,
				     [SERVICE_REPORT_NONE] = SYS_EIO};
	enum service_report r;

	if (!p->service || !p->service->report)
		return syscall_error(args, SYS_EPERM);
	if (!user_copy_in(data, args->a[0], sizeof(data)))
		return syscall_error(args, SYS_EFAULT);
	r = p->service->report(data, &report);
	if (r != SERVICE_REPORT_READY)
		return syscall_error(args, errors[r]);
	return user_copy_out(args->a[1], &report, sizeof(report)) ? SYSCALL_RESUME
								  : syscall_error(args, SYS_EFAULT);
}

SVSM_SYSCALL(SERVICE_CALL_REPORT, call_report);
