/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"

#include <stdint.h>

/* The keys of the objects that a scan is inside of, to find those that stand twice. */
struct scan_key {
    uint64_t hash; /* of what it stands for, without regard to case; made at the end of its object */
    struct span at;
};

struct scan_keys {
    struct scan_key *items; /* free with free() */
    size_t count, room;
};

/** Remembers the key (with its quotes) at `at`. */
void scan_keys_add(struct scan_keys *keys, struct span at);

/** Ends the object whose keys are those from index `from` up, and forgets them.  Each key that stood there
 * before (in any case) is given to `found` with one that stood before it. */
void scan_keys_end(struct scan_keys *keys, size_t from, const char *text,
                   void (*found)(void *context, struct span first, struct span again), void *context);
