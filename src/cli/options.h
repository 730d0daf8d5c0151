/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The options that only some commands take. */
enum option_bit {
    OPTION_POOL = 1 << 0,
    OPTION_REASON = 1 << 1,
    OPTION_EXPIRES = 1 << 2,
    OPTION_TYPE = 1 << 3,
    OPTION_CLIENT = 1 << 4,
    OPTION_COMMENT = 1 << 5,
    OPTION_FILE = 1 << 6,
    OPTION_DRY_RUN = 1 << 7,
    OPTION_LIMIT = 1 << 8,
    OPTION_IF_GENERATION = 1 << 9,
    OPTION_FOLLOW = 1 << 10,
    OPTION_KIND = 1 << 11,
    OPTION_SUBJECT = 1 << 12,
    OPTION_MESSAGE = 1 << 13,
    OPTION_TTL = 1 << 14,
    OPTION_YES = 1 << 15,
    OPTION_WAIT = 1 << 16,
    OPTION_TIMEOUT = 1 << 17,
    OPTION_ID = 1 << 18,
    OPTION_ROLE = 1 << 19,
    OPTION_SCOPE = 1 << 20,
    OPTION_WHO = 1 << 21,
    OPTION_TARGET = 1 << 22,
    OPTION_REFUSED = 1 << 23,
    OPTION_FORCE = 1 << 24,
};

/* One row, one option: the line is read by it, help, completion and the manual are made of it. */
struct option_row {
    const char *name;
    char letter;       /* 0: only by its name */
    unsigned bit;      /* enum option_bit; 0: every command takes it */
    const char *value; /* what its value is called; NULL: it takes none */
    size_t offset;     /* of its const char *, or its bool, in struct options */
    const char
        *completes; /* words that its value may be, or "@" and what steerctl names knows; may be NULL */
    const char *doc;
};

/** Walks the rows: index from 0; NULL at the end. */
const struct option_row *option_at(size_t index);

struct command_row;

/* A command line, taken apart; strings are borrowed from it. */
struct options {
    const struct command_row *command;
    char **arguments; /* behind the command's name */
    int argument_count;
    unsigned given;  /* enum option_bit */
    const char *url; /* NULL: by the profile or the environment, as the next four */
    const char *token_file, *ca, *cert, *key;
    const char *profile;
    bool wants_json, wants_help, wants_version, is_dry_run, follows, says_yes, waits, forces, only_refused;
    bool is_following; /* the command is `events`, where -f takes no value */
    const char *pool, *reason, *expires, *type, *client, *comment, *file, *limit, *if_generation, *kind,
        *subject, *timeout, *message, *ttl, *id, *role, *scope, *who, *target;
};

/** Options may stand anywhere; "--" ends them.  False: `err` says what is wrong with the line. */
bool options_parse(int argc, char **argv, struct options *out, struct error *err);

/** Parses "pool/endpoint"; both parts are to be freed. */
bool options_split_endpoint(const char *text, char **pool, char **endpoint, struct error *err);

/** Parses a decimal number up to `most`. */
bool options_parse_number(const char *text, unsigned long long most, unsigned long long *out);
