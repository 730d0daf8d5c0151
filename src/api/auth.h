/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/router.h"
#include "base/error.h"

#define TOKEN_BYTES 32 /* random ones, twice as many hexadecimal digits */

/* Who may: tokens by their SHA-256; the tokens themselves are not kept. */
struct auth;

/** Reads the token in `token_file`, or makes the file (mode 0600) with a fresh one, durable before it is
 * used. */
bool auth_open(const char *token_file, struct auth **out, struct error *err);
void auth_close(struct auth *auth);

/** The role of the holder of `header` ("Bearer …", RFC 6750 §2.1; NULL: none came), ROLE_NONE for nobody;
 * `name` gets the token's name.  Takes the same time whatever part of the token is right.  Any thread. */
enum role auth_check(const struct auth *auth, const char *header, const char **name);
