/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/gathering.h"
#include "control/builder.h"
#include "control/databases.h"

#include <pthread.h>

/* What builder.c (the thread, what it does by itself) and writes.c (what people ask for) share. */

/* Letters of the builder's own beside commands (enum command_kind) and returning builds (LETTER_BUILD). */
enum { TASK_GEO = 50, TASK_RESTORE, TASK_IMPORT, TASK_ROLLBACK, TASK_SHOW, TASK_STOP };

enum { BUILDER_TRIM_AFTER = 10000 }; /* changed objects: then freed memory goes back to the kernel */

/* An old generation that a command needs, or two. */
struct recalled {
    struct letter letter; /* TASK_ROLLBACK, TASK_SHOW */
    struct command *command;
    struct objects objects, before;
};
void recalled_free(struct recalled *recalled); /* not the command */

struct builder {
    const struct settings *settings;
    struct mailbox *box, *control;
    struct compiler *compiler;
    struct databases *databases;
    uint64_t next_look_ms;  /* monotonic; when the databases are looked at again */
    struct store_head head; /* until restored */
    uint64_t generation;    /* that is durable */
    uint64_t newest;        /* of the compiler's head, with what is kept */
    enum store_origin origin;
    char *import_digest;
    size_t changed_count;    /* objects, since freed memory went back to the kernel */
    struct build *in_flight; /* at control; the next waits for it */
    struct letter *waiting, **waiting_end;
    size_t waiting_count;
    struct gathering gathering;
    bool is_stopping;
    pthread_t thread;
};

struct letter *builder_dequeue(struct builder *builder);
struct build *builder_new_build(struct builder *builder, enum build_kind kind, struct command *command);
/** Sends builds on their way; the next task waits until they come back. */
void builder_launch(struct builder *builder, struct build *first);
/** Compiles build->changes, which then is the whole next generation; false with problems. */
bool builder_compile(struct builder *builder, struct build *build, struct problems *problems);
/** What was compiled is the newest generation from now on; what the compiler adds to the changes is stored
 * with them. */
void builder_keep(struct builder *builder, struct build *build);
void builder_log_problems(const struct problems *problems);
