/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/builder.h"

#include "base/log.h"
#include "base/memory.h"
#include "control/changes.h"
#include "control/cookie_secrets.h"
#include "control/databases.h"
#include "control/import.h"
#include "control/reading.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_MS 2000 /* how often the database files are looked at */

/* Letters of the builder's own beside commands (enum command_kind) and returning builds (LETTER_BUILD). */
enum { TASK_GEO = 50, TASK_RESTORE, TASK_IMPORT, TASK_ROLLBACK, TASK_STOP };

struct rollback {
    struct letter letter;
    struct command *command;
    struct objects objects;
};

struct builder {
    const struct settings *settings;
    struct mailbox *box, *control;
    struct compiler *compiler;
    struct databases *databases;
    struct store_head head; /* until restored */
    uint64_t generation;    /* of the compiler's head */
    enum store_origin origin;
    char *import_digest;
    struct build *in_flight; /* at control; the next waits for it */
    struct letter *waiting, **waiting_end;
    bool is_stopping;
    pthread_t thread;
};

void build_free(struct build *build)
{
    if (build == NULL)
        return;
    problems_free(&build->compiled.warnings);
    objects_free(&build->changes);
    free(build->import_digest);
    free(build->author);
    free(build->comment);
    free(build->keys);
    free(build);
}

static void enqueue(struct builder *builder, struct letter *letter)
{
    letter->next = NULL;
    *builder->waiting_end = letter;
    builder->waiting_end = &letter->next;
}

static struct letter *dequeue(struct builder *builder)
{
    struct letter *first = builder->waiting;
    builder->waiting = first->next;
    if (builder->waiting == NULL)
        builder->waiting_end = &builder->waiting;
    return first;
}

static void reply(struct builder *builder, struct command *command, enum command_result result)
{
    command->result = result;
    command->generation = builder->generation;
    if (command->reply_to != NULL)
        mailbox_post(command->reply_to, &command->letter);
    else
        command_free(command);
}

static struct build *build_new(struct builder *builder, enum build_kind kind, struct command *command)
{
    struct build *build = xcalloc(1, sizeof *build);
    build->letter.kind = LETTER_BUILD;
    build->kind = kind;
    build->command = command;
    build->generation = builder->generation;
    build->origin = STORE_ORIGIN_API;
    return build;
}

/* Sends a build on its way; the next task waits until it comes back. */
static void launch(struct builder *builder, struct build *build)
{
    builder->in_flight = build;
    mailbox_post(builder->control, &build->letter);
}

static void log_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        char *line = problem_format(&problems->items[i]);
        log_line(problems->items[i].is_warning ? LOG_WARNING : LOG_ERROR, "%s", line);
        free(line);
    }
}

/* Who changes something is told what is dubious about it. */
static void give_warnings(const struct problems *warnings, struct command *command)
{
    for (size_t i = 0; i < warnings->count; i++) {
        const struct problem *from = &warnings->items[i];
        problems_warn(&command->problems, from->file, from->line, from->column, from->pointer, "%s",
                      from->message);
    }
}

/* What follows from the changes is stored with them. */
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

/* Compiles build->changes, which then is the whole next generation; false with problems. */
static bool compile(struct builder *builder, struct build *build, struct problems *problems)
{
    bool (*apply)(struct compiler *, struct object *, size_t, struct problems *, struct compiled *) =
        build->origin == STORE_ORIGIN_FILES ? compiler_import : compiler_apply;
    return apply(builder->compiler, build->changes.items, build->changes.count, problems, &build->compiled);
}

/* ---- commands ---- */

static bool is_write_allowed(struct builder *builder, struct command *command)
{
    if (builder->settings->is_file_mode) {
        error_set(&command->error, "steering_mode is \"file\": change %s and reload",
                  builder->settings->steering != NULL ? builder->settings->steering : "the steering file");
        reply(builder, command, RESULT_FILE_MODE);
        return false;
    }
    if (command->has_if_match && command->if_match != builder->generation) {
        error_set(&command->error, "the configuration is at generation %llu, not %llu: read it again",
                  (unsigned long long)builder->generation, (unsigned long long)command->if_match);
        reply(builder, command, RESULT_STALE);
        return false;
    }
    return true;
}

