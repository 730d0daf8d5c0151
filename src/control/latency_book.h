/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/geo.h"
#include "snapshot/latency_table.h"
#include "store/latency.h"

/*
 * The samples of clients, gathered by place (network, AS, country) and endpoint.  Each pair keeps how many
 * samples fell into which of 64 sizes, each a fifth above the one before; counts are halved every ten
 * minutes, and a pair is forgotten an hour after its last sample.  The book is bounded: the pairs that were
 * measured longest ago make room.
 *
 * A published median stays until the estimate leaves it by a tenth and a millisecond, so that two near equals
 * do not trade places with every sample.
 */
struct latency_book;

#define LATENCY_PAIRS_MOST   100000
#define LATENCY_HALF_LIFE_MS (10 * 60 * 1000)
#define LATENCY_AGE_MOST_MS  (60 * 60 * 1000)

struct latency_book *latency_book_new(size_t pairs_most);
void latency_book_free(struct latency_book *book);

/** Takes one sample of a client at `location` (NULL: nowhere) to "pool/endpoint". */
void latency_book_add(struct latency_book *book, const struct address *client,
                      const struct location *location, const char *endpoint, uint32_t us, int64_t now_ms);

/** The figures of what is fresh; forgets the rest.  NULL if there is none.  The caller owns it. */
struct latency_table *latency_book_table(struct latency_book *book, int64_t now_ms);

/** Copies of the pairs that changed since the last call; the caller frees them. */
void latency_book_take_changes(struct latency_book *book, struct store_latency **out, size_t *count);
/** Puts back what was stored. */
void latency_book_restore(struct latency_book *book, const struct store_latency *row);

size_t latency_book_count(const struct latency_book *book);
