/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/queue.h"

#include "health/target.h"

void queue_open(struct queue *queue)
{
    *queue = (struct queue){ .end = &queue->first };
}

void queue_put(struct queue *queue, struct target *target)
{
    target->queue = queue;
    target->queue_next = NULL;
    target->queue_place = queue->end;
    *queue->end = target;
    queue->end = &target->queue_next;
}

void queue_remove(struct target *target)
{
    if (target->queue == NULL)
        return;
    *target->queue_place = target->queue_next;
    if (target->queue_next != NULL)
        target->queue_next->queue_place = target->queue_place;
    else
        target->queue->end = target->queue_place;
    target->queue = NULL;
}
