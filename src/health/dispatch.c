/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/dispatch.h"

#include "health/target.h"

#include "base/log.h"

#include <sys/resource.h>

enum { CONCURRENT_DEFAULT = 2000, PER_ADDRESS_DEFAULT = 100 };

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
    dispatch->per_address_most =
        settings->per_address_most != 0 ? settings->per_address_most : PER_ADDRESS_DEFAULT;
    queue_open(&dispatch->due);
    sites_open(&dispatch->sites);
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
    sites_close(&dispatch->sites);
    time_board_free(dispatch->board);
}

void dispatch_queue(struct dispatch *dispatch, struct target *target)
{
    queue_put(&dispatch->due, target);
}

/* Whether it may start by its address; otherwise it waits there, behind those that were first. */
static bool dispatch_admits(struct dispatch *dispatch, struct target *target)
{
    struct site *site = target_site(target);
    if (site == NULL || (site->running < dispatch->per_address_most && site->waiting.first == NULL))
        return true;
    counter_add(&dispatch->counters.delayed);
    queue_put(&site->waiting, target);
    return false;
}

static bool dispatch_has_place(const struct dispatch *dispatch)
{
    return dispatch->counters.in_flight < dispatch->concurrent_most;
}

/* Those that waited for an address longest go first; a name may lead elsewhere by now. */
static void dispatch_run_freed(struct dispatch *dispatch)
{
    struct target *target;
    while (dispatch_has_place(dispatch) &&
           (target = sites_next(&dispatch->sites, dispatch->per_address_most)) != NULL) {
        const struct site *waited_at = target->site;
        if (target_site(target) == waited_at)
            target_begin(target);
        else
            dispatch_queue(dispatch, target);
    }
}

void dispatch_run(struct dispatch *dispatch)
{
    struct target *target;
    dispatch_run_freed(dispatch);
    while (dispatch_has_place(dispatch) && (target = dispatch->due.first) != NULL) {
        queue_remove(target);
        if (dispatch_admits(dispatch, target))
            target_begin(target);
    }
}
