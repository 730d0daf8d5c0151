/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/api.h"

#include "api/openapi.h"
#include "api/router.h"
#include "api/state.h"
#include "api/stream.h"
#include "api/tls.h"
#include "api/traffic.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LETTER_STOP = -1, LETTER_EVENTS = -2 };

enum { LOOK_MS = 1000 }; /* how often somebody looks which streams need a sign of life, and who is overdue */

bool api_open(const struct settings *settings, struct api **out, struct error *err)
{
    struct api *api = xcalloc(1, sizeof *api);
    api->settings = settings;
    api->started_wall_ms = clock_wall_ms();
    api->listeners = xcalloc(settings->api_listen_count, sizeof *api->listeners);
    for (size_t i = 0; i < settings->api_listen_count; i++) {
        if (!listener_open(&settings->api_listen[i], settings, &api->listeners[i].socket, err)) {
            api_close(api);
            return false;
        }
        api->listener_count++;
    }
    doors_open(api);
    *out = api;
    return true;
}

/* While it stops it looks again now and then: a handler that was refused has nothing to post. */
static void *waker_run(void *context)
{
    struct api *api = context;
    while (!atomic_load(&api->is_stopping) || atomic_load(&api->under_way) > 0) {
        mailbox_wait(api->mailbox, atomic_load(&api->is_stopping) ? 20 : LOOK_MS);
        struct letter *next;
        for (struct letter *letter = mailbox_take(api->mailbox); letter != NULL; letter = next) {
            next = letter->next;
            if (letter->kind == LETTER_EVENTS)
                feed_heard(control_feed(api->control));
        }
        streams_wake(api->streams);
        doors_sweep(api);
        keys_touch(api, false);
        keys_look(api, atomic_exchange(&api->is_reload_due, false));
    }
    return NULL;
}

static bool start_waker(struct api *api, struct error *err)
{
    int code = pthread_create(&api->waker, NULL, waker_run, api);
    if (code != 0)
        return error_set(err, "cannot start the API's thread: %s", strerror(code));
    pthread_setname_np(api->waker, "api-waker");
    api->has_waker = true;
    return true;
}

bool api_start(struct api *api, struct control *control, const struct api_data_plane *data_plane,
               struct error *err)
{
    api->control = control;
    api->data_plane = *data_plane;
    api->traffic = traffic_new();
    api->openapi = openapi_print(api_routes, api_route_count);
    api->mailbox = mailbox_new();
    api->failures = failures_new();
    api->audit_log = audit_log_new();
    feed_notify(control_feed(control), api->mailbox, LETTER_EVENTS);
    if (!keys_open(api, err))
        return false;
    api->streams = streams_new(control_feed(control), api->auth);
    if (!start_waker(api, err))
        return false;
    for (size_t i = 0; i < api->listener_count; i++) {
        if (!http_start(api, &api->listeners[i], err))
            return false;
        log_notice("the API listens on %s", api->listeners[i].socket.name);
    }
    return true;
}

void api_reload(struct api *api)
{
    atomic_store(&api->is_reload_due, true);
}

/* Every command comes back, so every connection that sleeps is woken before its daemon ends. */
static void stop_waker(struct api *api)
{
    struct letter stop = { .kind = LETTER_STOP };
    if (api->has_waker) {
        mailbox_post(api->mailbox, &stop);
        pthread_join(api->waker, NULL);
    }
    if (api->mailbox == NULL)
        return;
    for (struct letter *left = mailbox_take(api->mailbox); left != NULL; left = left->next)
        ; /* only `stop` and the feed's own can be there */
}

void api_close(struct api *api)
{
    if (api == NULL)
        return;
    for (size_t i = 0; i < api->listener_count; i++)
        http_quiesce(&api->listeners[i]);
    atomic_store(&api->is_stopping, true);
    if (api->control != NULL)
        feed_notify(control_feed(api->control), NULL, 0);
    stop_waker(api);
    keys_touch(api, true);
    streams_end(api->streams);
    for (size_t i = 0; i < api->listener_count; i++) {
        http_stop(&api->listeners[i]);
        listener_close(&api->listeners[i].socket);
        door_free(api->listeners[i].door);
    }
    mailbox_free(api->mailbox);
    streams_free(api->streams);
    auth_close(api->auth);
    tls_close(api->tls);
    traffic_free(api->traffic);
    failures_free(api->failures);
    audit_log_free(api->audit_log);
    free(api->openapi);
    free(api->listeners);
    free(api);
}
