/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/curl_loop.h"

#include "base/log.h"
#include "base/memory.h"
#include "health/probe_socket.h"

#include <pthread.h>
#include <stdlib.h>

struct curl_loop {
    CURLM *multi;
    struct loop *loop;
    struct timer timer; /* libcurl wants to be called then */
    void (*done)(CURL *easy, CURLcode code);
};

/* One socket that libcurl wants watched. */
struct curl_socket {
    struct watcher watcher;
    struct curl_loop *curl;
};

static void curl_init_once(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        log_error("health: libcurl cannot be initialised");
        abort();
    }
}

static void curl_loop_collect(struct curl_loop *curl)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(curl->multi, &left)) != NULL;)
        if (message->msg == CURLMSG_DONE)
            curl->done(message->easy_handle, message->data.result);
}

static void curl_loop_act(struct curl_loop *curl, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(curl->multi, fd, events, &running);
    curl_loop_collect(curl);
}

static void curl_socket_ready(void *owner, uint32_t events)
{
    struct curl_socket *socket = owner;
    int action = ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                 ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
    curl_loop_act(socket->curl, socket->watcher.fd, action); /* may free `socket` */
}

static int curl_on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
    (void)easy;
    struct curl_loop *curl = context;
    struct curl_socket *socket = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL)
            loop_forget(curl->loop, &socket->watcher);
        free(socket);
        curl_multi_assign(curl->multi, fd, NULL);
        return 0;
    }
    if (socket == NULL) {
        socket = xcalloc(1, sizeof *socket);
        *socket = (struct curl_socket){ .watcher = { .fd = fd, .ready = curl_socket_ready }, .curl = curl };
        socket->watcher.owner = socket;
        curl_multi_assign(curl->multi, fd, socket);
    }
    uint32_t events = 0;
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        events |= EPOLLOUT;
    loop_watch(curl->loop, &socket->watcher, events);
    return 0;
}

static int curl_on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct curl_loop *curl = context;
    if (timeout_ms < 0)
        timer_cancel(&curl->loop->timers, &curl->timer);
    else
        loop_set_timer(curl->loop, &curl->timer, (uint64_t)timeout_ms * 1000);
    return 0;
}

static void curl_timer_ring(void *owner)
{
    curl_loop_act(owner, CURL_SOCKET_TIMEOUT, 0);
}

/* Idle connections that may wait to be used again: libcurl itself keeps four for each transfer under way,
 * which are few at any moment. */
static long curl_idle_most(unsigned among)
{
    size_t most = probe_sockets_kept_most();
    return most >= among ? (long)(most / among) : 1;
}

struct curl_loop *curl_loop_new(struct loop *loop, void (*done)(CURL *easy, CURLcode code), unsigned among)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_init_once);
    struct curl_loop *curl = xcalloc(1, sizeof *curl);
    *curl = (struct curl_loop){ .multi = curl_multi_init(), .loop = loop, .done = done };
    curl->timer = (struct timer){ .ring = curl_timer_ring, .owner = curl };
    if (curl->multi == NULL) {
        log_error("health: libcurl has no memory");
        abort();
    }
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, curl_on_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, curl_on_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, curl_idle_most(among));
    return curl;
}

void curl_loop_free(struct curl_loop *curl)
{
    if (curl == NULL)
        return;
    curl_multi_cleanup(curl->multi);
    timer_cancel(&curl->loop->timers, &curl->timer);
    free(curl);
}

bool curl_loop_start(struct curl_loop *curl, CURL *easy)
{
    return curl_multi_add_handle(curl->multi, easy) == CURLM_OK;
}

void curl_loop_stop(struct curl_loop *curl, CURL *easy)
{
    curl_multi_remove_handle(curl->multi, easy);
}
