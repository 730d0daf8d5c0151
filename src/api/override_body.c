/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/override_body.h"

#include "api/body.h"
#include "base/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct body {
    const struct document *document;
    struct problems *problems;
    int64_t now_ms;
    struct override *out;
};

static void complain(const struct body *body, const char *key, const char *what)
{
    body_complain(body->document, body->problems, "", key, what);
}

static void take_state(const struct body *body, const cJSON *value)
{
    const char *word = cJSON_IsString(value) ? value->valuestring : "";
    if (strcmp(word, "up") == 0)
        body->out->state = OVERRIDE_UP;
    else if (strcmp(word, "down") == 0)
        body->out->state = OVERRIDE_DOWN;
    else if (strcmp(word, "drain") == 0)
        body->out->state = OVERRIDE_DRAIN;
    else
        complain(body, "state", "must be \"up\", \"down\" or \"drain\"");
}

static void take_weight(const struct body *body, const cJSON *value)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (!(number >= 0 && number <= 65535) || floor(number) != number) {
        complain(body, "weight", "must be a whole number 0..65535");
        return;
    }
    body->out->has_weight = true;
    body->out->weight = (uint32_t)number;
}

static void take_expires(const struct body *body, const cJSON *value)
{
    uint64_t ms = 0;
    if (!cJSON_IsString(value) || !duration_parse(value->valuestring, &ms) || ms == 0) {
        complain(body, "expires", "must be a duration from now, as \"30m\" or \"2h\", at most \"365d\"");
        return;
    }
    body->out->expires_wall_ms = body->now_ms + (int64_t)ms;
}

static void take_reason(const struct body *body, const cJSON *value)
{
    if (!cJSON_IsString(value) || strlen(value->valuestring) >= sizeof body->out->reason) {
        complain(body, "reason", "must be a string of at most 255 bytes");
        return;
    }
    strcpy(body->out->reason, value->valuestring);
}

static const struct {
    const char *key;
    void (*take)(const struct body *body, const cJSON *value);
} members[] = {
    { "state", take_state },
    { "weight", take_weight },
    { "expires", take_expires },
    { "reason", take_reason },
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static void take_member(const struct body *body, const cJSON *member)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && strcmp(members[i].key, member->string) != 0)
        i++;
    if (i < MEMBER_COUNT && !cJSON_IsNull(member))
        members[i].take(body, member);
    if (i == MEMBER_COUNT)
        problems_add(body->problems, NULL, 0, 0, "",
                     "unknown key \"%.40s\": known are state, weight, expires, "
                     "reason",
                     member->string);
}

bool override_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                         struct override *out)
{
    struct override override = { .set_wall_ms = now_ms };
    const struct body body = { document, problems, now_ms, &override };
    cJSON *object = document_parse(document, (struct span){ 0, document->size });
    if (!cJSON_IsObject(object))
        complain(&body, "", "must be an object");
    for (const cJSON *member = object->child; cJSON_IsObject(object) && member != NULL; member = member->next)
        take_member(&body, member);
    bool says_something = override.state != OVERRIDE_NONE || override.has_weight;
    if (problems->error_count == 0 && !says_something)
        complain(&body, "", "must have a \"state\" or a \"weight\"");
    cJSON_Delete(object);
    if (problems->error_count > 0)
        return false;
    *out = override;
    return true;
}
