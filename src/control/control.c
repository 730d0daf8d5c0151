/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/control.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/table.h"
#include "control/builds.h"
#include "control/cookie_secrets.h"
#include "control/name_servers.h"
#include "control/ledger.h"
#include "control/notes.h"
#include "control/requests.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKET_ROOM (1u << 18) /* (service, node, type) that can have an order: 4 MiB */

#define NAMES_WAIT_MS 5000 /* for the first addresses of hostnames, at the start */

enum { LETTER_STOP = 300 };

void control_publish(struct control *control, uint64_t generation, const char *geo_source)
{
    world_tick(control->world, clock_monotonic_ms());
    if (!world_publish(control->world))
        return;
    pthread_mutex_lock(&control->status_mutex);
    struct control_status *status = &control->status;
    status->publications = world_publications(control->world);
    world_failovers(control->world, &status->failovers_kept, &status->failovers_missed);
    if (geo_source != NULL) {
        if (generation != status->generation || status->published_wall_ms == 0)
            status->published_wall_ms = clock_wall_ms();
        status->generation = generation;
        snprintf(status->geo_source, sizeof status->geo_source, "%s", geo_source);
    }
    pthread_mutex_unlock(&control->status_mutex);
}

/* What was replaced can be explained that long: it costs memory. */
#define KEEP_SNAPSHOTS_MS 60000

/* Until the next override expires or the next hold or ramp goes on; -1: until a letter comes. */
static int time_to_wait(struct control *control)
{
    int wait_ms = requests_expire_overrides(control);
    uint64_t now_ms = clock_monotonic_ms(), wake_ms = world_tick(control->world, now_ms);
    snapshot_forget_old(now_ms > KEEP_SNAPSHOTS_MS ? now_ms - KEEP_SNAPSHOTS_MS : 0);
    if (wake_ms == 0)
        return wait_ms;
    uint64_t until_ms = wake_ms > now_ms ? wake_ms - now_ms : 0;
    if (until_ms > 60000)
        until_ms = 60000;
    return wait_ms < 0 || until_ms < (uint64_t)wait_ms ? (int)until_ms : wait_ms;
}

/* ---- self-suspicion ---- */

static void judge(struct control *control)
{
    unsigned count, silent;
    references_read(control->references, &count, &silent);
    doubt_note_references(world_doubt(control->world), count, silent);
    enum doubt_turn turn = world_judge(control->world, clock_monotonic_ms());
    if (turn == DOUBT_STAYS)
        return;
    note_suspicion(control->chronicle, world_doubt(control->world), turn);
    pthread_mutex_lock(&control->status_mutex);
    struct control_status *status = &control->status;
    status->suspects_itself = turn == DOUBT_BEGINS;
    status->suspicion_wall_ms = clock_wall_ms();
    doubt_explain(world_doubt(control->world), status->suspicion, sizeof status->suspicion);
    pthread_mutex_unlock(&control->status_mutex);
}

/* ---- the loop ---- */

static void take_job(struct control *control, struct store_job *job)
{
    switch ((enum store_job_kind)job->letter.kind) {
    case STORE_PUT_GENERATION: builds_were_stored(control, job); break;
    case STORE_PUT_OVERRIDE:
    case STORE_DELETE_OVERRIDE: requests_override_stored(control, job); break;
    case STORE_LIST_GENERATIONS: requests_generations_came(job); break;
    case STORE_READ_GENERATION: requests_old_generation_came(control, job); break;
    case STORE_PUT_HISTORY:
        chronicle_came(control->chronicle, job);
        webhooks_tell(control->webhooks, &job->events);
        event_command_tell(control->event_command, &job->events);
        break;
    case STORE_LIST_EVENTS: requests_events_came(job); break;
    case STORE_PUT_TOKEN:
    case STORE_DELETE_TOKEN:
    case STORE_TOUCH_TOKENS:
    case STORE_LIST_TOKENS:
    case STORE_PUT_AUDIT:
    case STORE_LIST_AUDIT: ledger_came(job); break;
    case STORE_PUT_LATENCY: break; /* the keeper's */
    case STORE_SET_META: break;
    }
    store_job_free(job);
}

