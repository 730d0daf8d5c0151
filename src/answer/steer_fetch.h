/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/traffic.h"
#include "base/inlined.h"

/*
 * What the decision of a service reads is spread over memory, and of a hundred thousand services nothing is
 * in the caches.  So while others are on their way, it is fetched in steps, each of which finds its way
 * through what the one before has brought:
 *
 *     head  the service and its root
 *     0     of the root: its ticket, its state, the index of its table of places
 *     1     the table of places itself
 *     rest  children and endpoints, and what counts the service
 *
 * The rest is not asked for at once for all that are under way, but for each a few replies before its own: a
 * processor has some twenty lines on their way to it, and forgets what it is asked for beyond.  What only
 * fetches is INLINED: a compiler that looks at it by itself finds that it does nothing, and drops the call.
 */
#define STEER_FETCHES 2

#define FETCHED_LINE       64
#define FETCHED_HEAD_LINES 2 /* a service and its root, which stand at the beginning of a line */
#define FETCHED_LINES      5 /* of most services' blocks all that is read */

static INLINED void steer_fetch_head(const struct service *service)
{
    const char *block = (const char *)service;
#pragma GCC unroll 8
    for (unsigned line = 0; line < FETCHED_HEAD_LINES; line++)
        __builtin_prefetch(block + (size_t)line * FETCHED_LINE);
}

/** Steps 0 and 1.  `address` is the client's.  Reads nothing that was not there to be read anyway; decides
 * nothing. */
void steer_fetch(const struct snapshot *now, const struct service *service, const struct address *address,
                 uint16_t qtype, unsigned step);

static INLINED void steer_fetch_rest(const struct answerer *answerer, const struct service *service)
{
    const char *block = (const char *)service;
#pragma GCC unroll 8
    for (unsigned line = FETCHED_HEAD_LINES; line < FETCHED_LINES; line++)
        __builtin_prefetch(block + (size_t)line * FETCHED_LINE);
    traffic_fetch(answerer->counters, service);
}
