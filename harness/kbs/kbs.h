/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A small key server for tests (docs/key-release.md): it gives the keys of a VM's state to launches
 * whose digest is that VM's. What clients send is a stranger's.
 */
#include "harness/kbs/seal.h"
#include "harness/kbs/epochs.h"
#include "harness/verify/evidence.h"
#include "harness/verify/launch_digest.h"

#define KBS_VMS 64

/* One launch that is a VM's; several may be the same VM's. */
struct kbs_vm {
	const char *name;
	uint8_t digest[LAUNCH_DIGEST_BYTES];
};

struct kbs {
	struct kbs_vm vm[KBS_VMS];
	unsigned vms;
	struct certificates chain, root;
	bool allow_debug, bare;
	enum seal_form form;
	EVP_PKEY *signer; /* NULL: nothing is signed */
	struct epochs *store;
};

/* Each false after a message. Trust the test chain of this checkout. */
bool kbs_test_chain(struct kbs *k);
/* The private key of P-384 in that PEM file, made if it is not there; path.pub gets the public one.
 */
bool kbs_signer(struct kbs *k, const char *path);
/* One client, until it hangs up, is refused, or has been silent for too long. */
void kbs_converse(const struct kbs *k, int fd);
/* Listens on a UNIX socket and serves clients side by side, `clients` of them, 0: until a signal.
 * The program's exit code. */
int kbs_serve(const struct kbs *k, const char *socket, unsigned clients);
