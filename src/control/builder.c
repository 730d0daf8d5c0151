/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/builder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/priority.h"
#include "control/builder_parts.h"
#include "control/imports.h"
#include "control/reading.h"
#include "control/writes.h"
#include "snapshot/snapshot.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_MS 2000 /* how often the database files are looked at */

static void free_one(struct build *build)
{
    problems_free(&build->compiled.warnings);
    objects_free(&build->changes);
    free(build->import_digest);
    free(build->author);
    free(build->comment);
    free(build->keys);
    free(build);
}

void build_free(struct build *build)
{
    while (build != NULL) {
        struct build *next = build->next;
        free_one(build);
        build = next;
    }
}

static void enqueue(struct builder *builder, struct letter *letter)
{
    letter->next = NULL;
    *builder->waiting_end = letter;
    builder->waiting_end = &letter->next;
    builder->waiting_count++;
}

struct letter *builder_dequeue(struct builder *builder)
{
    struct letter *first = builder->waiting;
    builder->waiting = first->next;
    builder->waiting_count--;
    if (builder->waiting == NULL)
        builder->waiting_end = &builder->waiting;
    return first;
}

struct build *builder_new_build(struct builder *builder, enum build_kind kind, struct command *command)
{
    struct build *build = xcalloc(1, sizeof *build);
    build->letter.kind = LETTER_BUILD;
    build->kind = kind;
    build->command = command;
    build->generation = builder->newest;
    build->origin = STORE_ORIGIN_API;
    return build;
}

void builder_launch(struct builder *builder, struct build *first)
{
    builder->in_flight = first;
    gathering_begin(&builder->gathering, clock_monotonic_us());
    mailbox_post(builder->control, &first->letter);
}

void builder_log_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        char *line = problem_format(&problems->items[i]);
        log_line(problems->items[i].is_warning ? LOG_WARNING : LOG_ERROR, "%s", line);
        free(line);
    }
}

bool builder_compile(struct builder *builder, struct build *build, struct problems *problems)
{
    bool (*apply)(struct compiler *, struct object *, size_t, struct problems *, struct compiled *) =
        build->origin == STORE_ORIGIN_FILES ? compiler_import : compiler_apply;
    return apply(builder->compiler, build->changes.items, build->changes.count, problems, &build->compiled);
}

static void take_derived(struct build *build)
{
    struct objects *derived = &build->compiled.derived;
    for (size_t i = 0; i < derived->count; i++) {
        struct object *object = &derived->items[i];
        objects_add(&build->changes, object->kind, object->name, object->text, object->text_size);
        object->text = NULL;
    }
    objects_free(derived);
}

void builder_keep(struct builder *builder, struct build *build)
{
    take_derived(build);
    compiler_keep(builder->compiler, &build->compiled);
    builder->changed_count += build->changes.count;
    build->generation = ++builder->newest;
}

void recalled_free(struct recalled *recalled)
{
    objects_free(&recalled->objects);
    objects_free(&recalled->before);
    free(recalled);
}

static void run_show(struct recalled *recalled)
{
    struct command *command = recalled->command;
    reading_show_old(command, &recalled->objects, &recalled->before);
    recalled_free(recalled);
    command_return(command, RESULT_DONE);
}

static void run_read(struct builder *builder, struct command *command)
{
    command->generation = builder->generation;
    command_return(command, reading_run(builder->compiler, command) ? RESULT_DONE : RESULT_NOT_FOUND);
    if (builder->in_flight == NULL) /* else its texts are on their way to the store */
        compiler_close_texts(builder->compiler);
}

/* ---- tasks of its own ---- */

static void run_geo(struct builder *builder)
{
    struct problems problems = { 0 };
    bool is_good;
    struct geo *geo = databases_load(builder->databases, &is_good);
    struct build *build = builder_new_build(builder, BUILD_GEO, NULL);
    bool is_first = builder->generation == 0 && builder->head.objects.count == 0;
    if ((is_good || is_first) && compiler_set_geo(builder->compiler, geo, &problems, &build->compiled)) {
        builder_log_problems(&build->compiled.warnings);
        compiler_keep(builder->compiler, &build->compiled);
        builder_launch(builder, build);
    } else {
        builder_log_problems(&problems);
        build_free(build);
    }
    problems_free(&problems);
}

