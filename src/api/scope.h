/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A scope bounds what a token sees and changes: lines "pool NAME", "zone NAME" and "check NAME"; "" is
 * everything. Names of zones are compared without case and without their final dot.
 */

bool scope_has_pool(const char *scope, const char *pool);
bool scope_has_zone(const char *scope, const char *zone);
bool scope_has_check(const char *scope, const char *check);
/** True if the name is inside a zone of the scope. */
bool scope_has_name(const char *scope, const char *name);
/** "us" or "us/us-east-1", "example.com" or "example.com/www": a pool or a zone, and what is below. */
bool scope_has_subject(const char *scope, const char *subject);

struct request;

/*
 * By what a request is judged: the pool, zone or check in its path; without one it is for those without a
 * scope.  A few routes are judged by a parameter, or by nothing because they show nothing of anybody.
 */
struct scope_exception {
    const char *path;
    const char *param; /* NULL: by nothing */
    bool (*has)(const char *scope, const char *value);
    const char *advice; /* behind a refusal; NULL: none */
};
/** Walks them: index from 0; NULL at the end. */
const struct scope_exception *scope_exception_at(size_t index);

/** False for the few routes that any scope may ask for. */
bool scope_bounds(const char *path);

/** True if the holder of `scope` may ask for this.  False: `advice` may say how else; "" if not at all. */
bool scope_allows(const char *scope, const struct request *request, const char **advice);
