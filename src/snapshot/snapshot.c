/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/snapshot.h"

#include "base/clock.h"
#include "base/memory.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#else
#define HAS_THREAD_SANITIZER 0
#define _LGPL_SOURCE         /* our licence allows its functions to be inlined, which makes a read section cheap */
#endif
#include <urcu/urcu-memb.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if HAS_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
/* The library is not instrumented, so tell ThreadSanitizer the order that a grace period gives: what was done
 * before a passed() comes before what is done after a later reached(). */
static char order;
#define order_passed()  __tsan_release(&order)
#define order_reached() __tsan_acquire(&order)
#else
#define order_passed()  ((void)0)
#define order_reached() ((void)0)
#endif

/* What one publication replaced, waiting for its grace period. */
struct retired {
    struct rcu_head head;
    struct edition edition;
    struct snapshot *snapshot;
    sem_t *all_freed; /* who waits for it and all before it; NULL: nobody */
};

static struct snapshot *_Atomic current;
static _Thread_local bool is_registered;

void snapshot_register_thread(void)
{
    if (is_registered)
        return;
    urcu_memb_register_thread();
    is_registered = true;
}

void snapshot_unregister_thread(void)
{
    if (!is_registered)
        return;
    urcu_memb_unregister_thread();
    is_registered = false;
}

/* Both are told to be worth inlining where they are called: each query passes them. */
inline const struct snapshot *snapshot_acquire(void)
{
    urcu_memb_read_lock();
    return atomic_load_explicit(&current, memory_order_acquire);
}

inline void snapshot_release(void)
{
    order_passed();
    urcu_memb_read_unlock();
}

static void retired_free(struct rcu_head *head)
{
    struct retired *retired = (struct retired *)((char *)head - offsetof(struct retired, head));
    order_reached();
    edition_free_replaced(&retired->edition);
    free(retired->snapshot);
    sem_t *all_freed = retired->all_freed;
    free(retired);
    order_passed();
    if (all_freed != NULL)
        sem_post(all_freed);
}

/* Calls back in the order of the publications: they all pass one queue. */
static void grace_period_then_free(struct retired *retired)
{
    bool was_registered = is_registered; /* the library wants it of its callers, too */
    snapshot_register_thread();
    order_passed();
    urcu_memb_call_rcu(&retired->head, retired_free);
    if (!was_registered)
        snapshot_unregister_thread();
}

/* ---- what was replaced and can still be found ---- */

/* Those that were replaced last, in their order: a place is emptied before its snapshot gets its grace
 * period, so whoever found it there inside a read section may use it. */
static struct {
    struct snapshot *_Atomic snapshots[SNAPSHOTS_KEPT_MOST];
    struct retired *retired[SNAPSHOTS_KEPT_MOST]; /* the control thread's, as all below */
    uint64_t since_ms[SNAPSHOTS_KEPT_MOST];
    unsigned first, count, most;
} kept;

static void forget_first(void)
{
    unsigned at = kept.first;
    atomic_store_explicit(&kept.snapshots[at], NULL, memory_order_release);
    grace_period_then_free(kept.retired[at]);
    kept.first = (at + 1) % SNAPSHOTS_KEPT_MOST;
    kept.count--;
}

static void keep(struct retired *retired)
{
    unsigned at = (kept.first + kept.count) % SNAPSHOTS_KEPT_MOST;
    kept.retired[at] = retired;
    kept.since_ms[at] = clock_monotonic_ms();
    kept.count++;
}

/* The place that the current snapshot will have: it is there before it is current no more, so that nobody
 * misses it in between. */
static void announce(struct snapshot *replaced)
{
    while (kept.count >= kept.most)
        forget_first();
    unsigned at = (kept.first + kept.count) % SNAPSHOTS_KEPT_MOST;
    atomic_store_explicit(&kept.snapshots[at], replaced, memory_order_release);
}

void snapshot_keep(unsigned most)
{
    kept.most = most < SNAPSHOTS_KEPT_MOST ? most : SNAPSHOTS_KEPT_MOST;
    while (kept.count > kept.most)
        forget_first();
}

void snapshot_forget_old(uint64_t before_ms)
{
    while (kept.count > 0 && kept.since_ms[kept.first] < before_ms)
        forget_first();
}

static bool is_the_one(const struct snapshot *snapshot, uint64_t generation, uint64_t conditions)
{
    return snapshot != NULL && snapshot->conditions->number == conditions &&
           snapshot->dataset->generation == generation;
}

const struct snapshot *snapshot_find(uint64_t generation, uint64_t conditions)
{
    const struct snapshot *found = atomic_load_explicit(&current, memory_order_acquire);
    for (unsigned i = 0; i < SNAPSHOTS_KEPT_MOST && !is_the_one(found, generation, conditions); i++)
        found = atomic_load_explicit(&kept.snapshots[i], memory_order_acquire);
    return is_the_one(found, generation, conditions) ? found : NULL;
}

/* ---- publication ---- */

void snapshot_publish(struct snapshot *next, struct edition *replaced)
{
    struct retired *retired = xcalloc(1, sizeof *retired);
    struct snapshot *old = atomic_load_explicit(&current, memory_order_relaxed); /* ours alone to change */
    bool is_kept = kept.most > 0 && old != NULL;
    retired->edition = *replaced;
    *replaced = (struct edition){ 0 };
    retired->snapshot = old;
    if (is_kept)
        announce(old);
    atomic_store_explicit(&current, next, memory_order_release);
    if (is_kept)
        keep(retired);
    else
        grace_period_then_free(retired);
}

/* Not by the library's barrier, which ThreadSanitizer sees as a race of its own. */
/* With `snapshot`, which nobody can find any more; NULL: none. */
static void settle(struct snapshot *snapshot)
{
    sem_t all_freed;
    sem_init(&all_freed, 0, 0);
    struct retired *last = xcalloc(1, sizeof *last);
    last->snapshot = snapshot;
    last->all_freed = &all_freed;
    grace_period_then_free(last);
    while (sem_wait(&all_freed) != 0)
        continue; /* a signal */
    order_reached();
    sem_destroy(&all_freed);
}

void snapshot_settle(void)
{
    settle(NULL);
}

void snapshot_shutdown(void)
{
    snapshot_keep(0);
    settle(atomic_exchange_explicit(&current, NULL, memory_order_acq_rel));
}
