/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/event_command.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/memory.h"
#include "control/program.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LETTER_EVENT, LETTER_STOP, COMPLAIN_EVERY_MS = 10000 };

/* One run to come. */
struct errand {
    struct letter letter;
    char *body;
    char *environment[5]; /* ends with NULL */
};

struct event_command {
    const struct settings_event_command *settings;
    char *arguments[EVENT_COMMAND_ARGUMENTS_MAX + 1]; /* the settings'; ends with NULL */
    uint32_t kinds;                                   /* bit n: events of kind n */
    struct mailbox *box;
    struct letter *waiting, **waiting_end; /* taken out of the box, in order */
    struct letter stop;
    atomic_bool is_stopping;
    _Atomic uint32_t queued;
    _Atomic uint64_t done, failed, dropped;
    uint64_t complained_ms; /* 0: never */
    pthread_t thread;
};

static void errand_free(struct errand *errand)
{
    for (size_t i = 0; errand->environment[i] != NULL; i++)
        free(errand->environment[i]);
    free(errand->body);
    free(errand);
}

/* ---- the queue ---- */

static void take_letters(struct event_command *command)
{
    struct letter *next;
    for (struct letter *letter = mailbox_take(command->box); letter != NULL; letter = next) {
        next = letter->next;
        if (letter->kind == LETTER_STOP)
            continue;
        letter->next = NULL;
        *command->waiting_end = letter;
        command->waiting_end = &letter->next;
    }
}

static struct errand *next_errand(struct event_command *command)
{
    struct letter *first = command->waiting;
    if (first == NULL)
        return NULL;
    command->waiting = first->next;
    if (command->waiting == NULL)
        command->waiting_end = &command->waiting;
    return (struct errand *)first;
}

/* ---- a run ---- */

/* The first of many in a row: one program that is broken fails for every event. */
static void complain(struct event_command *command, const char *words)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (command->complained_ms != 0 && now_ms - command->complained_ms < COMPLAIN_EVERY_MS)
        return;
    command->complained_ms = now_ms;
    log_warning("event command %s: %s", command->settings->command[0], words);
}

/* True while it may go on. */
static bool may_go_on(void *context)
{
    struct event_command *command = context;
    take_letters(command);
    return !command->is_stopping;
}

static void run(struct event_command *command, const struct errand *errand)
{
    const struct program program = { .arguments = command->arguments,
                                     .environment = (char *const *)errand->environment,
                                     .input = errand->body,
                                     .timeout_ms = command->settings->timeout_ms,
                                     .wake_fd = mailbox_fd(command->box),
                                     .may_go_on = may_go_on,
                                     .context = command };
    struct error err;
    if (program_run(&program, &err)) {
        command->done++;
    } else if (!command->is_stopping) {
        command->failed++;
        complain(command, err.text);
    }
}

static void *event_command_run(void *context)
{
    struct event_command *command = context;
    while (!command->is_stopping) {
        struct errand *errand = next_errand(command);
        if (errand == NULL) {
            mailbox_wait(command->box, -1);
            take_letters(command);
            continue;
        }
        run(command, errand);
        command->queued--;
        errand_free(errand);
    }
    return NULL;
}

/* ---- start and stop ---- */

static bool settings_are_good(const struct settings_event_command *settings, uint32_t *kinds,
                              struct error *err)
{
    if (settings->command_count == 0)
        return error_set(err, "\"command\" must name a program");
    if (access(settings->command[0], X_OK) != 0)
        return error_set(err, "%s cannot be run: %s", settings->command[0], strerrordesc_np(errno));
    return event_kinds_parse(settings->events, settings->event_count, kinds, err);
}

bool event_command_check(const struct settings *settings, struct problems *problems)
{
    struct error err;
    uint32_t kinds;
    if (settings->event_command.command == NULL || settings_are_good(&settings->event_command, &kinds, &err))
        return true;
    problems_add(problems, NULL, 0, 0, "/event_command", "%s", err.text);
    return false;
}

static void event_command_free(struct event_command *command)
{
    struct errand *errand;
    take_letters(command);
    while ((errand = next_errand(command)) != NULL)
        errand_free(errand);
    mailbox_free(command->box);
    free(command);
}

bool event_command_start(const struct settings *settings, struct event_command **out, struct error *err)
{
    uint32_t kinds;
    *out = NULL;
    if (settings->event_command.command == NULL)
        return true;
    if (!settings_are_good(&settings->event_command, &kinds, err))
        return error_within(err, "event_command");
    struct event_command *command = xcalloc(1, sizeof *command);
    command->settings = &settings->event_command;
    memcpy(command->arguments, command->settings->command,
           command->settings->command_count * sizeof *command->arguments);
    command->kinds = kinds;
    command->box = mailbox_new();
    command->waiting_end = &command->waiting;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&command->thread, NULL, event_command_run, command);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        event_command_free(command);
        return error_set(err, "event_command: cannot start its thread: %s", strerrordesc_np(result));
    }
    pthread_setname_np(command->thread, "event-command");
    *out = command;
    return true;
}

void event_command_stop(struct event_command *command)
{
    if (command == NULL)
        return;
    command->is_stopping = true;
    command->stop.kind = LETTER_STOP;
    mailbox_post(command->box, &command->stop);
    pthread_join(command->thread, NULL);
    event_command_free(command);
}

static void post(struct event_command *command, const struct event *event)
{
    struct text body = { 0 };
    if (command->queued >= EVENT_COMMAND_QUEUE_MOST) {
        command->dropped++;
        return;
    }
    event_print(event, &body);
    struct errand *errand = xcalloc(1, sizeof *errand);
    *errand = (struct errand){
        .letter = { .kind = LETTER_EVENT },
        .body = text_take(&body),
        .environment = { xstrdup("PATH=/usr/local/bin:/usr/bin:/bin"), xstrdup("LC_ALL=C"),
                         xasprintf("STEERD_EVENT_KIND=%s", event_kind_names[event->kind]),
                         xasprintf("STEERD_EVENT_NUMBER=%" PRIu64, event->number), NULL },
    };
    command->queued++;
    mailbox_post(command->box, &errand->letter);
}

void event_command_tell(struct event_command *command, const struct events *events)
{
    for (size_t i = 0; command != NULL && i < events->count; i++)
        if ((command->kinds >> events->items[i].kind & 1) != 0)
            post(command, &events->items[i]);
}

void event_command_count(const struct event_command *command, struct event_command_counters *out)
{
    *out = (struct event_command_counters){ 0 };
    if (command == NULL)
        return;
    out->done = command->done;
    out->failed = command->failed;
    out->dropped = command->dropped;
    out->waiting = command->queued;
}
