/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/kbs/epochs.h"
#include "harness/kbs/vm_file.h"
#include "lib/base64.h"

#define LAUNCHES_MAX 100 /* that a file remembers */

struct epochs {
	char *folder;
	int fd; /* of the folder, locked */
	pthread_mutex_t mutex;
};

bool epochs_name(const char *vm)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *vm && *vm != '.' && strlen(vm) <= 64 && vm[strspn(vm, allowed)] == '\0';
}

struct epochs *epochs_open(const char *folder, char **why)
{
	struct epochs *s = mem_alloc(sizeof(*s));

	*s = (struct epochs){.folder = str_dup(folder), .fd = -1};
	pthread_mutex_init(&s->mutex, NULL);
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		s->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd >= 0 && flock(s->fd, LOCK_EX | LOCK_NB) == 0)
		return s;
	*why = str("%s: %s", folder,
		   errno == EWOULDBLOCK ? "another key server has it" : strerror(errno));
	epochs_close(s);
	return NULL;
}

void epochs_close(struct epochs *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->mutex);
	free(s->folder);
	free(s);
}

/* ---- keys ---- */

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool add_key(json_t *top, uint64_t epoch)
{
	uint8_t key[RELEASE_KEY];
	char text[BASE64_LENGTH(RELEASE_KEY) + 1];
	bool ok = RAND_bytes(key, sizeof(key)) == 1;

	base64_encode(text, key, sizeof(key));
	ok = ok && json_array_append_new(
			   json_object_get(top, "keys"),
			   json_pack("{s:I, s:s}", "epoch", (json_int_t)epoch, "key", text)) == 0;
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return ok;
}

static bool read_key(const json_t *entry, struct release_key *k)
{
	const char *text = json_string_value(json_object_get(entry, "key"));

	k->epoch = (uint64_t)number(entry, "epoch");
	return text && base64_decode(k->key, sizeof(k->key), text) == sizeof(k->key);
}

static bool read_keys(const json_t *top, struct epochs_issued *out)
{
	const json_t *keys = json_object_get(top, "keys");

	out->count = (uint32_t)json_array_size(keys);
	for (uint32_t i = 0; i < out->count; i++)
		if (i == RELEASE_KEYS_MAX || !read_key(json_array_get(keys, i), &out->keys[i]))
			return false;
	return out->count;
}

static uint64_t newest(const json_t *top)
{
	const json_t *keys = json_object_get(top, "keys");
	size_t n = json_array_size(keys);

	return n ? (uint64_t)number(json_array_get(keys, n - 1), "epoch") : 0;
}

/* ---- launches ---- */

static void note_open(const json_t *top, struct epochs_issued *out)
{
	const json_t *launches = json_object_get(top, "launches");
	size_t n = json_array_size(launches);
	const json_t *last = n ? json_array_get(launches, n - 1) : NULL;
	const char *id = json_string_value(json_object_get(last, "report_id"));

	out->open = last && !json_is_true(json_object_get(last, "proved"));
	out->open_epoch = (uint64_t)number(last, "epoch");
	if (id)
		base64_decode(out->open_report_id, sizeof(out->open_report_id), id);
}

static bool add_launch(json_t *top, uint64_t epoch, const uint8_t report_id[EPOCHS_REPORT_ID])
{
	json_t *launches = json_object_get(top, "launches");
	char id[BASE64_LENGTH(EPOCHS_REPORT_ID) + 1];

	base64_encode(id, report_id, EPOCHS_REPORT_ID);
	while (json_array_size(launches) >= LAUNCHES_MAX)
		json_array_remove(launches, 0);
	return json_array_append_new(launches, json_pack("{s:I, s:s, s:I, s:b}", "epoch",
							 (json_int_t)epoch, "report_id", id, "time",
							 (json_int_t)time(NULL), "proved", 0)) == 0;
}

/* ---- what is done with them ---- */

/* At the limit no key may go, since a state may be sealed with any: the newest is given once more.
 */
static bool issue(struct epochs *s, const char *vm, const uint8_t *report_id, json_t *top,
		  struct epochs_issued *out)
{
	note_open(top, out);
	out->proved = number(top, "proved");
	out->reused = json_array_size(json_object_get(top, "keys")) == RELEASE_KEYS_MAX;
	return (out->reused || add_key(top, newest(top) + 1)) &&
	       add_launch(top, newest(top), report_id) && vm_file_save(s->fd, s->folder, vm, top) &&
	       read_keys(top, out);
}

