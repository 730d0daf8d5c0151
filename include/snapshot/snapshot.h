/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/conditions.h"
#include "snapshot/dataset.h"
#include "snapshot/edition.h"
#include "snapshot/server_keys.h"
#include "snapshot/tickets.h"

/*
 * All that workers see of the world, behind one RCU pointer.  The control thread is the only writer.
 */
struct snapshot {
    const struct dataset *dataset;
    const struct conditions *conditions;
    struct tickets *tickets;        /* shared by all snapshots */
    const struct server_keys *keys; /* NULL: no cookies */
};

/** Every thread that reads calls this once before its first acquire, and unregister before it ends. */
void snapshot_register_thread(void);
void snapshot_unregister_thread(void);

/** Borrows the current snapshot until the release; never blocks, never waits.  NULL before the first
 * publication. Do not nest. */
const struct snapshot *snapshot_acquire(void);
void snapshot_release(void);

/**
 * Makes `next` (taken over) current.  What it replaced, the old snapshot struct included, is freed after the
 * grace period by a background thread; never blocks.  `replaced` is emptied.  Control thread only.
 */
void snapshot_publish(struct snapshot *next, struct edition *replaced);

/** Waits until all that was replaced so far is freed.  Not in a read section. */
void snapshot_settle(void);
/** Waits until all that was replaced is freed, then frees the current snapshot struct itself: at the end,
 * when nobody reads. */
void snapshot_shutdown(void);

/**
 * From now on the `most` snapshots that were replaced last can still be found, for explain: what they alone
 * reach is freed when newer ones take their places, or by snapshot_forget_old.  0: none, as at the start.
 * Control thread.
 */
#define SNAPSHOTS_KEPT_MOST 64
void snapshot_keep(unsigned most);
/** Lets go of those that were replaced before `before_ms` (monotonic).  Control thread. */
void snapshot_forget_old(uint64_t before_ms);
/** The snapshot of that generation with the conditions of that number: the current one or one that is kept;
 * NULL: it is gone.  Between snapshot_acquire and snapshot_release, valid until then. */
const struct snapshot *snapshot_find(uint64_t generation, uint64_t conditions);
