/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control.h"
#include "control/world.h"
#include "snapshot/latency_table.h"
#include "store/store.h"

/*
 * The thread that keeps what clients measured: takes samples into its book, has the changes stored before it
 * acknowledges them, and sends control a new table when there is news, every two seconds at most, and once a
 * minute because figures grow old.
 */
struct latency_keeper;

enum { LETTER_LATENCY = 210 };

struct latency_news {
    struct letter letter;        /* LETTER_LATENCY */
    struct latency_table *table; /* NULL: nothing is known any more */
};

/** Starts from what was stored. */
bool latency_keeper_start(struct store *store, struct mailbox *control, const struct store_head *head,
                          struct latency_keeper **out, struct error *err);
/** Ends the thread. */
void latency_keeper_stop(struct latency_keeper *keeper);
/** After the store has closed: answers what came back since. */
void latency_keeper_free(struct latency_keeper *keeper);

/** A COMMAND_LATENCY_ADD, from the control thread: refused if it names endpoints that `world` does not have.
 */
void latency_keeper_post(struct latency_keeper *keeper, const struct world *world, struct command *command);
