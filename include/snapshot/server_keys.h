/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

#define COOKIE_SECRET_SIZE 16 /* SipHash-2-4, RFC 9018 §4.4 */
#define COOKIE_SECRETS_MAX 8

/* Secrets that all servers of an address share and that are rolled while queries run.  Immutable, replaced as
 * a whole. */
struct server_keys {
    unsigned cookie_count; /* 1..COOKIE_SECRETS_MAX */
    /* the first makes cookies, all are accepted */
    uint8_t cookie_secrets[COOKIE_SECRETS_MAX][COOKIE_SECRET_SIZE];
};
