/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/router.h"
#include "config/scope.h"

/*
 * By what a request of somebody with a scope is judged: the pool, zone or check in its path.  A route without
 * one is for those who reach everything, but for these, which show what is in the scope and nothing else, or
 * show nothing of anybody.
 */
struct scope_rule {
    enum method method;
    const char *path;
    const char *param; /* must be in the scope where it is given; NULL: there is none */
    bool needs_param;
    bool (*has)(const char *scope, const char *value);
};
/** Walks them: index from 0; NULL at the end. */
const struct scope_rule *scope_rule_at(size_t index);

/** False for the few routes that nobody is refused for his scope. */
bool scope_bounds(const struct route *route);

/** True if the holder of request->scope may ask for this. */
bool scope_allows(const struct request *request);

/** What a token's scope reaches as the zones lie now: without those below its own that it does not name.
 * The caller frees it; NULL: everything. */
char *scope_now(const char *scope);
