/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "store/token.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_BYTES     32 /* random ones, twice as many hexadecimal digits */
#define TOKEN_TEXT_SIZE (2 * TOKEN_BYTES + 1)

/** SHA-256: a random token needs no slow hash, nobody can try 2^256 of them. */
void token_digest(const char *text, size_t size, unsigned char out[TOKEN_DIGEST_SIZE]);

/** A fresh token. */
void token_make(char out[TOKEN_TEXT_SIZE]);

/** Reads the bootstrap token in `file`, or makes the file (mode 0600) with a fresh one, durable before it is
 * used. */
bool token_file_load(const char *file, unsigned char out[TOKEN_DIGEST_SIZE], struct error *err);
