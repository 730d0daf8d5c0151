/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TOKEN_DIGEST_SIZE 32 /* SHA-256 */

/* A token as it is kept: nobody can make it out of this. */
struct token {
    char *name; /* unique; no string is NULL */
    uint8_t digest[TOKEN_DIGEST_SIZE];
    char *role;  /* "viewer", "operator", "admin" */
    char *scope; /* lines "pool NAME", "zone NAME", "check NAME"; "": everything */
    char *author, *comment;
    int64_t made_wall_ms, expires_wall_ms, used_wall_ms; /* 0: never */
};

struct tokens {
    struct token *items;
    size_t count, room;
};

/** Adds a copy; NULL counts as "". */
struct token *tokens_add(struct tokens *tokens, const struct token *token);
void tokens_remove(struct tokens *tokens, size_t index);
void tokens_free(struct tokens *tokens);
