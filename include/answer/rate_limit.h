/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Response rate limiting: a forged query makes us send a reply to somebody else, so alike replies to one
 * client network are counted, and what is beyond the rate is not sent.  Every so many are truncated instead:
 * a real client comes back by TCP, where no address can be forged.
 *
 *     (client network, kind of reply)  ──keyed hash──▶  line of 8 buckets  [ tag | debt paid at ] × 8
 *
 * One flat table of fixed size, shared by all workers, because queries of one network meet them all.  A
 * bucket is one atomic word; a full line forgets the bucket that owes least.
 */
struct rate_limiter;

struct rate_limit_settings {
    uint32_t responses_per_second;    /* 1..100000 */
    uint32_t slip;                    /* one of so many limited replies, by lot, is truncated; 0: none */
    uint8_t ipv4_prefix, ipv6_prefix; /* bits of a client network */
    const struct prefix *exempt;      /* clients without a limit; borrowed until rate_limiter_new returns */
    size_t exempt_count;
};

/* Control plane. */
struct rate_limiter *rate_limiter_new(const struct rate_limit_settings *settings);
void rate_limiter_free(struct rate_limiter *limiter);

enum rate_verdict { RATE_SEND, RATE_SLIP, RATE_DROP };

/**
 * Judges one reply of the kind `kind` (any hash) to `source`, and counts it if it is to be sent.  `now_us` is
 * monotonic and may lag a little behind that of other threads.  Any thread; lock-free; relaxed order.
 */
enum rate_verdict rate_limiter_judge(struct rate_limiter *limiter, const struct address *source,
                                     uint64_t kind, uint64_t now_us, uint64_t random);