/* A change that was worked out: compiles it and sends it on, or answers at once. Takes `changes` over. */
static void build_change(struct builder *builder, struct command *command, struct objects *changes)
{
    struct build *build = build_new(builder, BUILD_CHANGE, command);
    build->changes = *changes;
    if (build->changes.count == 0) {
        build_free(build);
        reply(builder, command, RESULT_DONE);
        return;
    }
    if (!compile(builder, build, &command->problems)) {
        changes_relate_problems(command, &command->problems);
        build_free(build);
        reply(builder, command, RESULT_INVALID);
        return;
    }
    log_problems(&build->compiled.warnings);
    give_warnings(&build->compiled.warnings, command);
    changes_relate_problems(command, &command->problems);
    reading_put_result(command, &build->changes);
    take_derived(build);
    if (command->is_dry_run) {
        compiler_reject(builder->compiler, &build->compiled);
        build_free(build);
        reply(builder, command, RESULT_DONE);
        return;
    }
    build->generation = builder->generation + 1;
    build->author = command->author != NULL ? xstrdup(command->author) : NULL;
    build->comment = command->comment != NULL ? xstrdup(command->comment) : NULL;
    launch(builder, build);
}

static void drop_unchanged(const struct compiler *compiler, struct objects *changes)
{
    if (changes->count != 1 || changes->items[0].text == NULL)
        return;
    const struct object *change = &changes->items[0],
                        *head = compiler_find(compiler, change->kind, change->name);
    if (head != NULL && head->text_size == change->text_size &&
        memcmp(head->text, change->text, change->text_size) == 0)
        objects_free(changes);
}

static void run_write(struct builder *builder, struct command *command)
{
    struct objects changes = { 0 };
    if (!is_write_allowed(builder, command))
        return;
    if (!changes_of_command(builder->compiler, command, &changes)) {
        objects_free(&changes);
        reply(builder, command, command->result);
        return;
    }
    drop_unchanged(builder->compiler, &changes);
    build_change(builder, command, &changes);
}

static void run_rollback(struct builder *builder, struct rollback *rollback)
{
    struct command *command = rollback->command;
    struct objects changes = { 0 };
    if (is_write_allowed(builder, command)) {
        changes_to(builder->compiler, &rollback->objects, false, &changes);
        build_change(builder, command, &changes);
    }
    objects_free(&rollback->objects);
    free(rollback);
}

static void run_command(struct builder *builder, struct command *command)
{
    switch ((enum command_kind)command->letter.kind) {
    case COMMAND_CONFIG_READ:
    case COMMAND_OBJECT_READ:
        reply(builder, command, reading_run(builder->compiler, command) ? RESULT_DONE : RESULT_NOT_FOUND);
        return;
    default: run_write(builder, command); return;
    }
}

/* ---- tasks of its own ---- */

static void run_geo(struct builder *builder)
{
    struct problems problems = { 0 };
    bool is_good;
    struct geo *geo = databases_load(builder->databases, &is_good);
    struct build *build = build_new(builder, BUILD_GEO, NULL);
    bool is_first = builder->generation == 0 && builder->head.objects.count == 0;
    if ((is_good || is_first) && compiler_set_geo(builder->compiler, geo, &problems, &build->compiled)) {
        log_problems(&build->compiled.warnings);
        launch(builder, build);
    } else {
        log_problems(&problems);
        build_free(build);
    }
    problems_free(&problems);
}

static void run_restore(struct builder *builder)
{
    struct problems problems = { 0 };
    struct build *build = build_new(builder, BUILD_RESTORE, NULL);
    build->generation = builder->head.generation;
    if (compiler_apply(builder->compiler, builder->head.objects.items, builder->head.objects.count, &problems,
                       &build->compiled)) {
        builder->origin = builder->head.origin;
    } else {
        log_problems(&problems);
        build->kind = BUILD_NOTHING;
        build->is_start = true;
        error_set(&build->error, "generation %llu in the store does not compile; see the errors above",
                  (unsigned long long)builder->head.generation);
    }
    problems_free(&problems);
    objects_free(&builder->head.objects); /* the compiler has them now */
    launch(builder, build);
}

static void import(struct builder *builder, struct command *command, struct build *build)
{
    const struct import_head head = { builder->generation, builder->origin, builder->import_digest };
    struct problems found = { 0 }, *problems = command != NULL ? &command->problems : &found;
    enum import_verdict verdict = import_files(builder->settings, builder->compiler, &head, &build->changes,
                                               &build->import_digest, problems, &build->error);
    if (verdict == IMPORT_CHANGES && !compile(builder, build, problems)) {
        verdict = IMPORT_INVALID;
        import_sum_up(builder->settings, problems, &build->error);
    }
    log_problems(problems);
    if (verdict == IMPORT_CHANGES) {
        log_problems(&build->compiled.warnings);
        take_derived(build);
    }
    build->kind = verdict == IMPORT_CHANGES ? BUILD_CHANGE : BUILD_NOTHING;
    build->generation = builder->generation + (verdict == IMPORT_CHANGES);
    build->is_import = true;
    build->author = xstrdup("files");
    build->comment =
        xasprintf("import of %s", builder->settings->steering ? builder->settings->steering : "nothing");
    if (verdict == IMPORT_INVALID || verdict == IMPORT_REFUSED)
        log_error("%s", build->error.text);
    if (command != NULL) {
        command->result = verdict == IMPORT_INVALID   ? RESULT_INVALID
                          : verdict == IMPORT_REFUSED ? RESULT_CONFLICT
                                                      : RESULT_DONE;
        command->error = build->error;
    }
    problems_free(&found);
}