static void take_command(struct control *control, struct command *command)
{
    if (control->is_stopping) {
        error_set(&command->error, "steerd is stopping");
        command_return(command, RESULT_UNAVAILABLE);
        return;
    }
    switch ((enum command_kind)command->letter.kind) {
    case COMMAND_OVERRIDE_SET: requests_override(control, command, STORE_PUT_OVERRIDE); return;
    case COMMAND_OVERRIDE_CLEAR: requests_override(control, command, STORE_DELETE_OVERRIDE); return;
    case COMMAND_EVENTS: requests_ask_events(control, command); return;
    case COMMAND_GENERATIONS: requests_ask_store(control, command, STORE_LIST_GENERATIONS); return;
    case COMMAND_GENERATION_READ:
    case COMMAND_GENERATION_DIFF:
    case COMMAND_ROLLBACK: requests_ask_store(control, command, STORE_READ_GENERATION); return;
    case COMMAND_BACKUP: backups_ask(control->backups, command); return;
    case COMMAND_CHECK_REPORT: requests_report(control, command); return;
    case COMMAND_LATENCY_ADD: latency_keeper_post(control->keeper, control->world, command); return;
    default: break;
    }
    if (!ledger_ask(control, command))
        builder_post(control->builder, command);
}

static void remember_name(struct control *control, struct known_name_report *report)
{
    chronicle_hostname(control->chronicle,
                       &(struct known_name){ .hostname = report->hostname, .resolved = report->resolved });
}

/* Takes one letter; true if it says stop. */
static bool take_letter(struct control *control, struct letter *letter)
{
    switch (letter->kind) {
    case LETTER_HEALTH_REPORT:
        world_observe(control->world, (struct health_report *)letter);
        health_report_free((struct health_report *)letter);
        return false;
    case LETTER_NAME_REPORT:
        world_resolve(control->world, (struct name_report *)letter);
        free(letter);
        return false;
    case LETTER_NAME_KNOWN:
        remember_name(control, (struct known_name_report *)letter);
        free(letter);
        return false;
    case LETTER_LATENCY:
        world_set_latency(control->world, ((struct latency_news *)letter)->table);
        free(letter);
        return false;
    case LETTER_BUILD: builds_take(control, (struct build *)letter); return false;
    case LETTER_BACKUP: backups_came(control->backups); return false;
    case LETTER_STOP: free(letter); return true;
    default: take_command(control, (struct command *)letter); return false;
    }
}

/* Takes all that is there and publishes once.  True if it was told to stop. */
static bool step(struct control *control)
{
    bool is_over = false;
    struct letter *next;
    for (struct letter *letter = mailbox_take(control->store_box); letter != NULL; letter = next) {
        next = letter->next;
        take_job(control, (struct store_job *)letter);
    }
    requests_return_stored(control);
    for (struct letter *letter = mailbox_take(control->box); letter != NULL; letter = next) {
        next = letter->next;
        is_over |= take_letter(control, letter);
    }
    if (!control->is_stopping)
        judge(control);
    control_publish(control, 0, NULL);
    return is_over;
}

static void wait_for_letters(struct control *control, int timeout_ms)
{
    struct pollfd boxes[] = {
        { .fd = mailbox_fd(control->box), .events = POLLIN },
        { .fd = mailbox_fd(control->store_box), .events = POLLIN },
        { .fd = references_fd(control->references), .events = POLLIN }, /* -1 is passed over */
    };
    poll(boxes, 3, timeout_ms);
}

/* Does what is due by the clock; returns how long there is nothing more to do, in ms. */
static int run_clock(struct control *control)
{
    int waits_ms[] = { time_to_wait(control), doubt_wait_ms(world_doubt(control->world)) };
    int wait_ms = chronicle_flush(control->chronicle);
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        if (waits_ms[i] >= 0 && waits_ms[i] < wait_ms)
            wait_ms = waits_ms[i];
    }
    return wait_ms;
}

static void *control_main(void *arg)
{
    struct control *control = arg;
    while (!step(control))
        wait_for_letters(control, run_clock(control));
    return NULL;
}