static void run_restore(struct builder *builder)
{
    struct problems problems = { 0 };
    struct build *build = builder_new_build(builder, BUILD_RESTORE, NULL);
    build->generation = builder->head.generation;
    if (compiler_restore(builder->compiler, builder->head.objects.items, builder->head.objects.count,
                         &problems, &build->compiled)) {
        compiler_keep(builder->compiler, &build->compiled);
        builder->origin = builder->head.origin;
        builder->newest = builder->head.generation;
    } else {
        builder_log_problems(&problems);
        build->kind = BUILD_NOTHING;
        build->is_start = true;
        error_set(&build->error, "generation %llu in the store does not compile; see the errors above",
                  (unsigned long long)builder->head.generation);
    }
    problems_free(&problems);
    objects_free(&builder->head.objects); /* the compiler has them now */
    builder_launch(builder, build);
}

static void run_task(struct builder *builder, struct letter *letter)
{
    switch (letter->kind) {
    case COMMAND_RELOAD: imports_run(builder, (struct command *)letter); return;
    case TASK_GEO: run_geo(builder); break;
    case TASK_RESTORE: run_restore(builder); break;
    default: imports_run(builder, NULL); break;
    }
    free(letter);
}

static void run_next(struct builder *builder)
{
    if (writes_take(builder->waiting))
        writes_run_group(builder);
    else
        run_task(builder, builder_dequeue(builder));
}

/* ---- what came back ---- */

static void take_accepted(struct builder *builder, struct build *build)
{
    builder->generation = build->generation;
    if (build->kind == BUILD_CHANGE)
        builder->origin = build->origin;
    if (build->import_digest != NULL) {
        free(builder->import_digest);
        builder->import_digest = xstrdup(build->import_digest);
    }
    compiled_free(&build->compiled);
}

/* What a large build needed lies in small blocks between those that stay: the allocator would hold on to it.
 * Single changes leave little behind, and need not wait for this. */
static void give_memory_back(struct builder *builder)
{
    if (builder->changed_count < BUILDER_TRIM_AFTER)
        return;
    builder->changed_count = 0;
    compiler_close_texts(builder->compiler);
    malloc_trim(0);
}

static size_t count_commands(const struct build *build)
{
    size_t count = 0;
    for (; build != NULL; build = build->next)
        count += build->command != NULL;
    return count;
}

static void settle(struct builder *builder, struct build *first)
{
    builder->in_flight = NULL;
    gathering_end(&builder->gathering, count_commands(first), builder->waiting_count, clock_monotonic_us());
    if (first->is_accepted)
        compiler_accept_kept(builder->compiler);
    else
        compiler_reject_kept(builder->compiler);
    for (struct build *build = first; build != NULL; build = build->next) {
        if (build->kind == BUILD_NOTHING)
            continue;
        if (first->is_accepted)
            take_accepted(builder, build);
        else
            compiled_abandon(&build->compiled);
    }
    builder->newest = builder->generation;
    build_free(first);
    give_memory_back(builder);
}

static bool is_read(const struct letter *letter)
{
    return letter->kind == COMMAND_CONFIG_READ || letter->kind == COMMAND_OBJECT_READ ||
           letter->kind == COMMAND_OBJECT_LIST;
}

static void sort_letters(struct builder *builder, struct letter *letter)
{
    for (struct letter *next; letter != NULL; letter = next) {
        next = letter->next;
        if (letter->kind == LETTER_BUILD) {
            settle(builder, (struct build *)letter);
        } else if (letter->kind == TASK_STOP) {
            builder->is_stopping = true;
            free(letter);
        } else if (is_read(letter)) {
            run_read(builder, (struct command *)letter);
        } else if (letter->kind == TASK_SHOW) {
            run_show((struct recalled *)letter);
        } else {
            enqueue(builder, letter);
        }
    }
}

