/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counters that give strict rotation and even weights an order: one per (service, node, query type), the one
 * memory that several threads write.  A flat open-addressed region of (key, count) pairs; a key is entered at
 * its first use by compare-and-swap and never leaves, so its count outlives generations.  When the region is
 * nearly full further keys get no ticket.
 */
struct tickets;

struct tickets *tickets_new(size_t room); /* rounded up to a power of two */
void tickets_free(struct tickets *tickets);

/** A key that is never 0: service_id < 2^24 - 1, node_id < 2^24. */
static inline uint64_t ticket_key(uint32_t service_id, uint32_t node_id, uint16_t qtype)
{
    return ((uint64_t)service_id << 40 | (uint64_t)node_id << 16 | qtype) + 1;
}

/** Takes the next number, from 0.  Without room, a number from `random`.  Any thread; lock-free; relaxed
 * order. */
uint32_t ticket_take(struct tickets *tickets, uint64_t key, uint64_t random);

/** The same; false, and nothing was taken, without room. */
bool ticket_next(struct tickets *tickets, uint64_t key, uint32_t *ticket);

/** Fetches ahead where the counter of `key` probably is. */
void ticket_fetch(const struct tickets *tickets, uint64_t key);

/** The number that ticket_take would return; takes none and enters no key. */
uint32_t ticket_peek(const struct tickets *tickets, uint64_t key);
