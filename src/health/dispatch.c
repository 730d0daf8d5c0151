/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/dispatch.h"

#include "health/target.h"

#include "base/log.h"

#include <sys/resource.h>

enum { CONCURRENT_DEFAULT = 2000 };

/* Each check under way holds a socket.  The other half of the descriptors is for everybody else. */
static unsigned dispatch_places(unsigned wanted)
{
    struct rlimit files;
    if (wanted == 0)
        wanted = CONCURRENT_DEFAULT;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 >= wanted)
        return wanted;
    unsigned places = files.rlim_cur >= 2 ? (unsigned)(files.rlim_cur / 2) : 1;
    log_warning("health: the limit of open files allows only %u checks at once, not %u", places, wanted);
    return places;
}

void dispatch_open(struct dispatch *dispatch, struct loop *loop, struct resolver *resolver,
                   const struct checker_settings *settings)
{
    dispatch->loop = loop;
    dispatch->resolver = resolver;
    dispatch->reports = settings->reports;
    dispatch->concurrent_most = dispatch_places(settings->concurrent_most);
    dispatch->end = &dispatch->first;
    dispatch->board = time_board_new();
    rng_seed(&dispatch->rng);
    for (size_t i = 0; i < CHECK_TYPE_COUNT; i++)
        if (probe_types[i] != NULL && probe_types[i]->open != NULL)
            dispatch->shared[i] = probe_types[i]->open(loop, settings);
}

void dispatch_close(struct dispatch *dispatch)
{
    for (size_t i = 0; i < CHECK_TYPE_COUNT; i++)
        if (probe_types[i] != NULL && probe_types[i]->close != NULL)
            probe_types[i]->close(dispatch->shared[i]);
    time_board_free(dispatch->board);
}

void dispatch_queue(struct dispatch *dispatch, struct target *target)
{
    target->queue_next = NULL;
    target->queue_place = dispatch->end;
    *dispatch->end = target;
    dispatch->end = &target->queue_next;
    target->is_queued = true;
}

void dispatch_withdraw(struct dispatch *dispatch, struct target *target)
{
    if (!target->is_queued)
        return;
    *target->queue_place = target->queue_next;
    if (target->queue_next != NULL)
        target->queue_next->queue_place = target->queue_place;
    else
        dispatch->end = target->queue_place;
    target->is_queued = false;
}

void dispatch_run(struct dispatch *dispatch)
{
    while (dispatch->first != NULL && dispatch->counters.in_flight < dispatch->concurrent_most) {
        struct target *target = dispatch->first;
        dispatch_withdraw(dispatch, target);
        target_begin(target);
    }
}
