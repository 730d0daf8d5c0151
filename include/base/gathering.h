/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Group commit.  A commit takes more CPU than what is in it, so where a few write at a time the next one
 * waits up to two milliseconds until all of them are there again:
 *
 *     |■ a ■|     |■ b ■|        |■ a b ■|         |■ a b c ■|
 *        b comes     a comes back   both, and c       nobody: the next one waits at most 2 ms
 *
 * Who writes alone never waits, for nobody comes while he is served.  Many are never kept waiting either:
 * they find each other at the door, and where a disk takes long even a few do.
 */
enum { GATHERING_US = 2000, GATHERING_ENOUGH = 8 };

struct gathering {
    uint64_t began_us; /* the last group, monotonic */
    uint64_t until_us; /* the next one waits so long */
    size_t expected;   /* or until so many are there */
};

void gathering_begin(struct gathering *gathering, uint64_t now_us);

/** The group is over: `answered` writers were, and `waiting` came meanwhile. */
void gathering_end(struct gathering *gathering, size_t answered, size_t waiting, uint64_t now_us);

/** How long those who wait by now, of whom there may be none, wait for others; 0: no longer. */
int gathering_left_ms(const struct gathering *gathering, size_t waiting, uint64_t now_us);
