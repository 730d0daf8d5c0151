/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/report_body.h"

#include "api/body.h"
#include "base/duration.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define TTL_LEAST_MS 1000
#define TTL_MOST_MS  (24 * 3600 * 1000)

struct body {
    const struct document *document;
    struct problems *problems;
    char at[32]; /* pointer of the report at hand: "" or "/reports/3" */
    struct pushed_report *report;
};

static void complain(const struct body *body, const char *key, const char *what)
{
    body_complain(body->document, body->problems, body->at, key, what);
}

static void take_endpoint(const struct body *body, const cJSON *value)
{
    if (!cJSON_IsString(value) || strchr(value->valuestring, '/') == NULL)
        complain(body, "endpoint", "must be \"pool/endpoint\"");
    else
        body->report->endpoint = xstrdup(value->valuestring);
}

static void take_status(const struct body *body, const cJSON *value)
{
    const char *word = cJSON_IsString(value) ? value->valuestring : "";
    body->report->said.is_up = strcmp(word, "up") == 0;
    if (!body->report->said.is_up && strcmp(word, "down") != 0)
        complain(body, "status", "must be \"up\" or \"down\"");
}

static void take_message(const struct body *body, const cJSON *value)
{
    if (!cJSON_IsString(value))
        complain(body, "message", "must be a string");
    else /* evidence has room for a line: a longer one is cut there */
        snprintf(body->report->said.message, sizeof body->report->said.message, "%s", value->valuestring);
}

static void take_ttl(const struct body *body, const cJSON *value)
{
    uint64_t ms = 0;
    if (!cJSON_IsString(value) || !duration_parse(value->valuestring, &ms) || ms < TTL_LEAST_MS ||
        ms > TTL_MOST_MS)
        complain(body, "ttl", "must be a duration such as \"30s\", \"1s\" to \"1d\"");
    body->report->said.ttl_ms = (uint32_t)ms;
}

static const struct {
    const char *key;
    void (*take)(const struct body *body, const cJSON *value);
    bool is_needed;
} members[] = {
    { "endpoint", take_endpoint, true },
    { "status", take_status, true },
    { "message", take_message, false },
    { "ttl", take_ttl, false },
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static void refuse_unknown(const struct body *body, const cJSON *object)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        size_t i = 0;
        while (i < MEMBER_COUNT && strcmp(members[i].key, member->string) != 0)
            i++;
        if (i < MEMBER_COUNT)
            continue;
        struct text words = { 0 };
        text_printf(&words, "unknown key \"%.40s\": known are endpoint, status, message, ttl",
                    member->string);
        complain(body, "", words.bytes);
        text_free(&words);
    }
}

static void read_report(const struct body *body, const cJSON *object)
{
    if (!cJSON_IsObject(object)) {
        complain(body, "", "must be an object {\"endpoint\", \"status\", \"message\", \"ttl\"}");
        return;
    }
    refuse_unknown(body, object);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, members[i].key);
        if (value != NULL && !cJSON_IsNull(value))
            members[i].take(body, value);
        else if (members[i].is_needed)
            complain(body, members[i].key, "is missing");
    }
}

static void read_batch(struct body *body, const cJSON *list, struct command *out)
{
    size_t count = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
    if (count == 0 || count > PUSHED_REPORTS_MOST) {
        char what[64];
        snprintf(what, sizeof what, "must be a list of 1 to %d reports", PUSHED_REPORTS_MOST);
        complain(body, "reports", what);
        return;
    }
    out->is_batch = true;
    out->reports = xcalloc(count, sizeof *out->reports);
    for (const cJSON *one = list->child; one != NULL; one = one->next) {
        snprintf(body->at, sizeof body->at, "/reports/%zu", out->report_count);
        body->report = &out->reports[out->report_count++];
        read_report(body, one);
    }
}

bool report_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                       struct command *out)
{
    struct body body = { .document = document, .problems = problems };
    cJSON *root = document_parse(document, (struct span){ 0, document->size });
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "reports");
    if (list != NULL && root->child->next == NULL) {
        read_batch(&body, list, out);
    } else {
        out->reports = xcalloc(1, sizeof *out->reports);
        out->report_count = 1;
        body.report = &out->reports[0];
        read_report(&body, root);
    }
    cJSON_Delete(root);
    for (size_t i = 0; i < out->report_count; i++)
        out->reports[i].said.wall_ms = now_ms;
    return problems->error_count == 0;
}
