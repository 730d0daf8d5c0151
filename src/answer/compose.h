/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/search.h"
#include "answer/steer.h"

/* A query on its way through a batch, step by step. */
struct asked {
    enum dns_query_outcome outcome;
    struct dns_query query;
    struct search search; /* of what is accepted */
    struct zone_match match;
};

/** Composes the reply to what does not lie ready, and counts it.  `decided`: by the service at the qname, or
 * NULL.  Returns its size; 0: none may be sent. */
size_t compose(struct answerer *answerer, const struct snapshot *now, enum transport transport,
               const struct asked *asked, const struct decision *decided, const struct address *source,
               uint8_t *out, size_t out_size);