static void refuse_waiting(struct builder *builder)
{
    while (builder->waiting != NULL) {
        struct letter *letter = builder_dequeue(builder);
        if (letter->kind == COMMAND_RELOAD || writes_take(letter))
            writes_refuse(letter);
        else
            free(letter);
    }
}

static void post_task(struct builder *builder, int kind)
{
    struct letter *task = xcalloc(1, sizeof *task);
    task->kind = kind;
    mailbox_post(builder->box, task);
}

/* Before what waits: there may always be something. */
static void look_at_databases(struct builder *builder)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (builder->in_flight != NULL || now_ms < builder->next_look_ms)
        return;
    builder->next_look_ms = now_ms + WATCH_MS;
    if (databases_have_changed(builder->databases))
        run_geo(builder);
}

/* How long the builder may sleep; 0: there is something to do. */
static int time_to_wait(const struct builder *builder)
{
    if (builder->in_flight != NULL || builder->waiting == NULL)
        return WATCH_MS;
    return gathering_left_ms(&builder->gathering, builder->waiting_count, clock_monotonic_us());
}

static void *builder_main(void *arg)
{
    struct builder *builder = arg;
    bool gives_way = false;
    builder->next_look_ms = clock_monotonic_ms() + WATCH_MS; /* the start loads them */
    snapshot_register_thread();
    while (!builder->is_stopping) {
        bool is_calm = !mailbox_wait(builder->box, time_to_wait(builder)) && builder->waiting == NULL;
        if (is_calm && !gives_way) { /* the start is over */
            priority_give_way();
            gives_way = true;
        }
        sort_letters(builder, mailbox_take(builder->box));
        look_at_databases(builder);
        while (time_to_wait(builder) == 0)
            run_next(builder);
    }
    snapshot_unregister_thread();
    refuse_waiting(builder);
    return NULL;
}

bool builder_start(const struct settings *settings, struct store_head *head, struct mailbox *control,
                   struct builder **out, struct error *err)
{
    struct builder *builder = xcalloc(1, sizeof *builder);
    builder->settings = settings;
    builder->box = mailbox_new();
    builder->control = control;
    builder->compiler = compiler_new();
    builder->databases = databases_new(settings);
    builder->head = *head;
    builder->import_digest = head->import_digest != NULL ? xstrdup(head->import_digest) : NULL;
    *head = (struct store_head){ 0 };
    builder->waiting_end = &builder->waiting;
    post_task(builder, TASK_GEO);
    if (builder->head.generation > 0)
        post_task(builder, TASK_RESTORE);
    post_task(builder, TASK_IMPORT);
    if (pthread_create(&builder->thread, NULL, builder_main, builder) != 0) {
        error_set(err, "cannot start the compiler thread");
        return false; /* the process ends: nothing to undo */
    }
    pthread_setname_np(builder->thread, "compiler");
    *out = builder;
    return true;
}

void builder_stop(struct builder *builder)
{
    post_task(builder, TASK_STOP);
    pthread_join(builder->thread, NULL);
}

void builder_free(struct builder *builder)
{
    if (builder == NULL)
        return;
    sort_letters(builder, mailbox_take(builder->box));
    refuse_waiting(builder);
    compiler_free(builder->compiler);
    databases_free(builder->databases);
    store_head_free(&builder->head);
    mailbox_free(builder->box);
    free(builder->import_digest);
    free(builder);
}

void builder_post(struct builder *builder, struct command *command)
{
    mailbox_post(builder->box, &command->letter);
}

void builder_post_recalled(struct builder *builder, struct command *command, struct objects *objects,
                           struct objects *before)
{
    struct recalled *recalled = xcalloc(1, sizeof *recalled);
    recalled->letter.kind = command->letter.kind == COMMAND_ROLLBACK ? TASK_ROLLBACK : TASK_SHOW;
    recalled->command = command;
    recalled->objects = *objects;
    *objects = (struct objects){ 0 };
    if (before != NULL) {
        recalled->before = *before;
        *before = (struct objects){ 0 };
    }
    mailbox_post(builder->box, &recalled->letter);
}

void builder_settle(struct builder *builder, struct build *build)
{
    mailbox_post(builder->box, &build->letter);
}
