/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients measured, in batches. */
#include "api/exchange.h"
#include "api/problem.h"
#include "api/resources.h"
#include "base/memory.h"
#include "config/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_MOST 60000.0

/* A batch being read. */
struct batch {
    struct problems problems;
    struct command *command;
    size_t index;
};

static bool refuse(struct batch *batch, const char *key, const char *what)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/samples/%zu%s%s", batch->index, key[0] != '\0' ? "/" : "", key);
    problems_add(&batch->problems, NULL, 0, 0, pointer, "%s", what);
    return false;
}

static bool read_client(struct batch *batch, const cJSON *value, struct latency_sample *out)
{
    if (!cJSON_IsString(value) || !address_parse(value->valuestring, &out->client))
        return refuse(batch, "client", "must be the address of a client");
    return true;
}

static bool read_endpoint(struct batch *batch, const cJSON *value, struct latency_sample *out)
{
    if (!cJSON_IsString(value) || strchr(value->valuestring, '/') == NULL)
        return refuse(batch, "endpoint", "must be \"pool/endpoint\"");
    out->endpoint = xstrdup(value->valuestring);
    return true;
}

static bool read_ms(struct batch *batch, const cJSON *value, struct latency_sample *out)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble > 0 && value->valuedouble <= MS_MOST))
        return refuse(batch, "ms", "must be a number of milliseconds, above 0 and at most 60000");
    out->us = (uint32_t)(value->valuedouble * 1000) > 0 ? (uint32_t)(value->valuedouble * 1000) : 1;
    return true;
}

static bool has_unknown_key(struct batch *batch, const cJSON *sample)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, sample)
    {
        if (strcmp(member->string, "client") != 0 && strcmp(member->string, "endpoint") != 0 &&
            strcmp(member->string, "ms") != 0)
            return !refuse(batch, "", "has an unknown key: known are client, endpoint, ms");
    }
    return false;
}

static void read_sample(struct batch *batch, const cJSON *value)
{
    struct latency_sample *sample = &batch->command->samples[batch->command->sample_count];
    *sample = (struct latency_sample){ .us = 0 };
    if (!cJSON_IsObject(value)) {
        refuse(batch, "", "must be an object {\"client\", \"endpoint\", \"ms\"}");
        return;
    }
    if (has_unknown_key(batch, value))
        return;
    read_client(batch, cJSON_GetObjectItemCaseSensitive(value, "client"), sample);
    read_ms(batch, cJSON_GetObjectItemCaseSensitive(value, "ms"), sample);
    if (read_endpoint(batch, cJSON_GetObjectItemCaseSensitive(value, "endpoint"), sample))
        batch->command->sample_count++; /* the name is the command's to free */
}

static bool read_samples(struct batch *batch, const cJSON *root)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "samples"), *value;
    size_t count = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
    if (!cJSON_IsObject(root) || count == 0 || count > LATENCY_SAMPLES_MOST || root->child->next != NULL) {
        problems_add(&batch->problems, NULL, 0, 0, "",
                     "must be {\"samples\": […]} with 1 to %d samples and nothing else",
                     LATENCY_SAMPLES_MOST);
        return false;
    }
    batch->command->samples = xcalloc(count, sizeof *batch->command->samples);
    cJSON_ArrayForEach(value, list)
    {
        read_sample(batch, value);
        batch->index++;
    }
    return batch->problems.error_count == 0;
}

static void reply_accepted(struct request *request)
{
    struct writer json = { 0 };
    if (!exchange_succeeded(request))
        return;
    writer_object(&json, NULL);
    writer_uint(&json, "accepted", request->command->sample_count);
    writer_end(&json);
    reply_json(request, &json);
}

void latency_add(struct request *request)
{
    struct document document;
    if (!exchange_scan_body(request, &document))
        return;
    struct batch batch = { .command = command_new(COMMAND_LATENCY_ADD) };
    cJSON *root = document_parse(&document, (struct span){ 0, document.size });
    bool is_good = read_samples(&batch, root);
    cJSON_Delete(root);
    document_free(&document);
    if (is_good) {
        exchange_send(request, batch.command, reply_accepted);
    } else {
        problem_list(request, 422, "no sample was taken", &batch.problems);
        command_free(batch.command);
    }
    problems_free(&batch.problems);
}
