/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "control/control.h"

#include <stdlib.h>
#include <unistd.h>

struct command *command_new(enum command_kind kind)
{
    struct command *command = xcalloc(1, sizeof *command);
    command->letter.kind = (int)kind;
    command->file = -1;
    command->pool_id = SLOT_NONE;
    return command;
}

void command_return(struct command *command, enum command_result result)
{
    command->result = result;
    if (command->came != NULL)
        command->came(command);
    else if (command->reply_to != NULL)
        mailbox_post(command->reply_to, &command->letter);
    else
        command_free(command);
}

void command_free(struct command *command)
{
    if (command == NULL)
        return;
    free(command->name);
    free(command->endpoint);
    free(command->pointer);
    free(command->body);
    free(command->outcome);
    free(command->author);
    free(command->comment);
    free(command->scope);
    for (size_t i = 0; i < command->sample_count; i++)
        free(command->samples[i].endpoint);
    free(command->samples);
    for (size_t i = 0; i < command->item_count; i++)
        command_free(command->items[i]);
    free(command->items);
    for (size_t i = 0; i < command->report_count; i++)
        free(command->reports[i].endpoint);
    free(command->reports);
    problems_free(&command->problems);
    events_free(&command->events);
    tokens_free(&command->tokens);
    audit_free(&command->audit);
    free(command->audit_filter.who);
    free(command->audit_filter.target);
    if (command->file >= 0)
        close(command->file);
    free(command);
}
