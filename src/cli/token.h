/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/options.h"

#define TOKEN_SIZE_MAX 512

/** Finds the token: --token-file, STEERD_TOKEN, STEERD_TOKEN_FILE, /var/lib/steerd/admin.token, in this
 * order. False: `err` says where it was looked for. */
bool token_find(const struct options *options, char out[TOKEN_SIZE_MAX], struct error *err);
