/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/time_board.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PAGE_PLACES = 256, PAGES_MOST = 1 << 16 }; /* endpoints beyond are not shown */

struct place {
    _Atomic bool is_taken;
    _Atomic uint8_t counts; /* enum latency_of */
    _Atomic uint32_t mean_us[LATENCY_OF_COUNT], samples[LATENCY_OF_COUNT];
    _Atomic uint64_t newest_us[LATENCY_OF_COUNT];
};

struct page {
    struct place places[PAGE_PLACES];
};

struct time_board {
    _Atomic(struct page *) pages[PAGES_MOST];
};

#define READ(from)      atomic_load_explicit(&(from), memory_order_relaxed)
#define WRITE(to, what) atomic_store_explicit(&(to), (what), memory_order_relaxed)

struct time_board *time_board_new(void)
{
    return xcalloc(1, sizeof(struct time_board));
}

void time_board_free(struct time_board *board)
{
    for (size_t i = 0; board != NULL && i < PAGES_MOST; i++)
        free(READ(board->pages[i]));
    free(board);
}

static struct place *place_of(const struct time_board *board, uint32_t slot)
{
    if (slot / PAGE_PLACES >= PAGES_MOST)
        return NULL;
    struct page *page = atomic_load_explicit(&board->pages[slot / PAGE_PLACES], memory_order_acquire);
    return page != NULL ? &page->places[slot % PAGE_PLACES] : NULL;
}

void time_board_put(struct time_board *board, uint32_t slot, const struct times *times,
                    enum latency_of counts)
{
    if (slot / PAGE_PLACES >= PAGES_MOST)
        return;
    if (place_of(board, slot) == NULL)
        atomic_store_explicit(&board->pages[slot / PAGE_PLACES], xcalloc(1, sizeof(struct page)),
                              memory_order_release);
    struct place *place = place_of(board, slot);
    for (int of = 0; of < LATENCY_OF_COUNT; of++) {
        WRITE(place->mean_us[of], times_mean_us(times, (enum latency_of)of));
        WRITE(place->samples[of], times->of[of].samples);
        WRITE(place->newest_us[of], times->of[of].newest_us);
    }
    WRITE(place->counts, (uint8_t)counts);
    WRITE(place->is_taken, true);
}

void time_board_clear(struct time_board *board, uint32_t slot)
{
    struct place *place = place_of(board, slot);
    if (place != NULL)
        WRITE(place->is_taken, false);
}

bool time_board_read(const struct time_board *board, uint32_t slot, uint64_t now_us, struct check_times *out)
{
    struct place *place = place_of(board, slot);
    if (place == NULL || !READ(place->is_taken))
        return false;
    out->counts = (enum latency_of)READ(place->counts);
    for (int of = 0; of < LATENCY_OF_COUNT; of++) {
        uint64_t newest_us = READ(place->newest_us[of]);
        out->of[of] = (struct check_time){ .mean_us = READ(place->mean_us[of]),
                                           .samples = READ(place->samples[of]),
                                           .age_ms = now_us > newest_us ? (now_us - newest_us) / 1000 : 0 };
    }
    return true;
}
