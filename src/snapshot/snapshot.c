/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/snapshot.h"

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

const struct snapshot *snapshot_acquire(void)
{
    urcu_memb_read_lock();
    return atomic_load_explicit(&current, memory_order_acquire);
}

void snapshot_release(void)
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

void snapshot_publish(struct snapshot *next, struct edition *replaced)
{
    struct retired *retired = xcalloc(1, sizeof *retired);
    retired->edition = *replaced;
    *replaced = (struct edition){ 0 };
    retired->snapshot = atomic_exchange_explicit(&current, next, memory_order_acq_rel);
    grace_period_then_free(retired);
}

/* Not by the library's barrier, which ThreadSanitizer sees as a race of its own. */
void snapshot_shutdown(void)
{
    sem_t all_freed;
    sem_init(&all_freed, 0, 0);
    struct retired *last = xcalloc(1, sizeof *last);
    last->snapshot = atomic_exchange_explicit(&current, NULL, memory_order_acq_rel);
    last->all_freed = &all_freed;
    grace_period_then_free(last);
    while (sem_wait(&all_freed) != 0)
        continue; /* a signal */
    order_reached();
    sem_destroy(&all_freed);
}