bool epochs_issue(struct epochs *s, const char *vm, const uint8_t report_id[EPOCHS_REPORT_ID],
		  struct epochs_issued *out)
{
	json_t *top;
	bool ok;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&s->mutex);
	top = vm_file_load(s->fd, s->folder, vm);
	ok = top && issue(s, vm, report_id, top, out);
	pthread_mutex_unlock(&s->mutex);
	json_decref(top);
	return ok;
}

bool epochs_bare(struct epochs *s, const char *vm, const uint8_t report_id[EPOCHS_REPORT_ID],
		 uint8_t key[RELEASE_KEY])
{
	struct epochs_issued keys = {0};
	json_t *top;
	bool ok;

	pthread_mutex_lock(&s->mutex);
	top = vm_file_load(s->fd, s->folder, vm);
	ok = top && (json_array_size(json_object_get(top, "keys")) || add_key(top, 0)) &&
	     add_launch(top, 0, report_id) && vm_file_save(s->fd, s->folder, vm, top) &&
	     read_keys(top, &keys);
	pthread_mutex_unlock(&s->mutex);
	if (ok)
		memcpy(key, keys.keys[keys.count - 1].key, RELEASE_KEY);
	OPENSSL_cleanse(&keys, sizeof(keys));
	json_decref(top);
	return ok;
}

static bool is_launch(const json_t *l, uint64_t epoch, const char *id)
{
	const char *has = json_string_value(json_object_get(l, "report_id"));

	return (uint64_t)number(l, "epoch") == epoch && has && strcmp(has, id) == 0;
}

static void burn_before(json_t *top, const uint8_t *report_id, uint64_t epoch)
{
	char id[BASE64_LENGTH(EPOCHS_REPORT_ID) + 1];
	json_t *keys = json_object_get(top, "keys"), *launches = json_object_get(top, "launches");

	base64_encode(id, report_id, EPOCHS_REPORT_ID);
	while (json_array_size(keys) && (uint64_t)number(json_array_get(keys, 0), "epoch") < epoch)
		json_array_remove(keys, 0);
	for (size_t i = 0; i < json_array_size(launches); i++)
		if (is_launch(json_array_get(launches, i), epoch, id))
			json_object_set_new(json_array_get(launches, i), "proved", json_true());
	json_object_set_new(top, "proved", json_integer((json_int_t)epoch));
}

enum epochs_proved epochs_prove(struct epochs *s, const char *vm,
				const uint8_t report_id[EPOCHS_REPORT_ID], uint64_t epoch)
{
	enum epochs_proved r = EPOCHS_FAILED;
	json_t *top;

	pthread_mutex_lock(&s->mutex);
	top = vm_file_load(s->fd, s->folder, vm);
	if (top && epoch < (uint64_t)number(top, "proved")) {
		r = EPOCHS_BURNT;
	} else if (top) {
		burn_before(top, report_id, epoch);
		r = vm_file_save(s->fd, s->folder, vm, top) ? EPOCHS_PROVED : EPOCHS_FAILED;
	}
	pthread_mutex_unlock(&s->mutex);
	json_decref(top);
	return r;
}

/* ---- for people ---- */

static void list_launch(const json_t *l, FILE *to)
{
	const char *id = json_string_value(json_object_get(l, "report_id"));
	time_t at = (time_t)number(l, "time");
	char when[32] = "";

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", gmtime(&at));
	fprintf(to, "  %s  epoch %lld  %-10s  report ID %s\n", when, number(l, "epoch"),
		json_is_true(json_object_get(l, "proved")) ? "proved" : "not proved",
		id ? id : "?");
}

static void list_vm(const char *vm, const json_t *top, FILE *to)
{
	const json_t *launches = json_object_get(top, "launches");

	fprintf(to, "%s: newest proved epoch %lld, %zu keys\n", vm, number(top, "proved"),
		json_array_size(json_object_get(top, "keys")));
	for (size_t i = 0; i < json_array_size(launches); i++)
		list_launch(json_array_get(launches, i), to);
}

bool epochs_list(struct epochs *s, FILE *to)
{
	struct dirent **names;
	int n = scandir(s->folder, &names, NULL, alphasort);
	bool ok = n >= 0;

	for (int i = 0; i < n; i++) {
		char *dot = strrchr(names[i]->d_name, '.');
		json_t *top = NULL;

		if (dot && strcmp(dot, VM_FILE_SUFFIX) == 0) {
			*dot = '\0';
			if (epochs_name(names[i]->d_name)) {
				top = vm_file_load(s->fd, s->folder, names[i]->d_name);
				ok = ok && top;
			}
		}
		if (top)
			list_vm(names[i]->d_name, top, to);
		json_decref(top);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return ok;
}
