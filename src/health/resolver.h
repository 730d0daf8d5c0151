/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/loop.h"
#include "health/name_answer.h"
#include "health/name_memory.h"

/*
 * Names of check targets and endpoints, kept resolved while anybody uses them: asked again when their TTL is
 * over (1 s at least), by c-ares on our loop.  While the name servers themselves fail, the last known
 * addresses of a family stay, those of an earlier process as well.  Who uses a name again within a minute, as
 * a changed check does, finds what was known of it.
 */
struct resolver;

/** `servers`: "127.0.0.1:53,[::1]:53", or NULL for the system's (and /etc/hosts).  `stale_ms`: how long
 * addresses stay while the name servers fail.  `memory`: what was known before, and where to say what is
 * known now; it stays the caller's. */
bool resolver_open(struct loop *loop, const char *servers, uint64_t stale_ms, struct name_memory *memory,
                   struct resolver **out, struct error *err);
void resolver_close(struct resolver *resolver); /* no name may be in use */

struct name;

/* One user of a name; a member of what it belongs to. */
struct name_use {
    struct name *name;            /* NULL: not in use */
    struct name_use *next;        /* of the same name */
    void (*settled)(void *owner); /* something is known now: the first answer, or a newer one */
    void *owner;
};

/** Uses `hostname` from now on (presentation format, final dot or not).  Never calls `settled` by itself. */
void name_acquire(struct resolver *resolver, const char *hostname, struct name_use *use);
void name_release(struct name_use *use); /* no-op if not in use */

/** False until the first answer, but not where addresses are known that an earlier process had of late. */
bool name_is_settled(const struct name_use *use);

/** The next of its addresses in turn: IPv4, or IPv6 if it has no IPv4.  False if there are none: ask
 *  name_problem. */
bool name_address(struct name_use *use, struct address *out);
const char *name_problem(const struct name_use *use); /* "NXDOMAIN" */

void name_answer(const struct name_use *use, struct name_answer *out);
