/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/imports.h"

#include "base/log.h"
#include "base/memory.h"
#include "control/cookie_secrets.h"
#include "control/import.h"
#include "control/reading.h"
#include "control/writes.h"

#include <stdlib.h>

/* ---- may it be ---- */

static enum import_verdict refuse(struct builder *builder, struct build *build, const struct error *why)
{
    compiler_reject(builder->compiler, &build->compiled);
    error_set(&build->error, "%s was not imported: %s; to import it even so: steerctl reload --force",
              builder->settings->steering, why->text);
    return IMPORT_REFUSED;
}

/* The files are what there is: without answers nobody would be served at all. */
static void warn(const struct builder *builder, struct build *build, const struct error *why)
{
    log_warning("%s was imported, because the server starts: %s", builder->settings->steering, why->text);
    char *comment = xasprintf("%s; %s", build->comment, why->text);
    free(build->comment);
    build->comment = comment;
}

/* What was compiled against what checks and operators say now. */
static enum import_verdict judge(struct builder *builder, struct build *build)
{
    struct error why;
    const struct command *command = build->command;
    if ((command != NULL && command->is_forced) || writes_may_change(builder, build, &why))
        return IMPORT_CHANGES;
    if (command != NULL)
        return refuse(builder, build, &why);
    warn(builder, build, &why);
    return IMPORT_CHANGES;
}

/* ---- what becomes of it ---- */

static enum import_verdict look(struct builder *builder, struct build *build, struct problems *problems)
{
    const struct import_head head = { builder->generation, builder->origin, builder->import_digest };
    enum import_verdict verdict = import_files(builder->settings, builder->compiler, &head, &build->changes,
                                               &build->import_digest, problems, &build->error);
    if (verdict == IMPORT_CHANGES && !builder_compile(builder, build, problems))
        verdict = IMPORT_INVALID;
    problems_sort(problems);
    builder_log_problems(problems);
    if (verdict == IMPORT_INVALID)
        import_sum_up(builder->settings, problems, &build->error);
    return verdict == IMPORT_CHANGES ? judge(builder, build) : verdict;
}

static void describe(const struct builder *builder, struct build *build)
{
    const struct command *command = build->command;
    const char *steering = builder->settings->steering != NULL ? builder->settings->steering : "nothing";
    const char *why = command != NULL ? command->comment : NULL;
    build->author = xstrdup(command != NULL && command->author != NULL ? command->author : "files");
    build->comment = xasprintf("import of %s%s%s", steering, why != NULL ? ": " : "", why != NULL ? why : "");
}

static void log_refusal(const struct builder *builder, const struct build *build, enum import_verdict verdict)
{
    if (verdict == IMPORT_INVALID && !build->is_start) /* a start ends with the error itself */
        log_error("%s: nothing was changed, see above", builder->settings->steering);
    if (verdict == IMPORT_REFUSED)
        log_error("%s", build->error.text);
}

static void tell(struct command *command, const struct build *build, enum import_verdict verdict)
{
    command->result = verdict == IMPORT_INVALID   ? RESULT_INVALID
                      : verdict == IMPORT_REFUSED ? RESULT_CONFLICT
                                                  : RESULT_DONE;
    command->is_change = verdict == IMPORT_CHANGES;
    command->error = build->error;
    command->generation = build->generation;
}

static void import(struct builder *builder, struct build *build)
{
    struct problems found = { 0 };
    struct command *command = build->command;
    describe(builder, build);
    enum import_verdict verdict = look(builder, build, command != NULL ? &command->problems : &found);
    if (verdict == IMPORT_CHANGES) {
        builder_log_problems(&build->compiled.warnings);
        builder_keep(builder, build);
        build->kind = BUILD_CHANGE;
    }
    build->is_import = true;
    log_refusal(builder, build, verdict);
    if (command != NULL)
        tell(command, build, verdict);
    problems_free(&found);
}

/* Says what an import would do. */
static void try(struct builder *builder, struct build *build)
{
    struct command *command = build->command;
    enum import_verdict verdict = look(builder, build, &command->problems);
    if (verdict == IMPORT_CHANGES || verdict == IMPORT_NOTHING)
        reading_put_result(builder->compiler, command, &build->changes);
    if (verdict == IMPORT_CHANGES)
        compiler_reject(builder->compiler, &build->compiled);
    tell(command, build, verdict);
    objects_free(&build->changes);
}

static void reload_keys(struct builder *builder, struct build *build)
{
    struct error err;
    if (!cookie_secrets_load(builder->settings, true, &build->keys, &err))
        log_error("%s; the cookie secrets stay as they were", err.text);
}

static bool is_stale(const struct builder *builder, struct command *command)
{
    return command != NULL && command->has_if_match && command->if_match != builder->newest;
}

void imports_run(struct builder *builder, struct command *command)
{
    struct build *build = builder_new_build(builder, BUILD_NOTHING, command);
    build->origin = STORE_ORIGIN_FILES;
    build->is_start = command == NULL;
    builder->changed_count = BUILDER_TRIM_AFTER; /* it reads all there is */
    if (is_stale(builder, command)) {
        command->result = RESULT_STALE;
        command->generation = build->generation;
    } else if (command != NULL && command->is_dry_run) {
        try(builder, build);
    } else {
        import(builder, build);
        if (command != NULL)
            reload_keys(builder, build);
    }
    builder_launch(builder, build);
}
