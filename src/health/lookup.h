/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "health/name_answer.h"

#include <ares.h>

/*
 * One family of a name: asked for by itself, so that one that fails takes nothing from the other.  Addresses
 * stay while the name servers fail, until they are too old.
 */
struct lookup {
    struct name *name;
    int family;          /* AF_INET or AF_INET6 */
    bool is_asking;      /* c-ares holds a pointer to it */
    int status;          /* of the last answer */
    unsigned ttl_s;      /* of that */
    int64_t answered_us; /* monotonic: when the name servers last spoke; NAME_NEVER */
    struct address addresses[NAME_ADDRESSES_MOST];
    size_t count;
};

/** Takes in what c-ares says; `found` stays the caller's, and is NULL where there is nothing. */
void lookup_take(struct lookup *lookup, int status, const struct ares_addrinfo *found, uint64_t stale_us);

/** What an earlier process knew: `count` addresses of the family, one after the other. */
void lookup_recall(struct lookup *lookup, const uint8_t *bytes, size_t count);

/** The name servers did not speak the last time. */
bool lookup_has_failed(const struct lookup *lookup);

/** The addresses are older than may be served while the name servers fail. */
bool lookup_is_too_old(const struct lookup *lookup, uint64_t stale_us);

/** "NXDOMAIN", why there are no addresses, or no fresh ones. */
const char *lookup_words(const struct lookup *lookup);
