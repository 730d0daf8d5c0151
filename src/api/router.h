/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"
#include "api/who.h"

/*
 * What goes in and comes out, for the OpenAPI document; types are written as form.h says, names are those of
 * forms.c.  The contract test runs every example and holds every reply to it.
 */
struct contract {
    const char *takes;   /* type of the body; NULL: none */
    const char *example; /* such a body */
    const char *gives;   /* type of the reply's body; with a slash its content type, for what is not JSON */
    const char *errors;  /* statuses that the handler may reply, separated by spaces */
    bool has_etag;       /* the reply tells the generation */
};

/* One row, one thing the API can do. */
struct route {
    enum method method;
    const char *path; /* "/v1/pools/{pool}": a segment in braces is an argument */
    enum role role;   /* needed at least */
    void (*handle)(struct request *request);
    const char *params; /* query parameters that it knows, space-separated; NULL: whatever comes is ignored */
    const char *summary;
    size_t body_limit;            /* bytes; 0: the usual */
    enum object_kind object_kind; /* for the handlers of objects */
    struct contract contract;
};

/** Finds the row for method and path of `request`, sets `route` and `arguments`; otherwise replies 404, or
 * 405 with Allow. */
bool router_find(const struct route *rows, size_t count, struct request *request);

/** Replies 400 to a query parameter that the route does not know: a mistyped "dry_run" must not write. */
bool router_check_params(struct request *request);
