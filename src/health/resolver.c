/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/resolver.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/table.h"
#include "health/lookup.h"

#include <ares.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    NAME_RETRY_MOST_S = 32, /* after failures in a row, or without addresses: 1, 2, 4, … */
    NAME_RECENT_S = 3600,   /* older addresses of an earlier process wait for the first answer */
    NAME_LINGERS_S = 60,    /* with its addresses, for who uses it again */
    RESOLVER_TIMEOUT_MS = 1000,
    RESOLVER_TRIES = 2,
};

struct name {
    struct resolver *resolver;
    char *text;            /* without final dot */
    struct name_use *uses; /* NULL: it lingers */
    struct lookup v4, v6;
    size_t turn;
    char problem[RESOLVED_PROBLEM]; /* why there are no addresses, or no fresh ones; "" */
    bool is_settled, has_failed;
    unsigned failures;
    uint64_t expires_us;  /* monotonic */
    struct timer refresh; /* or the end of one that lingers */
};

/* A socket of c-ares. */
struct resolver_socket {
    struct watcher watcher;
    struct resolver *resolver;
    struct resolver_socket *next;
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    char *servers; /* NULL: the system's */
    uint64_t stale_us;
    struct name_memory *memory;
    struct timespec configured; /* when resolv.conf had changed last */
    size_t asking;
    struct timer timer; /* c-ares wants to be called then */
    struct resolver_socket *sockets;
    struct table *names; /* text → struct name */
};

static void resolver_rearm(struct resolver *resolver)
{
    struct timeval wait;
    if (ares_timeout(resolver->channel, NULL, &wait) == NULL)
        timer_cancel(&resolver->loop->timers, &resolver->timer);
    else
        loop_set_timer(resolver->loop, &resolver->timer,
                       (uint64_t)wait.tv_sec * 1000000 + (uint64_t)wait.tv_usec);
}

static void resolver_socket_ready(void *owner, uint32_t events)
{
    struct resolver_socket *socket = owner;
    struct resolver *resolver = socket->resolver;
    int fd = socket->watcher.fd;
    bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0; /* c-ares learns of it by trying */
    ares_process_fd(resolver->channel, is_over || (events & EPOLLIN) ? fd : ARES_SOCKET_BAD,
                    is_over || (events & EPOLLOUT) ? fd : ARES_SOCKET_BAD); /* may free `socket` */
    resolver_rearm(resolver);
}

static void resolver_timer_ring(void *owner)
{
    struct resolver *resolver = owner;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    resolver_rearm(resolver);
}

static void resolver_on_socket(void *context, ares_socket_t fd, int is_read, int is_written)
{
    struct resolver *resolver = context;
    struct resolver_socket **place = &resolver->sockets;
    while (*place != NULL && (*place)->watcher.fd != fd)
        place = &(*place)->next;
    struct resolver_socket *socket = *place;
    if (!is_read && !is_written) {
        if (socket == NULL)
            return;
        *place = socket->next;
        loop_forget(resolver->loop, &socket->watcher);
        free(socket);
        return;
    }
    if (socket == NULL) {
        socket = *place = xcalloc(1, sizeof *socket);
        *socket = (struct resolver_socket){ .watcher = { .fd = fd, .ready = resolver_socket_ready },
                                            .resolver = resolver };
        socket->watcher.owner = socket;
    }
    loop_watch(resolver->loop, &socket->watcher, (is_read ? EPOLLIN : 0u) | (is_written ? EPOLLOUT : 0u));
}

static struct timespec resolv_conf_changed(void)
{
    struct stat stat_of = { 0 };
    (void)stat("/etc/resolv.conf", &stat_of);
    return stat_of.st_mtim;
}

static bool resolver_open_channel(struct resolver *resolver, struct error *err)
{
    struct ares_options options = {
        .timeout = RESOLVER_TIMEOUT_MS,
        .tries = RESOLVER_TRIES,
        .ndomains = 0, /* names are absolute: no search list */
        .sock_state_cb = resolver_on_socket,
        .sock_state_cb_data = resolver,
    };
    resolver->configured = resolv_conf_changed();
    int status =
        ares_init_options(&resolver->channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        resolver->channel = NULL;
        return error_set(err, "c-ares: %s", ares_strerror(status));
    }
    if (resolver->servers == NULL)
        return true;
    status = ares_set_servers_ports_csv(resolver->channel, resolver->servers);
    return status == ARES_SUCCESS ||
           error_set(err, "name servers \"%s\": %s", resolver->servers, ares_strerror(status));
}

/* c-ares 1.18 reads resolv.conf only once; a daemon outlives many. */
static void resolver_follow_system(struct resolver *resolver)
{
    struct timespec changed = resolv_conf_changed();
    if (resolver->servers != NULL || resolver->asking > 0 ||
        (changed.tv_sec == resolver->configured.tv_sec && changed.tv_nsec == resolver->configured.tv_nsec))
        return;
    ares_channel old = resolver->channel;
    if (resolver_open_channel(resolver, NULL))
        ares_destroy(old);
    else
        resolver->channel = old;
}

