/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "snapshot/resolved.h"

#define NAME_ADDRESSES_MOST RESOLVED_MOST /* of one family */
#define NAME_NEVER          INT64_MIN

/* All that is known of a name.  Times are monotonic, and before zero where the machine started later. */
struct name_answer {
    struct address v4[NAME_ADDRESSES_MOST], v6[NAME_ADDRESSES_MOST];
    size_t count_v4, count_v6;
    int64_t answered_us; /* when the name servers said so; NAME_NEVER */
    uint64_t expires_us;
    bool has_failed; /* they have failed since, or were not asked yet: these are the last known addresses */
    const char *problem; /* why there is no address, or no fresh one; "" */
};

/** The same as everybody else wants it; sorts the addresses of `answer`. */
void name_answer_publish(struct name_answer *answer, struct resolved *out);
