/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"

/* Finding pieces of declared JSON. */

struct request;

/** Scans what the request's command brought back.  It is strict JSON, or a 500 is replied and this is false.
 */
bool declared_scan(struct request *request, struct document *out);

/** The value of this key in the object at `parent`; size 0 if there is none. */
struct span declared_member(const struct document *document, struct span parent, const char *key);

static inline struct span declared_whole(const struct document *document)
{
    return (struct span){ 0, document->size };
}

/** "/endpoints/" and `name` as a reference token (RFC 6901 §3).  The caller frees it. */
char *declared_endpoint_pointer(const char *name);
