/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Text for people: names of headers and platforms, and what is wrong with a file. An error's text
 * is a clause without a full stop, for a line that begins with the file's name.
 */
#include "lib/igvm/igvm_rules.h"

const char *igvm_type_name(uint32_t type)
{
	const struct igvm_rule *t = igvm_rule_of(type & ~IGVM_OPTIONAL);

	return t ? t->name : "unknown";
}

const char *igvm_platform_name(uint32_t platform)
{
	static const char *const names[IGVM_PLATFORM_COUNT] = {
		"native", "VSM", "SEV-SNP", "TDX", "SEV", "SEV-ES", "CCA",
	};

	return platform < IGVM_PLATFORM_COUNT ? names[platform] : "unknown";
}

static const char *const error_text[IGVM_ERR_COUNT] = {
	[IGVM_OK] = "no error",
	[IGVM_END] = "end of the headers",
	[IGVM_ERR_SHORT] = "the file ends inside its headers",
	[IGVM_ERR_MAGIC] = "this is no IGVM file (wrong magic)",
	[IGVM_ERR_VERSION] = "a format version that is neither 1 nor 2",
	[IGVM_ERR_ARCHITECTURE] = "made for another architecture than x86-64",
	[IGVM_ERR_PAGE_SIZE] = "a page size other than 4096",
	[IGVM_ERR_FILE_SIZE] = "the size in the header is not the file's (truncated?)",
	[IGVM_ERR_HEADER_RANGE] = "the variable header is misplaced or leaves the file",
	[IGVM_ERR_CHECKSUM] = "wrong checksum of the headers",
	[IGVM_ERR_TRUNCATED] = "a header leaves the variable header section",
	[IGVM_ERR_PADDING] = "padding that is not zero",
	[IGVM_ERR_UNKNOWN_TYPE] = "a header of unknown type that may not be skipped",
	[IGVM_ERR_LENGTH] = "wrong length for the header's type",
	[IGVM_ERR_ORDER] = "a header that comes too late",
	[IGVM_ERR_RESERVED] = "a reserved field that is not zero",
	[IGVM_ERR_NO_PLATFORM] = "no supported platform is declared",
	[IGVM_ERR_PLATFORM_MASK] = "a platform's mask is not one bit of its own",
	[IGVM_ERR_PLATFORM_TYPE] = "a platform type that does not exist here",
	[IGVM_ERR_PLATFORM_TWICE] = "a platform that is declared twice",
	[IGVM_ERR_PLATFORM_VERSION] = "a platform version other than 1",
	[IGVM_ERR_VTL] = "a highest VTL that is neither 0 nor 2",
	[IGVM_ERR_SHARED_BOUNDARY] = "a shared boundary on a platform that has none",
	[IGVM_ERR_MASK] = "a compatibility mask of no platform",
	[IGVM_ERR_ALIGNMENT] = "an address that is not aligned",
	[IGVM_ERR_ADDRESS] = "an address that is out of range",
	[IGVM_ERR_SIZE] = "a size that is not a number of pages",
	[IGVM_ERR_DATA_RANGE] = "data outside the file's data section (truncated?)",
	[IGVM_ERR_PAGE_TYPE] = "an unknown type of page data",
	[IGVM_ERR_PAGE_FLAGS] = "unknown flags of page data",
	[IGVM_ERR_AREA_TWICE] = "a parameter area that is declared twice",
	[IGVM_ERR_AREA_UNKNOWN] = "a parameter area that is not declared",
	[IGVM_ERR_AREA_INSERTED] = "a parameter area that is inserted already",
	[IGVM_ERR_AREA_LIMIT] = "too many parameter areas",
	[IGVM_ERR_AREA_OFFSET] = "a parameter outside its area",
	[IGVM_ERR_CONTEXT_PLATFORM] = "a VP context that its platforms cannot take",
	[IGVM_ERR_CONTEXT_TWICE] = "a second VP context for the same platform",
	[IGVM_ERR_ID_BLOCK] = "an inconsistent SNP ID block",
	[IGVM_ERR_TWICE] = "a header that a platform may have once only",
};

const char *igvm_error_text(enum igvm_error e)
{
	return (unsigned)e < IGVM_ERR_COUNT ? error_text[e] : "unknown error";
}
