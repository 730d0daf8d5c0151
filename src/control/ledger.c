/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/ledger.h"

#include "base/log.h"
#include "base/memory.h"

#include <stddef.h>

/* What is asked, and what the store calls it. */
static const struct {
    enum command_kind command;
    enum store_job_kind job;
} rows[] = {
    { COMMAND_TOKEN_PUT, STORE_PUT_TOKEN },       { COMMAND_TOKEN_DELETE, STORE_DELETE_TOKEN },
    { COMMAND_TOKENS_TOUCH, STORE_TOUCH_TOKENS }, { COMMAND_TOKENS, STORE_LIST_TOKENS },
    { COMMAND_AUDIT_ADD, STORE_PUT_AUDIT },       { COMMAND_AUDIT, STORE_LIST_AUDIT },
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static void swap_lists(struct command *command, struct store_job *job)
{
    struct tokens tokens = command->tokens;
    struct audit audit = command->audit;
    struct audit_filter filter = command->audit_filter;
    command->tokens = job->tokens;
    command->audit = job->audit;
    command->audit_filter = job->audit_filter;
    job->tokens = tokens;
    job->audit = audit;
    job->audit_filter = filter;
}

bool ledger_ask(struct control *control, struct command *command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((int)rows[i].command != command->letter.kind)
            continue;
        struct store_job *job = store_job_new(rows[i].job);
        job->reply_to = control->store_box;
        job->context = command;
        job->key = command->name != NULL ? xstrdup(command->name) : NULL;
        swap_lists(command, job);
        store_post(control->store, job);
        return true;
    }
    return false;
}

bool ledger_came(struct store_job *job)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((int)rows[i].job != job->letter.kind)
            continue;
        struct command *command = job->context;
        bool is_list = rows[i].job == STORE_LIST_TOKENS || rows[i].job == STORE_LIST_AUDIT;
        if (!job->is_done)
            log_error("%s: %s", rows[i].job == STORE_PUT_AUDIT ? "the audit was not written" : "tokens",
                      job->error.text);
        if (is_list || !job->is_done)
            swap_lists(command, job); /* what was found, or what is still to be written down */
        command->error = job->error;
        command->is_audited = job->is_done;
        command_return(command, job->is_done ? RESULT_DONE : RESULT_UNAVAILABLE);
        return true;
    }
    return false;
}
