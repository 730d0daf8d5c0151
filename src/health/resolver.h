/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "health/loop.h"

/*
 * Names of check targets and endpoints, kept resolved while anybody uses them: asked again when their TTL is
 * over (1 s at least), by c-ares on our loop.  While the name servers themselves fail, the last known
 * addresses of a family stay.
 */
struct resolver;

#define NAME_ADDRESSES_MOST 16 /* of one family */
#define NAME_PROBLEM_SIZE   96

/** `servers`: "127.0.0.1:53,[::1]:53", or NULL for the system's (and /etc/hosts).  `stale_ms`: how long
 * addresses stay while the name servers fail. */
bool resolver_open(struct loop *loop, const char *servers, uint64_t stale_ms, struct resolver **out,
                   struct error *err);
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

/** False until the first answer. */
bool name_is_settled(const struct name_use *use);

/** The next of its addresses in turn: IPv4, or IPv6 if it has no IPv4.  False if there are none: ask
 *  name_problem. */
bool name_address(struct name_use *use, struct address *out);
const char *name_problem(const struct name_use *use); /* "NXDOMAIN" */

/* All that is known of a name. */
struct name_answer {
    struct address v4[NAME_ADDRESSES_MOST], v6[NAME_ADDRESSES_MOST];
    size_t count_v4, count_v6;
    uint64_t answered_us; /* monotonic: when the name servers said so; 0: never */
    uint64_t expires_us;
    bool has_failed;     /* they have failed since: these are the last known addresses */
    const char *problem; /* why there is no address, or no fresh one; "" */
};
void name_answer(const struct name_use *use, struct name_answer *out);
