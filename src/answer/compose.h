/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/ready.h"
#include "answer/search.h"

/* A query on its way through a batch, step by step. */
struct asked {
    enum dns_query_outcome outcome;
    bool is_glanced; /* accepted as far as a glance tells: the labels of its name are not known */
    struct dns_query query;
    struct search search; /* of what is accepted */
    struct zone_match match;
};

/** Replies to what does not lie ready for every client, and counts it: with all options, within all limits.
 * `ready` has what was found out so far.  Returns the reply's size; 0: none may be sent. */
size_t compose(enum transport transport, const struct asked *asked, struct ready *ready, uint8_t *out,
               size_t out_size);