static void ares_init_once(void)
{
    ares_library_init(ARES_LIB_INIT_ALL); /* does nothing outside Windows, but is asked for */
}

bool resolver_open(struct loop *loop, const char *servers, uint64_t stale_ms, struct name_memory *memory,
                   struct resolver **out, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ares_init_once);
    struct resolver *resolver = xcalloc(1, sizeof *resolver);
    resolver->loop = loop;
    resolver->stale_us = stale_ms * 1000;
    resolver->memory = memory;
    resolver->servers = servers != NULL ? xstrdup(servers) : NULL;
    resolver->timer = (struct timer){ .ring = resolver_timer_ring, .owner = resolver };
    resolver->names = table_new();
    if (!resolver_open_channel(resolver, err)) {
        resolver_close(resolver);
        return false;
    }
    *out = resolver;
    return true;
}

static void name_free(struct name *name)
{
    timer_cancel(&name->resolver->loop->timers, &name->refresh);
    free(name->text);
    free(name);
}

void resolver_close(struct resolver *resolver)
{
    const char *text;
    void *name;
    if (resolver == NULL)
        return;
    if (resolver->channel != NULL)
        ares_destroy(resolver->channel); /* ends what is under way */
    timer_cancel(&resolver->loop->timers, &resolver->timer);
    for (size_t at = 0; table_next(resolver->names, &at, &text, &name);)
        name_free(name);
    table_free(resolver->names);
    free(resolver->servers);
    free(resolver);
}

static void say_problem(struct name *name)
{
    const struct lookup *says =
        lookup_has_failed(&name->v6) && !lookup_has_failed(&name->v4) ? &name->v6 : &name->v4;
    name->problem[0] = '\0';
    if (name->has_failed || name->v4.count + name->v6.count == 0)
        snprintf(name->problem, sizeof name->problem, "%s", lookup_words(says));
}

/*
 * Both families were asked; returns after how many seconds to ask again.  Name servers that fail to say that
 * there is nothing of one family are no failure: there are some of that kind.
 */
static unsigned name_update(struct name *name)
{
    const struct lookup *v4 = &name->v4, *v6 = &name->v6;
    bool v4_failed = lookup_has_failed(v4), v6_failed = lookup_has_failed(v6);
    bool has_addresses = v4->count + v6->count > 0;
    name->has_failed =
        (v4_failed && v6_failed) || (v4_failed && v4->count > 0) || (v6_failed && v6->count > 0);
    say_problem(name);
    if (name->has_failed || !has_addresses) {
        unsigned retry_s = name->failures < 5 ? 1u << name->failures : NAME_RETRY_MOST_S;
        name->failures++;
        return retry_s;
    }
    name->failures = 0;
    unsigned ttl_s = v4->ttl_s < v6->ttl_s ? v4->ttl_s : v6->ttl_s;
    name->expires_us = clock_monotonic_us() + (uint64_t)ttl_s * 1000000;
    return ttl_s;
}

static bool name_is_asking(const struct name *name)
{
    return name->v4.is_asking || name->v6.is_asking;
}

static int64_t latest_us(const struct lookup *a, const struct lookup *b)
{
    return a->answered_us > b->answered_us ? a->answered_us : b->answered_us;
}

static void name_describe(const struct name *name, struct name_answer *out)
{
    *out = (struct name_answer){ .count_v4 = name->v4.count,
                                 .count_v6 = name->v6.count,
                                 .answered_us = latest_us(&name->v4, &name->v6),
                                 .expires_us = name->expires_us,
                                 .has_failed = name->has_failed,
                                 .problem = name->problem };
    memcpy(out->v4, name->v4.addresses, sizeof out->v4);
    memcpy(out->v6, name->v6.addresses, sizeof out->v6);
}

static void name_remember(const struct name *name)
{
    struct name_answer answer;
    struct resolved resolved;
    name_describe(name, &answer);
    name_answer_publish(&answer, &resolved);
    name_memory_note(name->resolver->memory, name->text, &resolved);
}

static void set_refresh(struct name *name, unsigned after_s)
{
    loop_set_timer(name->resolver->loop, &name->refresh, (uint64_t)after_s * 1000000);
}

static void name_on_answer(void *context, int status, int timeouts, struct ares_addrinfo *found)
{
    (void)timeouts;
    struct lookup *lookup = context;
    struct name *name = lookup->name;
    lookup->is_asking = false;
    name->resolver->asking--;
    if (status != ARES_EDESTRUCTION)
        lookup_take(lookup, status, found, name->resolver->stale_us);
    if (found != NULL)
        ares_freeaddrinfo(found);
    if (name_is_asking(name) || status == ARES_EDESTRUCTION)
        return;
    unsigned again_s = name_update(name);
    name->is_settled = true;
    if (name->uses == NULL)
        return;
    set_refresh(name, again_s);
    name_remember(name);
    for (struct name_use *use = name->uses; use != NULL; use = use->next)
        use->settled(use->owner);
}

