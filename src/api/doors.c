/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doors of all listeners. */
#include "api/state.h"
#include "base/clock.h"
#include "base/log.h"

#include <sys/resource.h>

#define SWEEP_MS        1000
#define STRANGER_MS     10000
#define KNOWN_MS        60000
#define TRANSFER_MS     30000
#define BYTES_PER_MS    32 /* slower than that is not slow but hostile */
#define UNIX_MOST       1024u
#define LEAST           64u
#define DESCRIPTORS_OUR 512u /* database, files, workers, libraries */

/* How many connections the TCP listeners together may hold: what DNS and the checks may need is theirs. */
static unsigned descriptors_left(const struct settings *settings, unsigned unix_count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT32_MAX;
    uint64_t taken = (uint64_t)settings->tcp_connections + settings->checks_concurrent + DESCRIPTORS_OUR +
                     (uint64_t)unix_count * UNIX_MOST;
    uint64_t left = limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
    return left < UINT32_MAX ? (unsigned)left : UINT32_MAX;
}

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned share_out(const struct api *api)
{
    unsigned tcp_count = 0;
    for (size_t i = 0; i < api->listener_count; i++)
        tcp_count += api->listeners[i].socket.unix_path == NULL;
    unsigned unix_count = (unsigned)api->listener_count - tcp_count;
    unsigned wanted = api->settings->api_connections;
    unsigned left = descriptors_left(api->settings, unix_count);
    if (left < wanted && tcp_count > 0)
        log_warning("api: descriptors are enough for %u of %u connections: raise LimitNOFILE", left, wanted);
    unsigned each = least_of(wanted, left) / (tcp_count > 0 ? tcp_count : 1);
    return each > LEAST ? each : LEAST;
}

/* A unix socket has a door of its own size: who is on this machine gets in whatever happens outside. */
void doors_open(struct api *api)
{
    unsigned each = share_out(api);
    for (size_t i = 0; i < api->listener_count; i++) {
        struct api_listener *listener = &api->listeners[i];
        bool is_unix = listener->socket.unix_path != NULL;
        listener->most = is_unix ? UNIX_MOST : each;
        const struct door_limits limits = { .most = listener->most,
                                            .most_per_client = api->settings->api_connections_per_client,
                                            .stranger_ms = STRANGER_MS,
                                            .known_ms = KNOWN_MS,
                                            .transfer_ms = TRANSFER_MS,
                                            .bytes_per_ms = BYTES_PER_MS };
        listener->door = door_new(&limits);
    }
}

void doors_sweep(struct api *api)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (now_ms - api->swept_ms < SWEEP_MS)
        return;
    api->swept_ms = now_ms;
    for (size_t i = 0; i < api->listener_count; i++)
        door_sweep(api->listeners[i].door, now_ms);
}
