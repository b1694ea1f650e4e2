/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * In place of libcurl in the guest, which has no network: tpm2_getekcertificate alone uses it, and
 * finds that it cannot be initialised.
 */
#include <stddef.h>

void *curl_easy_init(void);
int curl_global_init(long flags);
void curl_global_cleanup(void);
int curl_easy_setopt(void *handle, int option, ...);
int curl_easy_perform(void *handle);
void curl_easy_cleanup(void *handle);
const char *curl_easy_strerror(int code);
char *curl_easy_escape(void *handle, const char *text, int length);
char *curl_easy_unescape(void *handle, const char *text, int length, int *out);
void curl_free(void *p);

#define FAILED_INIT 2 /* CURLE_FAILED_INIT */

void *curl_easy_init(void)
{
	return NULL;
}

int curl_global_init(long flags)
{
	(void)flags;
	return FAILED_INIT;
}

void curl_global_cleanup(void)
{
}

int curl_easy_setopt(void *handle, int option, ...)
{
	(void)handle;
	(void)option;
	return FAILED_INIT;
}

int curl_easy_perform(void *handle)
{
	(void)handle;
	return FAILED_INIT;
}

void curl_easy_cleanup(void *handle)
{
	(void)handle;
}

const char *curl_easy_strerror(int code)
{
	(void)code;
	return "this image has no libcurl";
}

char *curl_easy_escape(void *handle, const char *text, int length)
{
	(void)handle;
	(void)text;
	(void)length;
	return NULL;
}

char *curl_easy_unescape(void *handle, const char *text, int length, int *out)
{
	(void)handle;
	(void)text;
	(void)length;
	(void)out;
	return NULL;
}

void curl_free(void *p)
{
	(void)p;
}
