/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/token_body.h"

#include "api/auth.h"
#include "api/body.h"
#include "base/duration.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE_MOST = 64, COMMENT_SIZE_MOST = 255, SCOPE_MOST = 256, SCOPE_NAME_MOST = 255 };

struct body {
    const struct document *document;
    struct problems *problems;
    int64_t now_ms;
    struct token token; /* strings borrowed from the JSON, but for the scope */
    struct text scope;
};

static void complain(const struct body *body, const char *key, const char *what)
{
    body_complain(body->document, body->problems, "", key, what);
}

static void take_name(struct body *body, const cJSON *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = cJSON_IsString(value) ? value->valuestring : "";
    size_t size = strlen(name);
    if (size == 0 || size > NAME_SIZE_MOST || strspn(name, allowed) != size)
        complain(body, "name", "must be 1 to 64 letters, digits, dots, dashes or underscores");
    else if (strcmp(name, AUTH_BOOTSTRAP_NAME) == 0)
        complain(body, "name", "\"" AUTH_BOOTSTRAP_NAME "\" is the name of the bootstrap token");
    body->token.name = (char *)(uintptr_t)name;
}

static void take_role(struct body *body, const cJSON *value)
{
    const char *role = cJSON_IsString(value) ? value->valuestring : "";
    if (role_parse(role) == ROLE_NONE)
        complain(body, "role", "must be \"viewer\", \"operator\" or \"admin\"");
    body->token.role = (char *)(uintptr_t)role;
}

/* A line each; what ends a line is in no name. */
static void take_scope(struct body *body, const cJSON *value, const char *key, const char *kind)
{
    const cJSON *element;
    int count = cJSON_GetArraySize(value);
    if (!cJSON_IsArray(value) || count == 0 || count > SCOPE_MOST) {
        complain(body, key, "must be a list of 1 to 256 names");
        return;
    }
    cJSON_ArrayForEach(element, value)
    {
        const char *name = cJSON_IsString(element) ? element->valuestring : "";
        if (name[0] == '\0' || strlen(name) > SCOPE_NAME_MOST || strchr(name, '\n') != NULL) {
            complain(body, key, "must be a list of names of at most 255 bytes");
            return;
        }
        text_printf(&body->scope, "%s%s %s", body->scope.size > 0 ? "\n" : "", kind, name);
    }
}

static void take_pools(struct body *body, const cJSON *value)
{
    take_scope(body, value, "pools", "pool");
}

static void take_zones(struct body *body, const cJSON *value)
{
    take_scope(body, value, "zones", "zone");
}

static void take_checks(struct body *body, const cJSON *value)
{
    take_scope(body, value, "checks", "check");
}

static void take_expires(struct body *body, const cJSON *value)
{
    uint64_t ms = 0;
    if (!cJSON_IsString(value) || !duration_parse(value->valuestring, &ms) || ms == 0) {
        complain(body, "expires", "must be a duration from now, as \"8h\" or \"90d\", at most \"365d\"");
        return;
    }
    body->token.expires_wall_ms = body->now_ms + (int64_t)ms;
}

static void take_comment(struct body *body, const cJSON *value)
{
    if (!cJSON_IsString(value) || strlen(value->valuestring) > COMMENT_SIZE_MOST) {
        complain(body, "comment", "must be a string of at most 255 bytes");
        return;
    }
    body->token.comment = value->valuestring;
}

static const struct {
    const char *key;
    void (*take)(struct body *body, const cJSON *value);
} members[] = {
    { "name", take_name },       { "role", take_role },     { "pools", take_pools },
    { "zones", take_zones },     { "checks", take_checks }, { "expires", take_expires },
    { "comment", take_comment },
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static void take_member(struct body *body, const cJSON *member)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && strcmp(members[i].key, member->string) != 0)
        i++;
    if (i < MEMBER_COUNT && !cJSON_IsNull(member))
        members[i].take(body, member);
    if (i == MEMBER_COUNT)
        problems_add(body->problems, NULL, 0, 0, "",
                     "unknown key \"%.40s\": known are name, role, pools, zones, checks, expires, comment",
                     member->string);
}

bool token_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                      struct tokens *out)
{
    struct body body = { document, problems, now_ms, { .made_wall_ms = now_ms }, { 0 } };
    cJSON *object = document_parse(document, (struct span){ 0, document->size });
    if (!cJSON_IsObject(object))
        complain(&body, "", "must be an object");
    for (const cJSON *member = object->child; cJSON_IsObject(object) && member != NULL; member = member->next)
        take_member(&body, member);
    if (cJSON_IsObject(object) && body.token.name == NULL)
        complain(&body, "", "must have a \"name\"");
    if (cJSON_IsObject(object) && body.token.role == NULL)
        complain(&body, "", "must have a \"role\"");
    body.token.scope = body.scope.bytes;
    if (problems->error_count == 0)
        tokens_add(out, &body.token);
    text_free(&body.scope);
    cJSON_Delete(object);
    return problems->error_count == 0;
}
