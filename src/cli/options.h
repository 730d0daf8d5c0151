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
};

struct command_row;

/* A command line, taken apart; strings are borrowed from it or from the environment. */
struct options {
    const struct command_row *command;
    char **arguments; /* behind the command's name */
    int argument_count;
    unsigned given; /* enum option_bit */
    const char *url;
    const char *token_file; /* NULL: by the environment or the default place */
    bool wants_json, wants_help, wants_version, is_dry_run, follows;
    bool is_following; /* the command is `events`, where -f takes no value */
    const char *pool, *reason, *expires, *type, *client, *comment, *file, *limit, *if_generation, *kind,
        *subject, *message, *ttl;
};

/** Options may stand anywhere; "--" ends them.  False: `err` says what is wrong with the line. */
bool options_parse(int argc, char **argv, struct options *out, struct error *err);

/** Parses "pool/endpoint"; both parts are to be freed. */
bool options_split_endpoint(const char *text, char **pool, char **endpoint, struct error *err);

/** Parses a decimal number up to `most`. */
bool options_parse_number(const char *text, unsigned long long most, unsigned long long *out);