/* Also what expired meanwhile: the clock ends it, in the store too, before anything is published. */
static void restore_overrides(struct control *control, const struct store_head *head)
{
    for (size_t i = 0; i < head->override_count; i++)
        world_override(control->world, head->overrides[i].key, &head->overrides[i].override);
}

static void restore_names(struct store_head *head, struct checker_settings *checks)
{
    for (size_t i = 0; i < head->hostname_count; i++)
        head->hostnames[i].resolved.wall_ms =
            store_hostname_confirmed_ms(&head->hostnames[i], head->verdicts_seen_ms);
    checks->known_names = head->hostnames;
    checks->known_name_count = head->hostname_count;
}

static bool load_keys(struct control *control, struct error *err)
{
    struct server_keys *keys;
    if (!cookie_secrets_load(control->settings, true, &keys, err))
        return false;
    if (keys != NULL)
        world_set_keys(control->world, keys);
    return true;
}

static void open_history(struct control *control, struct store_head *head)
{
    const struct settings *settings = control->settings;
    const struct store_history keep = { settings->keep_events, settings->keep_events_ms };
    const struct store_history keep_audit = { settings->keep_audit, settings->keep_audit_ms };
    store_keep_history(control->store, &keep);
    store_keep_audit(control->store, &keep_audit);
    control->chronicle = chronicle_new(control->store, control->store_box, head->last_event);
    world_set_chronicle(control->world, control->chronicle);
    world_set_restored(control->world, restored_new(head, clock_wall_ms(), settings->keep_verdicts_ms));
}

static bool open_parts(struct control *control, struct error *err)
{
    struct store_head head = { 0 };
    char *name_servers = name_servers_of(control->settings);
    struct checker_settings checks = { .reports = control->box,
                                       .concurrent_most = control->settings->checks_concurrent,
                                       .per_address_most = control->settings->checks_per_address,
                                       .allows_exec = control->settings->exec_checks,
                                       .name_servers = name_servers,
                                       .stale_ms = control->settings->resolver_stale_ms };
    if (!store_open(control->settings->state_dir, control->settings->keep_generations, &control->store, &head,
                    err)) {
        free(name_servers);
        return false;
    }
    restore_overrides(control, &head);
    restore_names(&head, &checks);
    open_history(control, &head);
    control->backups = backups_new(control->settings->state_dir, control->box);
    bool is_open = load_keys(control, err) && store_start(control->store, err) &&
                   checker_start(&checks, &control->checker, err) &&
                   references_start(control->settings, &control->references, err) &&
                   webhooks_start(control->settings, &control->webhooks, err) &&
                   event_command_start(control->settings, &control->event_command, err);
    if (is_open) {
        world_set_checker(control->world, control->checker);
        is_open = latency_keeper_start(control->store, control->box, &head, &control->keeper, err) &&
                  builder_start(control->settings, &head, control->box, &control->builder, err);
    }
    store_head_free(&head);
    free(name_servers); /* the checker has its own */
    return is_open;
}

/* The first answers shall have the addresses of hostnames, but dead name servers must not keep us. */
static void wait_for_names(struct control *control)
{
    uint64_t end_ms = clock_monotonic_ms() + NAMES_WAIT_MS, now_ms;
    while (world_names_unresolved(control->world) > 0 && (now_ms = clock_monotonic_ms()) < end_ms) {
        int left_ms = (int)(end_ms - now_ms), clock_ms = run_clock(control);
        wait_for_letters(control, clock_ms >= 0 && clock_ms < left_ms ? clock_ms : left_ms);
        step(control);
    }
    if (world_names_unresolved(control->world) > 0)
        log_warning("hostnames of endpoints that are not resolved yet: %zu; starting without their addresses",
                    world_names_unresolved(control->world));
}

static bool has_started(const struct control *control, struct error *err)
{
    if (control->start_error.text[0] == '\0')
        return true;
    *err = control->start_error;
    return false;
}

/* On the caller's thread until the first configuration is published. */
static bool run_start(struct control *control, struct error *err)
{
    while (!control->is_serving) {
        wait_for_letters(control, run_clock(control));
        step(control);
    }
    wait_for_names(control);
    return has_started(control, err);
}

