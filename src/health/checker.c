/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/checker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "health/binding.h"
#include "health/push.h"
#include "health/target.h"
#include "health/watched.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum letter_kind { LETTER_BIND, LETTER_REPORT, LETTER_RESOLVE, LETTER_FORGET_NAMES, LETTER_STOP };

/* What checker_resolve was told. */
struct resolve_letter {
    struct letter letter;
    uint32_t id;
    char *hostname; /* NULL: no longer */
};

/* What checker_bind was told. */
struct bind_letter {
    struct letter letter;
    uint32_t slot;
    size_t count;
    struct known_verdict *known;     /* one a binding, or NULL */
    struct check_binding bindings[]; /* with references and copied strings */
};

/* What checker_report was told. */
struct report_letter {
    struct letter letter;
    uint32_t slot;
    uint16_t check_index;
    struct check_report report;
};

/* The targets of one endpoint. */
struct slot {
    struct target **targets;
    size_t count;
};

struct checker {
    pthread_t thread;
    struct mailbox *inbox;
    struct watcher inbox_watcher;
    struct loop loop;
    struct name_memory *memory;
    struct resolver *resolver;
    struct watched *watched;
    struct dispatch dispatch;
    struct slot *slots;
    size_t slot_count;
    bool is_stopping;
    struct letter stop;
};

void health_report_free(struct health_report *report)
{
    free(report);
}

static void bind_letter_free(struct bind_letter *bind)
{
    for (size_t i = 0; i < bind->count; i++)
        binding_clear(&bind->bindings[i]);
    free(bind->known);
    free(bind);
}

static struct slot *checker_slot(struct checker *checker, uint32_t number)
{
    if (number >= checker->slot_count) {
        size_t count = checker->slot_count * 2 > number ? checker->slot_count * 2 : (size_t)number + 64;
        checker->slots = xrealloc(checker->slots, count, sizeof *checker->slots);
        memset(checker->slots + checker->slot_count, 0,
               (count - checker->slot_count) * sizeof *checker->slots);
        checker->slot_count = count;
    }
    return &checker->slots[number];
}

/* Takes a target that measures the same out of the slot, or NULL. */
static struct target *slot_take(struct slot *slot, const struct check_binding *binding)
{
    for (size_t i = 0; i < slot->count; i++) {
        struct target *target = slot->targets[i];
        if (target == NULL || !binding_equal(&target->binding, binding))
            continue;
        slot->targets[i] = NULL;
        return target;
    }
    return NULL;
}

static void slot_clear(struct slot *slot)
{
    for (size_t i = 0; i < slot->count; i++)
        if (slot->targets[i] != NULL)
            target_free(slot->targets[i]);
    free(slot->targets);
    *slot = (struct slot){ 0 };
}

static bool type_is_known(enum check_type type)
{
    return probe_types[type] != NULL || type == CHECK_PUSH;
}

static void checker_rebind(struct checker *checker, const struct bind_letter *bind)
{
    if (bind->count == 0 && bind->slot >= checker->slot_count)
        return;
    struct slot *slot = checker_slot(checker, bind->slot), now = { .count = bind->count };
    if (bind->count > 0)
        now.targets = xcalloc(bind->count, sizeof *now.targets);
    for (size_t i = 0; i < bind->count; i++) {
        now.targets[i] = slot_take(slot, &bind->bindings[i]);
        if (now.targets[i] != NULL)
            target_rebind(now.targets[i], &bind->bindings[i], (uint16_t)i);
    }
    slot_clear(slot); /* what is no longer measured ends before its successor starts */
    for (size_t i = 0; i < bind->count; i++) {
        if (now.targets[i] != NULL || !type_is_known(bind->bindings[i].check->type))
            continue; /* goes on, or its results come from elsewhere */
        now.targets[i] = target_new(&checker->dispatch, &bind->bindings[i], (uint16_t)i);
        if (bind->known != NULL)
            target_restore(now.targets[i], &bind->known[i]);
    }
    *slot = now;
}

static void checker_take_report(struct checker *checker, struct report_letter *letter)
{
    const struct slot *slot = letter->slot < checker->slot_count ? &checker->slots[letter->slot] : NULL;
    struct target *target =
        slot != NULL && letter->check_index < slot->count ? slot->targets[letter->check_index] : NULL;
    if (target != NULL && target->binding.check->type == CHECK_PUSH)
        push_take(target, &letter->report);
    free(letter);
}

static void checker_take_name(struct checker *checker, struct resolve_letter *resolve)
{
    if (!checker->is_stopping)
        watched_set(checker->watched, resolve->id, resolve->hostname);
    free(resolve->hostname);
    free(resolve);
}

static void checker_take_bind(struct checker *checker, struct bind_letter *bind)
{
    if (!checker->is_stopping)
        checker_rebind(checker, bind);
    bind_letter_free(bind);
}

static void checker_take_forget_names(struct checker *checker, struct letter *letter)
{
    if (!checker->is_stopping)
        name_memory_forget_rest(checker->memory);
    free(letter);
}

