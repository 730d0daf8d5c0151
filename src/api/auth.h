/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/who.h"
#include "base/error.h"
#include "store/token.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The tokens that open, by their digests: the bootstrap one, which stands in a file, and those that were made
 * through the API, which the store keeps.  Any thread.
 */
struct auth;

#define AUTH_BOOTSTRAP_NAME "admin"

/** Reads or makes the bootstrap token. */
bool auth_open(const char *token_file, struct auth **out, struct error *err);
void auth_close(struct auth *auth); /* NULL is a no-op */

/** Who holds `header` ("Bearer …", RFC 6750 §2.1; NULL: none came)?  False for nobody, or for a token that
 * has expired.  Takes the same time whatever part of whichever token is right. */
bool auth_check(struct auth *auth, const char *header, int64_t wall_ms, struct who *out);

/** False when the token that `who` was known by was revoked or has expired since. */
bool auth_still_holds(struct auth *auth, const struct who *who, int64_t wall_ms);

/** Takes a copy of the token in. */
void auth_add(struct auth *auth, const struct token *token);
/** False if there is none. */
bool auth_remove(struct auth *auth, const char *name);
bool auth_has(struct auth *auth, const char *name);
/** Copies all of them, by name, digests left out. */
void auth_list(struct auth *auth, struct tokens *out);
/** Copies those that were used since the last time it was asked. */
void auth_take_used(struct auth *auth, struct tokens *out);
