/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokens between the store, which keeps them, and auth, which knows them. */
#include "api/state.h"
#include "api/tls.h"
#include "api/tls_files.h"
#include "base/clock.h"

enum { TOUCH_MS = 60000, LOOK_MS = 2000 };

bool api_check(const struct settings *settings, struct error *err)
{
    struct tls_files files;
    if (settings->tls.certificate == NULL)
        return true;
    if (!tls_files_load(&settings->tls, &files, err))
        return false;
    tls_files_free(&files);
    return true;
}

static bool take_tokens(struct api *api, struct mailbox *box, struct error *err)
{
    struct command *command = command_new(COMMAND_TOKENS);
    command->reply_to = box;
    control_post(api->control, command);
    mailbox_wait(box, -1); /* every command comes back */
    command = (struct command *)mailbox_take(box);
    bool is_done = command->result == RESULT_DONE;
    if (!is_done)
        error_set(err, "cannot read the tokens: %s", command->error.text);
    for (size_t i = 0; i < command->tokens.count; i++)
        auth_add(api->auth, &command->tokens.items[i]);
    command_free(command);
    return is_done;
}

bool keys_open(struct api *api, struct error *err)
{
    const struct settings_tls *tls = &api->settings->tls;
    if (tls->certificate != NULL && !tls_open(tls, &api->tls, err))
        return error_within(err, "api: tls");
    if (!auth_open(api->settings->token_file, &api->auth, err))
        return false;
    struct mailbox *box = mailbox_new();
    bool is_done = take_tokens(api, box, err);
    mailbox_free(box);
    return is_done;
}

void keys_look(struct api *api, bool now)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (api->tls == NULL || (!now && now_ms - api->looked_ms < LOOK_MS))
        return;
    api->looked_ms = now_ms;
    tls_look(api->tls);
}

void keys_touch(struct api *api, bool is_last)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (api->auth == NULL || (!is_last && now_ms - api->touched_ms < TOUCH_MS))
        return;
    api->touched_ms = now_ms;
    struct command *command = command_new(COMMAND_TOKENS_TOUCH);
    auth_take_used(api->auth, &command->tokens);
    if (command->tokens.count > 0)
        control_post(api->control, command);
    else
        command_free(command);
}