static void lookup_ask(struct lookup *lookup)
{
    const struct ares_addrinfo_hints hints = { .ai_family = lookup->family,
                                               .ai_socktype = SOCK_STREAM,
                                               .ai_flags = ARES_AI_NOSORT };
    struct name *name = lookup->name;
    ares_getaddrinfo(name->resolver->channel, name->text, NULL, &hints, name_on_answer, lookup);
}

static void name_ask(struct name *name)
{
    struct resolver *resolver = name->resolver;
    resolver_follow_system(resolver);
    name->v4.is_asking = name->v6.is_asking = true; /* the first may be answered before the second is asked */
    resolver->asking += 2;
    lookup_ask(&name->v4);
    lookup_ask(&name->v6);
    resolver_rearm(resolver);
}

static void name_ring(void *owner)
{
    struct name *name = owner;
    if (name->uses != NULL) {
        name_ask(name);
    } else if (name_is_asking(name)) {
        set_refresh(name, NAME_LINGERS_S); /* c-ares holds pointers to it */
    } else {
        table_remove(name->resolver->names, name->text);
        name_free(name);
    }
}

/* What an earlier process knew stands in for the first answer, as if the name servers had failed since. */
static void name_recall(struct name *name)
{
    const struct resolved *known = name_memory_find(name->resolver->memory, name->text);
    if (known == NULL)
        return;
    int64_t age_ms = clock_wall_ms() - known->wall_ms;
    age_ms = age_ms > 0 ? age_ms : 0; /* the clock was set back */
    name->v4.answered_us = name->v6.answered_us = (int64_t)clock_monotonic_us() - age_ms * 1000;
    if (lookup_is_too_old(&name->v4, name->resolver->stale_us))
        return;
    lookup_recall(&name->v4, &known->ipv4[0][0], known->count_v4);
    lookup_recall(&name->v6, &known->ipv6[0][0], known->count_v6);
    name->has_failed = true;
    name->is_settled = age_ms <= NAME_RECENT_S * 1000;
}

/* Takes over `text`. */
static struct name *name_new(struct resolver *resolver, char *text)
{
    struct name *name = xcalloc(1, sizeof *name);
    *name = (struct name){ .resolver = resolver, .text = text };
    name->v4 = (struct lookup){ .name = name, .family = AF_INET, .answered_us = NAME_NEVER };
    name->v6 = (struct lookup){ .name = name, .family = AF_INET6, .answered_us = NAME_NEVER };
    name->refresh = (struct timer){ .ring = name_ring, .owner = name };
    table_put(resolver->names, text, name);
    name_recall(name);
    set_refresh(name, 0);
    return name;
}

/* It was not refreshed since its last use ended, and forgotten in the store. */
static void name_resume(struct name *name)
{
    if (name->is_settled && name->expires_us < clock_monotonic_us() && !name->has_failed) {
        name->has_failed = true;
        snprintf(name->problem, sizeof name->problem, "not asked since its TTL was over");
    }
    if (name->is_settled)
        name_remember(name);
    if (name_is_asking(name))
        timer_cancel(&name->resolver->loop->timers, &name->refresh); /* the answer sets it */
    else
        set_refresh(name, 0);
}

void name_acquire(struct resolver *resolver, const char *hostname, struct name_use *use)
{
    size_t size = strlen(hostname);
    char *text = xstrndup(hostname, size > 1 && hostname[size - 1] == '.' ? size - 1 : size);
    struct name *name = table_find(resolver->names, text);
    if (name == NULL) {
        name = name_new(resolver, text);
    } else {
        free(text);
        if (name->uses == NULL)
            name_resume(name);
    }
    use->name = name;
    use->next = name->uses;
    name->uses = use;
}

void name_release(struct name_use *use)
{
    struct name *name = use->name;
    if (name == NULL)
        return;
    struct name_use **place = &name->uses;
    while (*place != use)
        place = &(*place)->next;
    *place = use->next;
    use->name = NULL;
    if (name->uses != NULL)
        return;
    name_memory_forget(name->resolver->memory, name->text);
    set_refresh(name, NAME_LINGERS_S);
}

bool name_is_settled(const struct name_use *use)
{
    return use->name->is_settled;
}

bool name_address(struct name_use *use, struct address *out)
{
    struct name *name = use->name;
    const struct lookup *from = name->v4.count > 0 ? &name->v4 : &name->v6;
    if (from->count == 0)
        return false;
    *out = from->addresses[name->turn++ % from->count];
    return true;
}

const char *name_problem(const struct name_use *use)
{
    return use->name->problem;
}

void name_answer(const struct name_use *use, struct name_answer *out)
{
    name_describe(use->name, out);
}
