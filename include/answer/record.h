/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/rng.h"
#include "dns/edns.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * All that an answer depended on beside the snapshot, so that it can be explained later by answering once
 * more: who asked what, the random bits, the tickets in the order they were taken.  Made only for clients on
 * a list who ask for it by an EDNS option.
 *
 *     worker ──put──▶ ring of its own, fixed, the oldest goes ──find by id──▶ API
 */
#define RECORD_DRAWS_MAX 64

struct draw_log {
    uint16_t count; /* taken, or, of a replay, handed out; above RECORD_DRAWS_MAX: some are lost */
    bool is_replay;
    uint32_t tickets[RECORD_DRAWS_MAX];
};

struct answer_record {
    uint64_t id;
    uint64_t generation, conditions; /* the snapshot that answered */
    uint64_t random, now_us;
    uint32_t wall_s;
    uint16_t qtype, qclass;
    struct address source;
    struct edns_ecs ecs; /* as it was sent */
    uint8_t qname_size;
    uint8_t qname[DNS_NAME_SIZE_MAX];
    struct draw_log draws;
};

#define RECORD_ID_SIZE 16 /* as text: hexadecimal digits, no NUL */

struct record_ring;

/** Of one worker; `worker` stands in its ids.  Control plane. */
struct record_ring *record_ring_new(unsigned worker);
void record_ring_free(struct record_ring *ring);

/** The id that the next record will have, also as text.  The worker. */
uint64_t record_ring_next(struct record_ring *ring, uint8_t text[RECORD_ID_SIZE]);
/** Keeps `record`, whose id is the next one, in place of the oldest.  The worker; no lock, no allocation. */
void record_ring_put(struct record_ring *ring, const struct answer_record *record);

/** Any thread.  False: there is no record of that id, or no longer. */
bool record_ring_find(const struct record_ring *ring, uint64_t id, struct answer_record *out);
/** The worker that an id is of. */
unsigned record_worker(uint64_t id);

/** The next ticket of a log: noted as it was taken, or in a replay the one that was noted. */
static inline uint32_t draw_log_pass(struct draw_log *log, uint32_t ticket)
{
    uint16_t at = log->count;
    if (at >= RECORD_DRAWS_MAX)
        log->count = RECORD_DRAWS_MAX + 1;
    else if (log->is_replay)
        ticket = log->tickets[log->count++];
    else
        log->tickets[log->count++] = ticket;
    return ticket;
}
