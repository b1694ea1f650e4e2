/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* TPM commands that the service gives to its own TPM: built in place, and the response takes their
 * place. */
#include "abi/vtpm.h"

#define TPM_CC_HIERARCHY_CONTROL 0x121
#define TPM_CC_CHANGE_EPS        0x124
#define TPM_CC_CLEAR             0x126
#define TPM_CC_CLEAR_CONTROL     0x127
#define TPM_CC_CREATE_PRIMARY    0x131
#define TPM_CC_PCR_EVENT         0x13c
#define TPM_CC_STARTUP           0x144
#define TPM_CC_GET_CAPABILITY    0x17a
#define TPM_CC_PCR_EXTEND        0x182

#define TPM_RH_ENDORSEMENT       0x4000000b
#define TPM_RH_PLATFORM          0x4000000c

struct message {
	uint32_t len;
	uint8_t data[1024]; /* enough for what we send and for the answers */
};

void message_begin(struct message *m, uint32_t command); /* no handles, no sessions */
/* One handle, authorised by the empty password. */
void message_begin_auth(struct message *m, uint32_t command, uint32_t handle);
/* Append a value in big endian. */
void message_u8(struct message *m, uint8_t v);
void message_u16(struct message *m, uint16_t v);
void message_u32(struct message *m, uint32_t v);
void message_bytes(struct message *m, const void *from, uint32_t len);
/* Open and close a TPM2B; message_close() fills in its size field. */
uint32_t message_open(struct message *m);
void message_close(struct message *m, uint32_t at);
void message_end(struct message *m); /* put the size into the header: the message can be sent */

/* message_end(), then send it at that locality; m becomes the response. True: TPM_RC_SUCCESS. */
bool message_send(struct message *m, uint8_t locality);

/* Whole commands, at locality 0. */
bool message_startup(void);                     /* TPM2_Startup(CLEAR) */
bool message_clear(void);                       /* TPM2_Clear by the platform */
bool message_clear_control(bool disable);       /* TPM2_ClearControl by the platform */
bool message_hierarchy_off(uint32_t hierarchy); /* TPM2_HierarchyControl by the platform */
