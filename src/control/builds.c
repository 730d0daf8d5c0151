/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/builds.h"

#include "base/log.h"
#include "base/memory.h"
#include "control/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void note_import_error(struct control *control, const struct error *error)
{
    pthread_mutex_lock(&control->status_mutex);
    snprintf(control->status.last_import_error, sizeof control->status.last_import_error, "%s", error->text);
    pthread_mutex_unlock(&control->status_mutex);
}

/* ---- published ---- */

static void publish(struct control *control, struct build *first)
{
    const struct build *last = NULL;
    for (struct build *build = first; build != NULL; build = build->next) {
        if (build->kind == BUILD_NOTHING)
            continue;
        world_take(control->world, &build->compiled, build->generation);
        last = build;
    }
    const struct geo *geo = last->compiled.dataset->geo;
    const char *source = geo != NULL ? geo->source : "";
    control_publish(control, last->generation, source);
    first->is_accepted = true;
    if (first->kind == BUILD_GEO && control->is_ready)
        note_locations(control->chronicle, source);
}

/* ---- acknowledged ---- */

static void log_generations(const struct build *first)
{
    const struct build *from = NULL;
    uint64_t to = 0;
    for (const struct build *build = first; build != NULL; build = build->next) {
        if (build->kind != BUILD_CHANGE)
            continue;
        from = from != NULL ? from : build;
        to = build->generation;
    }
    if (from == NULL)
        return;
    const char *author = from->author != NULL ? from->author : "?";
    if (to > from->generation)
        log_notice("generations %" PRIu64 " to %" PRIu64 ", the first by %s", from->generation, to, author);
    else
        log_notice("generation %" PRIu64 " by %s%s%s", to, author, from->comment != NULL ? ": " : "",
                   from->comment != NULL ? from->comment : "");
}

static void end_start(struct control *control, const struct build *build)
{
    control->is_serving = control->is_ready = true;
    world_set_restored(control->world, NULL);
    if (control->checker != NULL)
        checker_forget_names(control->checker);
    if (build->generation == 0 || control->status.generation == 0)
        control->start_error = build->error;
}

/* What its command is told.  One that changed nothing was answered by the builder. */
static void conclude(struct build *build, enum command_result result)
{
    struct command *command = build->command;
    if (build->kind == BUILD_NOTHING && result == RESULT_DONE)
        return;
    command->result = result;
    command->generation = build->generation;
    command->is_audited = build->kind == BUILD_CHANGE && result == RESULT_DONE;
}

/* The builds' fate is known: the builder hears it first, so that who asks next reads the new head. */
static void finish(struct control *control, struct build *first, enum command_result result)
{
    struct command **commands = NULL;
    size_t count = 0;
    if (first->is_accepted && result == RESULT_DONE)
        log_generations(first);
    if (first->is_import || first->is_start)
        note_import_error(control, &first->error);
    if (first->is_start)
        end_start(control, first);
    for (struct build *build = first; build != NULL; build = build->next) {
        if (build->command == NULL)
            continue;
        conclude(build, result);
        if ((count & (count - 1)) == 0)
            commands = xrealloc(commands, count == 0 ? 1 : count * 2, sizeof(struct command *));
        commands[count++] = build->command;
    }
    builder_settle(control->builder, first);
    for (size_t i = 0; i < count; i++)
        command_return(commands[i], commands[i]->result);
    free(commands);
}

/* ---- durable ---- */

static struct store_job *job_of(struct build *build)
{
    struct store_job *job = store_job_new(STORE_PUT_GENERATION);
    job->generation = build->generation;
    job->origin = build->origin;
    job->author = build->author != NULL ? xstrdup(build->author) : NULL;
    job->comment = build->comment != NULL ? xstrdup(build->comment) : NULL;
    job->import_digest = build->import_digest != NULL ? xstrdup(build->import_digest) : NULL;
    job->objects = build->changes;
    build->changes = (struct objects){ 0 };
    if (build->command != NULL)
        audit_move(&job->audit, &build->command->audit);
    return job;
}

/* The first import is served before it is stored: nobody was told of it, and if we die before it is durable,
 * the next start reads the same files. */
static bool is_served_first(const struct build *first)
{
    return first->is_start && first->is_import && first->generation == 1;
}

static void store(struct control *control, struct build *first)
{
    struct store_job *job = NULL, **end = &job;
    for (struct build *build = first; build != NULL; build = build->next) {
        if (build->kind != BUILD_CHANGE)
            continue;
        *end = job_of(build);
        end = &(*end)->also;
    }
    job->reply_to = control->store_box;
    job->context = first;
    store_post(control->store, job);
}

/* Nothing of the group has happened: all are told so, also those who were answered on its account. */
static void refuse(struct control *control, struct build *first, const struct error *why)
{
    uint64_t generation = first->generation - 1;
    first->error = *why;
    for (struct build *build = first; build != NULL; build = build->next) {
        build->generation = generation;
        if (build->command != NULL)
            build->command->error = *why;
    }
    finish(control, first, RESULT_UNAVAILABLE);
}

void builds_take(struct control *control, struct build *first)
{
    struct error stopping;
    if (first->keys != NULL)
        world_set_keys(control->world, first->keys);
    first->keys = NULL;
    switch (first->kind) { /* in a group the first is a change */
    case BUILD_CHANGE:
        if (!control->is_stopping) {
            if (is_served_first(first))
                publish(control, first);
            control->is_serving |= is_served_first(first);
            store(control, first);
            return;
        }
        error_set(&stopping, "steerd is stopping");
        refuse(control, first, &stopping);
        return;
    case BUILD_RESTORE:
    case BUILD_GEO:
        publish(control, first);
        finish(control, first, RESULT_DONE);
        return;
    case BUILD_NOTHING: finish(control, first, RESULT_DONE); return;
    }
}

void builds_were_stored(struct control *control, struct store_job *job)
{
    struct build *first = job->context;
    if (job->is_done) {
        for (const struct build *build = first; build != NULL; build = build->next) {
            if (build->kind == BUILD_CHANGE)
                note_generation(control->chronicle, build);
        }
        if (!first->is_accepted)
            publish(control, first);
        finish(control, first, RESULT_DONE);
        return;
    }
    log_error("generation %" PRIu64 " was not stored: %s", first->generation, job->error.text);
    refuse(control, first, &job->error);
}
