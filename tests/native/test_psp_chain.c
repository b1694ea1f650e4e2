/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The chain's folder: made once, whole, and nobody else's to read; and what is made of it.
 * docs/psp.md, "The chain".
 *
 * sources: harness/psp/chain.c harness/psp/chain_store.c harness/psp/chain_files.c
 * sources: harness/psp/certificate.c harness/psp/endorsement_key.c harness/core/psp_config.c
 * sources: harness/core/util.c launch/profiles/words.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/psp/chain.h"
#include "harness/psp/chain_store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/keelson-chain-XXXXXX";
static char *folder, *genoa;
static struct psp_config config;
static bool installed;

bool paths_installed(void)
{
	return installed;
}

char *paths_in_build(const char *name)
{
	return str("/build/%s", name);
}

char *paths_runs(void)
{
	return str("/state/keelson/runs");
}

static void begin(void)
{
	psp_config_default(&config);
	if (folder)
		return;
	chain_store_bits = 2048;
	CHECK(mkdtemp(top));
	folder = str("%s/not/there/psp", top);
	genoa = str("%s/Genoa", folder);
}

static struct psp_chain *open_chain(void)
{
	char *why;
	struct psp_chain *chain = chain_open(folder, &config, &why);

	CHECK(chain);
	CHECK(!why);
	free(why);
	return chain;
}

static unsigned mode_of(const char *name)
{
	char *path = str("%s/%s", genoa, name);
	struct stat s = {0};

	CHECK_EQ(stat(path, &s), 0);
	free(path);
	return s.st_mode & 0777;
}

static const uint8_t *der(const struct psp_chain *chain, enum chain_certificate which, size_t *size)
{
	return chain_der(chain, which, size);
}

/* The issuer's certificate of both is the same. */
static void check_same_issuer(const struct psp_chain *a, const struct psp_chain *b, bool same)
{
	size_t n, m;
	const uint8_t *x = der(a, CHAIN_ISSUER, &n), *y = der(b, CHAIN_ISSUER, &m);

	CHECK_EQ(n == m && memcmp(x, y, n) == 0, same);
}

TEST(it_is_made_once_and_is_its_owners)
{
	struct psp_chain *a, *b;

	begin();
	CHECK(!chain_store_there(folder, &config));
	a = open_chain();
	CHECK(chain_store_there(folder, &config));
	b = open_chain();
	check_same_issuer(a, b, true);
	CHECK_EQ(mode_of("."), 0700);
	CHECK_EQ(mode_of(".."), 0700);
	CHECK_EQ(mode_of("ark.key"), 0600);
	CHECK_EQ(mode_of("ask.key"), 0600);
	CHECK_EQ(mode_of("secret"), 0600);
	CHECK_MEM(chain_root(a, ENDORSEMENT_VCEK), chain_root(b, ENDORSEMENT_VCEK), PSP_SECRET);
	chain_close(a);
	chain_close(b);
}

TEST(another_chip_is_another_root)
{
	struct psp_chain *a, *b;

	begin();
	a = open_chain();
	config.chip_id[5] ^= 1;
	b = open_chain();
	check_same_issuer(a, b, true);
	CHECK(memcmp(chain_root(a, ENDORSEMENT_VCEK), chain_root(b, ENDORSEMENT_VCEK), PSP_SECRET));
	CHECK_MEM(chain_root(a, ENDORSEMENT_VLEK), chain_root(b, ENDORSEMENT_VLEK), PSP_SECRET);
	chain_close(a);
	chain_close(b);
}

TEST(an_asvk_comes_when_a_vlek_does)
{
	struct psp_chain *a, *b;

	begin();
	a = open_chain();
	strcpy(config.vlek, "Cloud");
	CHECK(!chain_store_there(folder, &config));
	b = open_chain();
	CHECK(chain_store_there(folder, &config));
	CHECK_EQ(mode_of("asvk.key"), 0600);
	check_same_issuer(a, b, false);
	chain_close(b);
	b = open_chain();
	*config.vlek = '\0';
	chain_close(a);
	a = open_chain();
	check_same_issuer(a, b, false);
	chain_close(a);
	chain_close(b);
}

/* What a copy has lost is told, and nothing is made in its place. */
TEST(half_a_chain_is_none)
{
	char *ark = str("%s/ark.pem", genoa), *why;

	begin();
	unlink(ark);
	CHECK(!chain_open(folder, &config, &why));
	CHECK(why && strstr(why, "has no whole chain"));
	CHECK(!file_exists(ark));
	free(why);
	free(ark);
}

TEST(a_folder_that_cannot_be_made)
{
	char *why;

	begin();
	CHECK(!chain_open("/dev/null/psp", &config, &why));
	CHECK(why && strstr(why, "cannot write to /dev/null/psp"));
	free(why);
	chain_drop(genoa);
	rmdir(folder);
	for (char *p = strrchr(folder, '/'); strlen(top) <= (size_t)(p - folder);
	     p = strrchr(folder, '/')) {
		*p = '\0';
		rmdir(folder);
	}
}

TEST(where_it_is)
{
	char *at = chain_folder();

	CHECK_STR(at, "/build/psp");
	free(at);
	installed = true;
	at = chain_folder();
	CHECK_STR(at, "/state/keelson/psp");
	free(at);
	free(folder);
	free(genoa);
}
