/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/table.h"
#include "health/queue.h"

#include <stdbool.h>

/*
 * What is at one address, and how many probes it gets at a time: whoever is due when there are enough waits
 * here until one of them ends.
 */
struct site {
    struct address address;
    unsigned users; /* targets and probes that point at it, and the list of those that may go on */
    unsigned running;
    struct queue waiting;
    bool is_listed;
    struct site *next; /* of the list */
};

struct sites {
    struct table *by_address;
    struct site *first, **end; /* with room for somebody who waits, perhaps */
};

void sites_open(struct sites *sites);
void sites_close(struct sites *sites); /* nobody may point at one any more */

struct site *site_acquire(struct sites *sites, const struct address *address);
void site_release(struct sites *sites, struct site *site); /* NULL is a no-op */

/** A probe begins, or ends: then who waits may go on. */
void site_enter(struct site *site);
void site_leave(struct sites *sites, struct site *site);

/** Who waits longest where a probe has ended and less than `most` run; out of its queue.  NULL: nobody. */
struct target *sites_next(struct sites *sites, unsigned most);