bool control_complete(struct control *control, struct error *err)
{
    while (!control->is_ready) {
        wait_for_letters(control, run_clock(control));
        step(control);
    }
    if (!has_started(control, err))
        return false;
    snapshot_keep(control->settings->explain_allow_count > 0 ? SNAPSHOTS_KEPT_MOST : 0);
    if (pthread_create(&control->thread, NULL, control_main, control) != 0)
        return error_set(err, "cannot start the control thread");
    pthread_setname_np(control->thread, "control");
    control->has_thread = true;
    return true;
}

/* Everything below control ends; letters on their way are answered by this thread. */
static void end_parts(struct control *control)
{
    control->is_stopping = true;
    checker_stop(control->checker);
    control->checker = NULL; /* builds that end from now on have nobody to tell */
    references_stop(control->references);
    control->references = NULL;
    world_set_checker(control->world, NULL);
    if (control->builder != NULL)
        builder_stop(control->builder);
    if (control->keeper != NULL)
        latency_keeper_stop(control->keeper);
    if (control->backups != NULL)
        backups_end(control->backups);
    step(control);
    if (control->chronicle != NULL)
        chronicle_end(control->chronicle);
    if (control->store != NULL)
        store_close(control->store);
    step(control);
    step(control); /* what the last one caused */
    snapshot_keep(0);
}

static void free_parts(struct control *control)
{
    latency_keeper_free(control->keeper);
    backups_free(control->backups);
    webhooks_stop(control->webhooks);
    event_command_stop(control->event_command);
    world_free(control->world);
    table_free(control->held_under_way);
    chronicle_free(control->chronicle);
    builder_free(control->builder);
    tickets_free(control->tickets);
    mailbox_free(control->box);
    mailbox_free(control->store_box);
    pthread_mutex_destroy(&control->status_mutex);
    free(control);
}

void control_free(struct control *control)
{
    snapshot_shutdown();
    free_parts(control);
}

void control_discard(struct control *control)
{
    snapshot_settle();
    free_parts(control);
}

bool control_start(const struct settings *settings, struct control **out, struct error *err)
{
    struct control *control = xcalloc(1, sizeof *control);
    control->settings = settings;
    control->box = mailbox_new();
    control->store_box = mailbox_new();
    control->tickets = tickets_new(TICKET_ROOM);
    control->world = world_new(control->tickets);
    control->held_under_way = table_new();
    pthread_mutex_init(&control->status_mutex, NULL);
    if (!open_parts(control, err) || !run_start(control, err)) {
        end_parts(control);
        control_free(control);
        return false;
    }
    *out = control;
    return true;
}

static void end_thread(struct control *control)
{
    struct letter *stop = xcalloc(1, sizeof *stop);
    stop->kind = LETTER_STOP;
    mailbox_post(control->box, stop);
    pthread_join(control->thread, NULL);
    control->has_thread = false;
}

void control_suspend(struct control *control)
{
    if (control->has_thread)
        end_thread(control);
    end_parts(control);
}

void control_stop(struct control *control)
{
    control_suspend(control);
    control_free(control);
}

void control_post(struct control *control, struct command *command)
{
    mailbox_post(control->box, &command->letter);
}

void control_status(struct control *control, struct control_status *out)
{
    pthread_mutex_lock(&control->status_mutex);
    *out = control->status;
    out->events_lost = chronicle_lost(control->chronicle);
    pthread_mutex_unlock(&control->status_mutex);
}

const struct checker_counters *control_checker_counters(const struct control *control)
{
    return checker_counters(control->checker);
}

bool control_check_times(const struct control *control, uint32_t endpoint_slot, struct check_times *out)
{
    return checker_times(control->checker, endpoint_slot, out);
}

struct feed *control_feed(const struct control *control)
{
    return chronicle_feed(control->chronicle);
}

void control_event_command_counters(const struct control *control, struct event_command_counters *out)
{
    event_command_count(control->event_command, out);
}

void control_webhook_counters(const struct control *control, struct webhook_counters *out)
{
    webhooks_count(control->webhooks, out);
}
