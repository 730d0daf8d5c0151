/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* Targets that wait, oldest first; each is in one queue at most (target.queue), linked by itself. */
struct target;
struct queue {
    struct target *first, **end;
};

void queue_open(struct queue *queue);
void queue_put(struct queue *queue, struct target *target);
void queue_remove(struct target *target); /* no-op if it is in none */
