/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/writes.h"

#include "base/clock.h"
#include "base/memory.h"
#include "control/changes.h"
#include "control/guard.h"
#include "control/reading.h"
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum {
    GROUP_MOST = 256, /* commands */
    GROUP_MS = 20,    /* of work: then those who wait for the first are to be answered */
};

struct group {
    struct builder *builder;
    struct build *first, **end;
    size_t count;
    bool has_change;
};

static void add(struct group *group, struct build *build)
{
    *group->end = build;
    group->end = &build->next;
}

/* Answers a command that changes nothing; after a change that is not durable yet the answer waits for it. */
static void answer(struct group *group, struct command *command, enum command_result result)
{
    command->generation = group->builder->newest;
    if (!group->has_change) {
        command_return(command, result);
        return;
    }
    command->result = result;
    add(group, builder_new_build(group->builder, BUILD_NOTHING, command));
}

static bool is_allowed(struct group *group, struct command *command)
{
    const struct builder *builder = group->builder;
    if (builder->settings->is_file_mode) {
        error_set(&command->error, "steering_mode is \"file\": change %s and reload",
                  builder->settings->steering != NULL ? builder->settings->steering : "the steering file");
        answer(group, command, RESULT_FILE_MODE);
        return false;
    }
    if (command->has_if_match && command->if_match != builder->newest) {
        error_set(&command->error, "the configuration is at generation %llu, not %llu: read it again",
                  (unsigned long long)builder->newest, (unsigned long long)command->if_match);
        answer(group, command, RESULT_STALE);
        return false;
    }
    return true;
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

bool writes_may_change(const struct builder *builder, const struct build *build, struct error *why)
{
    const struct snapshot *now = snapshot_acquire();
    if (now == NULL) {
        snapshot_release();
        return true;
    }
    const struct scene before = { .dataset = compiler_dataset(builder->compiler),
                                  .conditions = now->conditions },
                       after = { .dataset = build->compiled.dataset, .conditions = now->conditions };
    bool may = guard_change(&before, &after, build->compiled.nodes, build->compiled.node_count,
                            &build->changes, why);
    snapshot_release();
    return may;
}

static void refuse_compiled(struct group *group, struct command *command, struct build *build)
{
    compiler_reject(group->builder->compiler, &build->compiled);
    build_free(build);
    answer(group, command, RESULT_CONFLICT);
}

/* What the command changes is compiled, and unless it is only tried it becomes the next of the group. */
static void take_change(struct group *group, struct command *command, struct build *build)
{
    struct builder *builder = group->builder;
    if (!command->is_forced && !writes_may_change(builder, build, &command->error)) {
        guard_advise(&command->error);
        refuse_compiled(group, command, build);
        return;
    }
    reading_put_result(builder->compiler, command, &build->changes);
    give_warnings(&build->compiled.warnings, command);
    changes_relate_problems(command, &command->problems);
    if (command->is_dry_run) {
        compiler_reject(builder->compiler, &build->compiled);
        build_free(build);
        answer(group, command, RESULT_DONE);
        return;
    }
    builder_log_problems(&build->compiled.warnings);
    builder_keep(builder, build);
    build->author = command->author != NULL ? xstrdup(command->author) : NULL;
    build->comment = command->comment != NULL ? xstrdup(command->comment) : NULL;
    add(group, build);
    group->has_change = true;
}

/* A change that was worked out.  Takes `changes` over. */
static void build_change(struct group *group, struct command *command, struct objects *changes)
{
    command->is_change = changes->count > 0;
    if (changes->count == 0) {
        objects_free(changes);
        reading_put_unchanged(group->builder->compiler, command);
        answer(group, command, RESULT_DONE);
        return;
    }
    struct build *build = builder_new_build(group->builder, BUILD_CHANGE, command);
    build->changes = *changes;
    *changes = (struct objects){ 0 };
    if (builder_compile(group->builder, build, &command->problems)) {
        take_change(group, command, build);
        return;
    }
    changes_relate_problems(command, &command->problems);
    build_free(build);
    answer(group, command, RESULT_INVALID);
}

static void run_write(struct group *group, struct command *command)
{
    const struct compiler *compiler = group->builder->compiler;
    struct objects changes = { 0 };
    if (!is_allowed(group, command))
        return;
    if (!changes_of_command(compiler, command, &changes)) {
        objects_free(&changes);
        answer(group, command, command->result);
        return;
    }
    build_change(group, command, &changes);
}

static void run_rollback(struct group *group, struct recalled *recalled)
{
    struct command *command = recalled->command;
    struct objects changes = { 0 };
    if (is_allowed(group, command)) {
        changes_to(group->builder->compiler, &recalled->objects, false, &changes);
        build_change(group, command, &changes);
    }
    recalled_free(recalled);
}

bool writes_take(const struct letter *letter)
{
    switch (letter->kind) {
    case COMMAND_CONFIG_REPLACE:
    case COMMAND_OBJECT_PUT:
    case COMMAND_OBJECT_PATCH:
    case COMMAND_OBJECT_DELETE:
    case COMMAND_BATCH:
    case TASK_ROLLBACK: return true;
    default: return false;
    }
}

void writes_run_group(struct builder *builder)
{
    struct group group = { .builder = builder };
    uint64_t start_ms = clock_monotonic_ms();
    group.end = &group.first;
    do {
        struct letter *letter = builder_dequeue(builder);
        if (letter->kind == TASK_ROLLBACK)
            run_rollback(&group, (struct recalled *)letter);
        else
            run_write(&group, (struct command *)letter);
    } while (++group.count < GROUP_MOST && clock_monotonic_ms() - start_ms < GROUP_MS &&
             builder->waiting != NULL && writes_take(builder->waiting));
    if (group.first != NULL)
        builder_launch(builder, group.first);
}

void writes_refuse(struct letter *letter)
{
    if (letter->kind != TASK_ROLLBACK) {
        command_return((struct command *)letter, RESULT_UNAVAILABLE);
        return;
    }
    struct recalled *recalled = (struct recalled *)letter;
    command_return(recalled->command, RESULT_UNAVAILABLE);
    recalled_free(recalled);
}
