/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "harness/verify/verify_options.h"

bool option_inconsistent(struct words *k, const char *why)
{
	problem("verify: %s", why);
	k->error = REQUEST_USAGE;
	return false;
}

bool options_consistent(const struct request *q, struct words *k)
{
	const struct wanted *w = &q->wanted;

	if (!w->nonce.p != !w->manifest.p)
		return option_inconsistent(
			k, "--nonce and --manifest go together; data that was asked for "
			   "as it is goes by --report-data");
	if (w->manifest.p && w->report_data.p)
		return option_inconsistent(
			k, "REPORT_DATA is --report-data, or of --nonce and --manifest");
	if (w->report_data.p && w->report_data.n != 64)
		return option_inconsistent(k, "--report-data takes a file of 64 bytes");
	if (!w->quote.p != !w->quote_signature.p || (w->quote.p && !w->manifest.p))
		return option_inconsistent(
			k, "--quote goes with --quote-signature, and with the --manifest "
			   "that has its key");
	if ((w->pcrs.bank || w->quote_nonce.p) && !w->quote.p)
		return option_inconsistent(k, "--pcr and --quote-nonce go with --quote");
	if (w->kept_least.given && !w->manifest.p)
		return option_inconsistent(k, "--kept-least goes with --manifest, that of all "
					      "services");
	if (w->has_vmpl && w->vmpl && w->manifest.p)
		return option_inconsistent(k,
					   "a manifest is the SVSM's, whose reports are of VMPL 0");
	if (w->quote_nonce.p && !w->quote_nonce.n)
		return option_inconsistent(k, "--quote-nonce is empty: any old quote would do");
	if (k->igvm && w->measurement.p)
		return option_inconsistent(k,
					   "the measurement is that of --igvm, or --measurement");
	if ((k->host.vcpus || k->host.native_zero) && !k->igvm)
		return option_inconsistent(k, "--vcpus and --native-zero go with --igvm");
	if ((k->host.vcpus > 1) != (k->host.cpu_signature != 0))
		return option_inconsistent(
			k, "--vcpus above 1 goes with --cpu-signature: EAX of CPUID 1, "
			   "which is in the VMSAs of these vCPUs");
	return true;
}
