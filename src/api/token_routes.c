/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/audit_log.h"
#include "api/exchange.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/state.h"
#include "api/token_body.h"
#include "api/token_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

#define TOKENS_MOST 1000

/* ---- showing ---- */

static void write_names(struct writer *json, const char *key, const char *scope, const char *kind)
{
    size_t kind_size = strlen(kind);
    writer_array(json, key);
    for (const char *line = scope; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        if (size > kind_size && strncmp(line, kind, kind_size) == 0) {
            char *name = xstrndup(line + kind_size, size - kind_size);
            writer_string(json, NULL, name);
            free(name);
        }
        line += size + (line[size] == '\n');
    }
    writer_end(json);
}

static void write_scope(struct writer *json, const char *scope)
{
    if (scope == NULL || scope[0] == '\0') {
        writer_null(json, "scope");
        return;
    }
    writer_object(json, "scope");
    write_names(json, "pools", scope, "pool ");
    write_names(json, "zones", scope, "zone ");
    write_names(json, "checks", scope, "check ");
    writer_end(json);
}

static void write_token(struct writer *json, const struct token *token)
{
    bool is_over = token->expires_wall_ms != 0 && clock_wall_ms() >= token->expires_wall_ms;
    writer_string(json, "name", token->name);
    writer_string(json, "role", token->role);
    write_scope(json, token->scope);
    writer_time(json, "made", token->made_wall_ms);
    writer_time(json, "expires", token->expires_wall_ms);
    writer_time(json, "used", token->used_wall_ms);
    writer_bool(json, "expired", is_over);
    writer_string(json, "author", token->author);
    writer_string(json, "comment", token->comment[0] != '\0' ? token->comment : NULL);
}

void token_list(struct request *request)
{
    struct tokens tokens = { 0 };
    struct writer json = { 0 };
    auth_list(request->api->auth, &tokens);
    writer_object(&json, NULL);
    writer_array(&json, "items");
    for (size_t i = 0; i < tokens.count; i++) {
        writer_object(&json, NULL);
        write_token(&json, &tokens.items[i]);
        writer_end(&json);
    }
    writer_end(&json);
    writer_null(&json, "next");
    writer_end(&json);
    tokens_free(&tokens);
    reply_json(request, &json);
}

void token_whoami(struct request *request)
{
    const struct who *who = &request->who;
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_string(&json, "name", who->name);
    writer_string(&json, "role", role_name(who->role));
    writer_string(&json, "how", who->how);
    write_scope(&json, who->scope);
    writer_end(&json);
    reply_json(request, &json);
}

/* ---- making ---- */

static void reply_made(struct request *request)
{
    const struct token *token = &request->prepared->tokens.items[0];
    bool is_late = request->command->result != RESULT_DONE && auth_has(request->api->auth, token->name);
    if (is_late) {
        problem_reply(request, 409, "somebody made a token \"%s\" meanwhile", token->name);
        return;
    }
    if (!exchange_succeeded(request))
        return;
    auth_add(request->api->auth, token);
    log_notice("token \"%s\" (%s) made by %s", token->name, token->role, request->author);
    struct writer json = { 0 };
    writer_object(&json, NULL);
    write_token(&json, token);
    writer_string(&json, "token", request->prepared->body);
    writer_end(&json);
    OPENSSL_cleanse(request->prepared->body, strlen(request->prepared->body));
    reply_json(request, &json);
}

static bool read_body(struct request *request, struct tokens *out)
{
    struct document document;
    struct problems problems = { 0 };
    if (!exchange_scan_body(request, &document))
        return false;
    bool is_valid = token_body_parse(&document, clock_wall_ms(), &problems, out);
    if (!is_valid)
        problem_list(request, 422, "no token was made", &problems);
    problems_free(&problems);
    document_free(&document);
    return is_valid;
}

static bool has_room(struct request *request, const char *name)
{
    struct tokens tokens = { 0 };
    auth_list(request->api->auth, &tokens);
    size_t count = tokens.count;
    tokens_free(&tokens);
    if (auth_has(request->api->auth, name))
        return problem_reply(request, 409, "there is a token \"%s\" already: revoke it first", name);
    return count < TOKENS_MOST ||
           problem_reply(request, 409, "there are %d tokens: revoke some", TOKENS_MOST);
}

/* What is shown once stays with the request until the digest is durable. */
void token_create(struct request *request)
{
    struct tokens tokens = { 0 };
    if (!read_body(request, &tokens))
        return;
    struct token *token = &tokens.items[0];
    if (!has_room(request, token->name)) {
        tokens_free(&tokens);
        return;
    }
    char text[TOKEN_TEXT_SIZE];
    token_make(text);
    token_digest(text, strlen(text), token->digest);
    free(token->author);
    token->author = xstrdup(request->author);
    struct command *command = command_new(COMMAND_TOKEN_PUT), *kept = command_new(COMMAND_TOKEN_PUT);
    kept->tokens = tokens;
    kept->body = xstrdup(text);
    OPENSSL_cleanse(text, sizeof text);
    tokens_add(&command->tokens, token);
    request->prepared = kept;
    audit_log_give(request, command);
    exchange_send(request, command, reply_made);
}

/* ---- revoking ---- */

static void reply_revoked(struct request *request)
{
    const char *name = request->arguments[0];
    if (!exchange_succeeded(request))
        return;
    auth_remove(request->api->auth, name);
    log_notice("token \"%s\" revoked by %s", name, request->author);
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_string(&json, "name", name);
    writer_bool(&json, "revoked", true);
    writer_end(&json);
    reply_json(request, &json);
}

void token_revoke(struct request *request)
{
    const char *name = request->arguments[0];
    if (strcmp(name, AUTH_BOOTSTRAP_NAME) == 0) {
        problem_reply(request, 409,
                      "the bootstrap token stands in %s: remove that file and restart steerd to get another",
                      request->api->settings->token_file);
        return;
    }
    if (!auth_has(request->api->auth, name)) {
        problem_reply(request, 404, "there is no token \"%s\"", name);
        return;
    }
    struct command *command = command_new(COMMAND_TOKEN_DELETE);
    command->name = xstrdup(name);
    audit_log_give(request, command);
    exchange_send(request, command, reply_revoked);
}
