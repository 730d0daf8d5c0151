/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/requests.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/table.h"
#include "control/notes.h"
#include "control/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- overrides ---- */

void requests_override(struct control *control, struct command *command, enum store_job_kind kind)
{
    char *key = xasprintf("%s/%s", command->name, command->endpoint);
    if (!world_has_endpoint(control->world, key) && kind == STORE_PUT_OVERRIDE) {
        error_set(&command->error, "there is no endpoint \"%s\" in a pool \"%s\"", command->endpoint,
                  command->name);
        free(key);
        command_return(command, RESULT_NOT_FOUND);
        return;
    }
    const struct override *next = kind == STORE_PUT_OVERRIDE ? &command->override : NULL;
    bool may = command->is_forced ||
               world_may_override(control->world, key, next, control->held_under_way, &command->error);
    if (!may || command->is_dry_run) {
        command->is_change = may;
        free(key);
        command_return(command, may ? RESULT_DONE : RESULT_CONFLICT);
        return;
    }
    if (world_holds(control->world, key, next))
        table_put(control->held_under_way, key, control);
    struct store_job *job = store_job_new(kind);
    job->reply_to = control->store_box;
    job->context = command;
    job->key = key;
    job->override = command->override;
    audit_move(&job->audit, &command->audit);
    /* the last answer before it is given while it is on its way to the disk: within a second */
    if (kind == STORE_PUT_OVERRIDE)
        job->override.cached_until_wall_ms =
            world_cached_until_ms(control->world, key, &job->override, clock_wall_ms() + 1000);
    store_post(control->store, job);
}

void requests_override_stored(struct control *control, struct store_job *job)
{
    struct command *command = job->context;
    bool is_set = job->letter.kind == STORE_PUT_OVERRIDE;
    table_remove(control->held_under_way, job->key);
    if (job->is_done) {
        world_override(control->world, job->key, is_set ? &job->override : NULL);
        if (is_set)
            note_override_set(control->chronicle, job->key, &job->override);
        else if (command != NULL)
            note_override_cleared(control->chronicle, job->key, command->author);
        log_notice("override of %s %s%s%s", job->key, is_set ? "set" : "cleared",
                   is_set && job->override.reason[0] != '\0' ? ": " : "", is_set ? job->override.reason : "");
    } else {
        log_error("override of %s was not stored: %s", job->key, job->error.text);
    }
    if (command == NULL)
        return;
    command->error = job->error;
    command->is_audited = job->is_done;
    command->result = job->is_done ? RESULT_DONE : RESULT_UNAVAILABLE;
    command->letter.next = control->stored;
    control->stored = &command->letter;
}

void requests_return_stored(struct control *control)
{
    struct letter *next, *letter = control->stored;
    if (letter == NULL)
        return;
    control_publish(control, 0, NULL);
    control->stored = NULL;
    for (; letter != NULL; letter = next) {
        next = letter->next;
        command_return((struct command *)letter, ((struct command *)letter)->result);
    }
}

/* Ends what has expired; returns how long to wait for the next, -1: nothing expires. */
int requests_expire_overrides(struct control *control)
{
    int64_t now = clock_wall_ms(), next;
    const char *key;
    while ((key = world_expired_override(control->world, now, &next)) != NULL) {
        struct store_job *job = store_job_new(STORE_DELETE_OVERRIDE);
        job->reply_to = control->store_box;
        job->key = xstrdup(key);
        log_notice("override of %s has expired", job->key);
        note_override_expired(control->chronicle, job->key);
        world_override(control->world, job->key, NULL);
        store_post(control->store, job);
    }
    if (next == 0)
        return -1;
    return next - now < 60000 ? (int)(next - now) + 1
                              : 60000; /* the wall clock may jump: look again within a minute */
}

/* ---- reports ---- */

static bool are_wanted(const struct world *world, struct command *command)
{
    for (size_t i = 0; i < command->report_count; i++) {
        struct error err;
        char pointer[48] = "/endpoint";
        if (world_takes_report(world, command->reports[i].endpoint, command->name, &err))
            continue;
        if (command->is_batch)
            snprintf(pointer, sizeof pointer, "/reports/%zu/endpoint", i);
        problems_add(&command->problems, NULL, 0, 0, pointer, "%s", err.text);
    }
    return command->problems.error_count == 0;
}

void requests_report(struct control *control, struct command *command)
{
    if (!are_wanted(control->world, command)) {
        command_return(command, RESULT_INVALID);
        return;
    }
    for (size_t i = 0; i < command->report_count; i++)
        world_report(control->world, command->reports[i].endpoint, command->name, &command->reports[i].said);
    command_return(command, RESULT_DONE);
}

/* ---- history ---- */

static char *copy_scope(const struct command *command)
{
    return command->scope != NULL ? xstrdup(command->scope) : NULL;
}

void requests_ask_store(struct control *control, struct command *command, enum store_job_kind kind)
{
    struct store_job *job = store_job_new(kind);
    job->reply_to = control->store_box;
    job->context = command;
    job->generation = command->generation;
    job->before = command->before;
    job->most = command->most;
    job->scope = copy_scope(command);
    if (command->letter.kind == COMMAND_GENERATION_DIFF) {
        job->also = store_job_new(kind);
        job->also->generation = command->before;
    }
    store_post(control->store, job);
}

void requests_generations_came(struct store_job *job)
{
    struct command *command = job->context;
    command->error = job->error;
    if (job->is_done) {
        free(command->body);
        command->body = reading_generations(job->list, job->list_count);
        command->body_size = strlen(command->body);
    }
    command_return(command, job->is_done ? RESULT_DONE : RESULT_UNAVAILABLE);
}

void requests_old_generation_came(struct control *control, struct store_job *job)
{
    struct command *command = job->context;
    command->error = job->error;
    if (!job->is_done || control->is_stopping)
        command_return(command, job->is_done ? RESULT_UNAVAILABLE : RESULT_NOT_FOUND);
    else
        builder_post_recalled(control->builder, command, &job->objects,
                              job->also != NULL ? &job->also->objects : NULL);
}

void requests_ask_events(struct control *control, struct command *command)
{
    struct store_job *job = store_job_new(STORE_LIST_EVENTS);
    job->reply_to = control->store_box;
    job->context = command;
    job->has_before = command->has_after;
    job->before = command->after;
    job->most = command->most;
    job->has_kind = command->has_event_kind;
    job->kind = command->event_kind;
    job->key = command->name != NULL ? xstrdup(command->name) : NULL;
    chronicle_hurry(control->chronicle); /* the store does one after the other */
    job->scope = copy_scope(command);
    store_post(control->store, job);
}

void requests_events_came(struct store_job *job)
{
    struct command *command = job->context;
    command->error = job->error;
    command->events = job->events;
    job->events = (struct events){ 0 };
    command_return(command, job->is_done ? RESULT_DONE : RESULT_UNAVAILABLE);
}
