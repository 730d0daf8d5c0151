/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#define TOKEN_SIZE_MAX 512

/** Finds the token: in `file` if one is named, else in STEERD_TOKEN, in the file STEERD_TOKEN_FILE, in
 * /var/lib/steerd/admin.token, in this order.  False: `err` says where it was looked for. */
bool token_find(const char *file, char out[TOKEN_SIZE_MAX], struct error *err);

/** True if somebody says where the token is. */
bool token_is_named(const char *file);
