/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/search.h"
#include "answer/steer.h"

/*
 * Most replies lie ready (dns/ready.h): an RRset as it is stored, the addresses a service decided for, or the
 * SOA of a negative answer, with an OPT that says nothing or echoes the client's subnet.  Whatever is not of
 * these is to be assembled, and what is would come out the same.
 */
struct ready {
    struct answerer *answerer;
    const struct snapshot *now;
    const struct dns_query *query;
    const struct zone_match *match; /* of the qname, which is in a zone of ours */
    const struct address *source;
    /* A service was asked: should the reply not lie ready, this is what it has decided, once and for all. */
    bool is_decided;
    struct decision decision;
};

/** Writes the reply and returns its size; 0: it is to be assembled.  `out` has room for DNS_READY_MOST. */
size_t ready_answer(struct ready *ready, uint8_t *out);