static void checker_read(void *owner, uint32_t events)
{
    (void)events;
    struct checker *checker = owner;
    for (struct letter *letter = mailbox_take(checker->inbox), *next; letter != NULL; letter = next) {
        next = letter->next;
        switch ((enum letter_kind)letter->kind) {
        case LETTER_BIND: checker_take_bind(checker, (struct bind_letter *)letter); break;
        case LETTER_REPORT: checker_take_report(checker, (struct report_letter *)letter); break;
        case LETTER_RESOLVE: checker_take_name(checker, (struct resolve_letter *)letter); break;
        case LETTER_FORGET_NAMES: checker_take_forget_names(checker, letter); break;
        case LETTER_STOP: checker->is_stopping = true; break; /* a member of `checker` */
        }
    }
}

static void *checker_run(void *context)
{
    struct checker *checker = context;
    while (!checker->is_stopping) {
        loop_turn(&checker->loop);
        dispatch_run(&checker->dispatch);
    }
    name_memory_end(checker->memory); /* what is let go now is still in use */
    for (size_t i = 0; i < checker->slot_count; i++)
        slot_clear(&checker->slots[i]);
    return NULL;
}

static void checker_close(struct checker *checker)
{
    dispatch_close(&checker->dispatch);
    watched_free(checker->watched);
    resolver_close(checker->resolver);
    name_memory_free(checker->memory);
    loop_forget(&checker->loop, &checker->inbox_watcher);
    loop_close(&checker->loop);
    mailbox_free(checker->inbox);
    free(checker->slots);
    free(checker);
}

/* Signals are for the main thread; a pipe that a peer closed must not end us either (libcurl with NOSIGNAL
 * leaves SIGPIPE to the caller). */
static bool checker_start_thread(struct checker *checker, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&checker->thread, NULL, checker_run, checker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0)
        return error_set(err, "health: cannot start a thread: %s", strerrordesc_np(result));
    pthread_setname_np(checker->thread, "checker");
    return true;
}

bool checker_start(const struct checker_settings *settings, struct checker **out, struct error *err)
{
    struct checker *checker = xcalloc(1, sizeof *checker);
    checker->inbox = mailbox_new();
    if (!loop_open(&checker->loop, err)) {
        checker_close(checker);
        return false;
    }
    checker->memory = name_memory_new(settings->known_names, settings->known_name_count, settings->reports);
    if (!resolver_open(&checker->loop, settings->name_servers, settings->stale_ms, checker->memory,
                       &checker->resolver, err)) {
        checker_close(checker);
        return false;
    }
    checker->watched = watched_new(checker->resolver, settings->reports);
    checker->inbox_watcher =
        (struct watcher){ .fd = mailbox_fd(checker->inbox), .ready = checker_read, .owner = checker };
    loop_watch(&checker->loop, &checker->inbox_watcher, EPOLLIN);
    dispatch_open(&checker->dispatch, &checker->loop, checker->resolver, settings);
    if (!checker_start_thread(checker, err)) {
        checker_close(checker);
        return false;
    }
    *out = checker;
    return true;
}

void checker_stop(struct checker *checker)
{
    if (checker == NULL)
        return;
    checker->stop.kind = LETTER_STOP;
    mailbox_post(checker->inbox, &checker->stop);
    pthread_join(checker->thread, NULL);
    checker_read(checker, 0); /* what came after the stop */
    checker_close(checker);
}

void checker_bind(struct checker *checker, uint32_t slot, const struct check_binding *bindings, size_t count)
{
    checker_bind_known(checker, slot, bindings, NULL, count);
}

void checker_bind_known(struct checker *checker, uint32_t slot, const struct check_binding *bindings,
                        const struct known_verdict *known, size_t count)
{
    struct bind_letter *bind = xcalloc(1, sizeof *bind + count * sizeof *bindings);
    bind->letter.kind = LETTER_BIND;
    bind->slot = slot;
    bind->count = count;
    for (size_t i = 0; i < count; i++) {
        bind->bindings[i] = binding_copy(&bindings[i]);
        bind->bindings[i].endpoint_slot = slot;
    }
    if (known != NULL && count > 0)
        bind->known = xmemdup(known, count * sizeof *known);
    mailbox_post(checker->inbox, &bind->letter);
}

void checker_report(struct checker *checker, uint32_t slot, uint16_t check_index,
                    const struct check_report *report)
{
    struct report_letter *letter = xcalloc(1, sizeof *letter);
    *letter = (struct report_letter){ { .kind = LETTER_REPORT }, slot, check_index, *report };
    mailbox_post(checker->inbox, &letter->letter);
}

void checker_resolve(struct checker *checker, uint32_t id, const char *hostname)
{
    struct resolve_letter *resolve = xcalloc(1, sizeof *resolve);
    resolve->letter.kind = LETTER_RESOLVE;
    resolve->id = id;
    resolve->hostname = hostname != NULL ? xstrdup(hostname) : NULL;
    mailbox_post(checker->inbox, &resolve->letter);
}

void checker_forget_names(struct checker *checker)
{
    struct letter *letter = xcalloc(1, sizeof *letter);
    letter->kind = LETTER_FORGET_NAMES;
    mailbox_post(checker->inbox, letter);
}

bool checker_times(const struct checker *checker, uint32_t slot, struct check_times *out)
{
    return time_board_read(checker->dispatch.board, slot, clock_monotonic_us(), out);
}

const struct checker_counters *checker_counters(const struct checker *checker)
{
    return &checker->dispatch.counters;
}
