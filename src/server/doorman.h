/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdatomic.h>
#include <sys/types.h>

/*
 * Lets a worker sleep in the receiving call of one socket, though it has others: one thread, the doorman,
 * watches these through the worker's epoll meanwhile, and rings with a signal.
 *
 *     OFF ── doorbell_on ──▶ ON ── the epoll has something ──▶ RUNG ── doorbell_off ──▶ OFF
 *
 * A signal that comes just before the call that it shall interrupt is lost.  So the doorman rings again until
 * he has been heard.
 */
enum doorbell_state { BELL_OFF, BELL_ON, BELL_RUNG };

/* A worker's. */
struct doorbell {
    int epoll_fd;                      /* what is watched */
    pid_t thread;                      /* who sleeps */
    _Atomic enum doorbell_state state; /* RUNG is said by the doorman, the others by that thread */
};

struct doorman;

/** Serves `count` bells, which are borrowed, as is the list until it returns.  Control plane. */
bool doorman_start(struct doorbell *const *bells, unsigned count, struct doorman **out, struct error *err);
/** When the threads behind the bells have ended; accepts NULL. */
void doorman_stop(struct doorman *doorman);

/** A thread that has begun, before its first doorbell_on: now it can be rung at. */
void doorbell_own(struct doorbell *bell);
/** From now on blocking calls of this thread end with EINTR when its epoll has something.  False: they do
 * not. */
bool doorbell_on(struct doorman *doorman, struct doorbell *bell);
/** The thread looks after all itself. */
void doorbell_off(struct doorman *doorman, struct doorbell *bell);

/** To be asked before each call that may block. */
static inline bool doorbell_is_rung(const struct doorbell *bell)
{
    return atomic_load_explicit(&bell->state, memory_order_relaxed) == BELL_RUNG;
}
