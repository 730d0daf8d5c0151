/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/suspicion.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum peer_state { PEER_NONE, PEER_REPLIES, PEER_SILENT };

struct peer {
    uint8_t state;   /* enum peer_state */
    bool was_lost;   /* fell silent when it began, or since */
    bool has_spoken; /* has replied before: only who spoke can fall silent */
    uint32_t window_ms;
    uint64_t silent_ms; /* since when */
};

struct suspicion {
    struct peer *peers; /* by slot */
    size_t room;
    unsigned reference_count, reference_silent;
    bool is_on, is_changed;
    uint64_t began_ms;
    uint32_t window_ms;
    uint32_t silent, of;
};

/* What a look over all peers finds. */
struct census {
    uint32_t replying;       /* now */
    uint32_t fallen;         /* spoke before, and fell silent within the window */
    uint32_t lost, returned; /* of those lost since it began */
};

struct suspicion *suspicion_new(void)
{
    return xcalloc(1, sizeof(struct suspicion));
}

void suspicion_free(struct suspicion *suspicion)
{
    if (suspicion == NULL)
        return;
    free(suspicion->peers);
    free(suspicion);
}

static struct peer *peer_at(struct suspicion *suspicion, uint32_t slot)
{
    suspicion->peers = xreach(suspicion->peers, &suspicion->room, slot, sizeof *suspicion->peers);
    return &suspicion->peers[slot];
}

void suspicion_note(struct suspicion *suspicion, uint32_t slot, bool has_replied, uint32_t window_ms,
                    uint64_t now_ms)
{
    struct peer *peer = peer_at(suspicion, slot);
    enum peer_state state = has_replied ? PEER_REPLIES : PEER_SILENT;
    peer->window_ms = window_ms;
    if (peer->state == state)
        return;
    peer->state = (uint8_t)state;
    peer->has_spoken |= has_replied;
    peer->silent_ms = now_ms;
    peer->was_lost |= suspicion->is_on && !has_replied;
    suspicion->is_changed = true;
}

void suspicion_forget(struct suspicion *suspicion, uint32_t slot)
{
    if (slot >= suspicion->room)
        return;
    suspicion->is_changed |= suspicion->peers[slot].state != PEER_NONE;
    suspicion->peers[slot] = (struct peer){ 0 };
}

void suspicion_note_references(struct suspicion *suspicion, unsigned count, unsigned silent)
{
    suspicion->is_changed |= count != suspicion->reference_count || silent != suspicion->reference_silent;
    suspicion->reference_count = count;
    suspicion->reference_silent = silent;
}

static void find_window(struct suspicion *suspicion)
{
    uint32_t window_ms = 0;
    for (uint32_t slot = 0; slot < suspicion->room; slot++) {
        const struct peer *peer = &suspicion->peers[slot];
        if (peer->state != PEER_NONE && peer->window_ms > window_ms)
            window_ms = peer->window_ms;
    }
    suspicion->window_ms = window_ms < SUSPICION_WINDOW_MOST_MS ? window_ms : SUSPICION_WINDOW_MOST_MS;
}

static bool has_fallen(const struct suspicion *suspicion, const struct peer *peer, uint64_t now_ms)
{
    return peer->state == PEER_SILENT && peer->has_spoken && now_ms - peer->silent_ms <= suspicion->window_ms;
}

static struct census take_census(const struct suspicion *suspicion, uint64_t now_ms)
{
    struct census census = { 0 };
    for (uint32_t slot = 0; slot < suspicion->room; slot++) {
        const struct peer *peer = &suspicion->peers[slot];
        census.replying += peer->state == PEER_REPLIES;
        census.fallen += has_fallen(suspicion, peer, now_ms);
        census.lost += peer->was_lost;
        census.returned += peer->was_lost && peer->state == PEER_REPLIES;
    }
    return census;
}

static bool should_begin(const struct suspicion *suspicion, const struct census *census)
{
    uint32_t all = census->replying + census->fallen;
    bool has_many = all >= SUSPICION_PEERS_LEAST;
    if (suspicion->reference_count > 0)
        return suspicion->reference_silent == suspicion->reference_count &&
               !(has_many && census->replying * 2 > all);
    return has_many && census->fallen * 2 > all;
}

static bool should_end(const struct suspicion *suspicion, const struct census *census, uint64_t now_ms)
{
    if (suspicion->reference_count > 0)
        return suspicion->reference_silent < suspicion->reference_count;
    if (census->returned * 2 >= census->lost)
        return true;
    uint32_t steady = census->replying - census->returned;
    uint32_t all = census->lost + steady;
    return steady * SUSPICION_PEERS_LEAST >= all && now_ms - suspicion->began_ms >= SUSPICION_PARTIAL_MS;
}

static void begin(struct suspicion *suspicion, const struct census *census, uint64_t now_ms)
{
    suspicion->is_on = true;
    suspicion->began_ms = now_ms;
    suspicion->silent = census->fallen;
    suspicion->of = census->replying + census->fallen;
    for (uint32_t slot = 0; slot < suspicion->room; slot++)
        suspicion->peers[slot].was_lost = has_fallen(suspicion, &suspicion->peers[slot], now_ms);
}

static void end(struct suspicion *suspicion, const struct census *census)
{
    suspicion->is_on = false;
    suspicion->silent = census->lost - census->returned;
    suspicion->of = census->lost + census->replying - census->returned;
    for (uint32_t slot = 0; slot < suspicion->room; slot++)
        suspicion->peers[slot].was_lost = false;
}

bool suspicion_judge(struct suspicion *suspicion, uint64_t now_ms)
{
    if (!suspicion->is_changed && !suspicion->is_on)
        return false; /* time alone begins nothing */
    suspicion->is_changed = false;
    find_window(suspicion);
    struct census census = take_census(suspicion, now_ms);
    if (!suspicion->is_on && should_begin(suspicion, &census)) {
        begin(suspicion, &census, now_ms);
        return true;
    }
    if (suspicion->is_on && should_end(suspicion, &census, now_ms)) {
        end(suspicion, &census);
        return true;
    }
    return false;
}

bool suspicion_is_on(const struct suspicion *suspicion)
{
    return suspicion->is_on;
}

uint32_t suspicion_window_ms(const struct suspicion *suspicion)
{
    return suspicion->window_ms;
}

void suspicion_figures(const struct suspicion *suspicion, uint32_t *silent, uint32_t *of)
{
    *silent = suspicion->silent;
    *of = suspicion->of;
}
