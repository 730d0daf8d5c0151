/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"
#include "config/problems.h"

/* Replies that say what is wrong, as application/problem+json (RFC 9457).  All return false, so that a check
 * is one line. */

bool problem_reply(struct request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** 400 that names a query parameter. */
bool problem_parameter(struct request *request, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same with `errors`: one entry a problem, with JSON pointer and, where known, line and column. */
bool problem_list(struct request *request, unsigned status, const char *detail,
                  const struct problems *problems);

/** Writes the array `key` of problems; warnings or errors, as asked. */
void problem_write_array(struct writer *json, const char *key, const struct problems *problems,
                         bool wants_warnings);

/** "Not Found" for 404. */
const char *problem_title(unsigned status);
