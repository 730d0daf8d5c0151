/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/exchange.h"
#include "api/resources.h"
#include "base/memory.h"

static void reply_file(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    request->reply.status = 200;
    request->reply.content_type = "application/vnd.sqlite3";
    request->reply.has_file = true;
    request->reply.file_name = "steerd.db";
}

void backup_get(struct request *request)
{
    struct command *command = command_new(COMMAND_BACKUP);
    command->author = xstrdup(request->author);
    exchange_send(request, command, reply_file);
}