static void reload_keys(struct builder *builder, struct build *build)
{
    struct error err;
    if (!cookie_secrets_load(builder->settings, true, &build->keys, &err))
        log_error("%s; the cookie secrets stay as they were", err.text);
}

static void run_import(struct builder *builder, struct command *command)
{
    struct build *build = build_new(builder, BUILD_NOTHING, command);
    build->origin = STORE_ORIGIN_FILES;
    build->is_start = command == NULL;
    import(builder, command, build);
    if (command != NULL)
        reload_keys(builder, build);
    launch(builder, build);
}

static void run_letter(struct builder *builder, struct letter *letter)
{
    switch (letter->kind) {
    case TASK_GEO:
        free(letter);
        run_geo(builder);
        return;
    case TASK_RESTORE:
        free(letter);
        run_restore(builder);
        return;
    case TASK_IMPORT:
        free(letter);
        run_import(builder, NULL);
        return;
    case TASK_ROLLBACK: run_rollback(builder, (struct rollback *)letter); return;
    case COMMAND_RELOAD: run_import(builder, (struct command *)letter); return;
    default: run_command(builder, (struct command *)letter); return;
    }
}

static void settle(struct builder *builder, struct build *build)
{
    builder->in_flight = NULL;
    if (build->kind == BUILD_NOTHING) {
        build_free(build);
        return;
    }
    if (build->is_accepted) {
        compiler_accept(builder->compiler, &build->compiled);
        builder->generation = build->generation;
        if (build->kind == BUILD_CHANGE)
            builder->origin = build->origin;
        if (build->import_digest != NULL) {
            free(builder->import_digest);
            builder->import_digest = xstrdup(build->import_digest);
        }
    } else {
        compiler_reject(builder->compiler, &build->compiled);
    }
    build_free(build);
}

static bool is_read(const struct letter *letter)
{
    return letter->kind == COMMAND_CONFIG_READ || letter->kind == COMMAND_OBJECT_READ;
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
            run_command(builder, (struct command *)letter);
        } else {
            enqueue(builder, letter);
        }
    }
}

static void refuse_waiting(struct builder *builder)
{
    while (builder->waiting != NULL) {
        struct letter *letter = dequeue(builder);
        if (letter->kind == TASK_ROLLBACK) {
            struct rollback *rollback = (struct rollback *)letter;
            reply(builder, rollback->command, RESULT_UNAVAILABLE);
            objects_free(&rollback->objects);
            free(rollback);
        } else if (letter->kind >= TASK_GEO) {
            free(letter);
        } else {
            reply(builder, (struct command *)letter, RESULT_UNAVAILABLE);
        }
    }
}

static void post_task(struct builder *builder, int kind)
{
    struct letter *task = xcalloc(1, sizeof *task);
    task->kind = kind;
    mailbox_post(builder->box, task);
}

static void *builder_main(void *arg)
{
    struct builder *builder = arg;
    while (!builder->is_stopping) {
        bool has_letters = mailbox_wait(builder->box, WATCH_MS);
        sort_letters(builder, mailbox_take(builder->box));
        while (builder->in_flight == NULL && builder->waiting != NULL)
            run_letter(builder, dequeue(builder));
        if (!has_letters && builder->in_flight == NULL && databases_have_changed(builder->databases))
            run_geo(builder);
    }
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

void builder_post_rollback(struct builder *builder, struct command *command, struct objects *objects)
{
    struct rollback *rollback = xcalloc(1, sizeof *rollback);
    rollback->letter.kind = TASK_ROLLBACK;
    rollback->command = command;
    rollback->objects = *objects;
    *objects = (struct objects){ 0 };
    mailbox_post(builder->box, &rollback->letter);
}

void builder_settle(struct builder *builder, struct build *build)
{
    mailbox_post(builder->box, &build->letter);
}
