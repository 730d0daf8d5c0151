/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * All that is wrong with a configuration, collected: an operator mends everything in one round.
 * One line each: "steering.json:41:17: /pools/web/endpoints/us-1/weight: must be 0..65535, got -1".
 */
struct problem {
    char *file;            /* NULL when it came by the API */
    unsigned line, column; /* from 1; 0: unknown */
    char *pointer;         /* RFC 6901, "" for the whole document */
    char *message;
    bool is_warning;
    size_t number; /* in the order in which they were found */
};

struct problems {
    struct problem *items;
    size_t count, room;
    size_t error_count; /* those that are not warnings, also the ones no longer kept */
    size_t kept_errors; /* after a thousand errors, or warnings, further ones are only counted */
};

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *pointer, const char *format, ...) __attribute__((format(printf, 6, 7)));
void problems_warn(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *pointer, const char *format, ...) __attribute__((format(printf, 6, 7)));
/** By file, line and column, as people mend them; what has no place comes first; of one
 * place the cause stays before what follows from it. */
void problems_sort(struct problems *problems);
/** Says of all that have no file that they are of `file`. */
void problems_name_file(struct problems *problems, const char *file);
/** The first that is no warning, or NULL. */
const struct problem *problems_first_error(const struct problems *problems);
/** The line for people; the caller frees it. */
char *problem_format(const struct problem *problem);
void problems_free(struct problems *problems);
