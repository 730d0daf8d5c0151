/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/request.h"

#include "api/problem.h"
#include "api/stream.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const method_names[] = {
    [METHOD_GET] = "GET",   [METHOD_PUT] = "PUT",       [METHOD_PATCH] = "PATCH",
    [METHOD_POST] = "POST", [METHOD_DELETE] = "DELETE", [METHOD_OTHER] = "OTHER",
};

struct request *request_new(struct api *api, const char *raw_target)
{
    struct request *request = xcalloc(1, sizeof *request);
    request->api = api;
    request->has_target = target_parse(raw_target, &request->target, &request->target_error);
    return request;
}

void request_free(struct request *request)
{
    if (request == NULL)
        return;
    target_clear(&request->target);
    text_free(&request->body);
    command_free(request->command);
    text_free(&request->reply.body);
    stream_free(request->reply.stream);
    free(request->reply.allow);
    free(request->reply.detail);
    who_clear(&request->who);
    free(request->scope);
    command_free(request->prepared);
    free(request);
}

enum method method_of(const char *name)
{
    if (strcmp(name, "HEAD") == 0)
        return METHOD_GET; /* the same reply; MHD leaves the body out */
    for (enum method method = METHOD_GET; method < METHOD_OTHER; method++) {
        if (strcmp(method_names[method], name) == 0)
            return method;
    }
    return METHOD_OTHER;
}

const char *method_name(enum method method)
{
    return method_names[method];
}

void reply_text(struct request *request, const char *content_type, struct text *text)
{
    request->reply.status = 200;
    request->reply.content_type = content_type;
    text_free(&request->reply.body);
    request->reply.body = *text;
    *text = (struct text){ 0 };
}

void reply_json(struct request *request, struct writer *json)
{
    text_add(&json->text, "\n", 1);
    reply_text(request, "application/json", &json->text);
}

void reply_resource(struct request *request, struct writer *json, uint64_t generation)
{
    reply_json(request, json);
    request->reply.has_etag = true;
    request->reply.etag = generation;
}

bool request_bool(struct request *request, const char *name, bool fallback, bool *out)
{
    const char *value = target_param(&request->target, name);
    if (value == NULL)
        *out = fallback;
    else if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
        *out = true;
    else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        *out = false;
    else
        return problem_parameter(request, name, "must be true or false, got \"%s\"", value);
    return true;
}

bool request_number(struct request *request, const char *name, uint64_t least, uint64_t most,
                    uint64_t fallback, uint64_t *out)
{
    const char *value = target_param(&request->target, name);
    if (value == NULL) {
        *out = fallback;
        return true;
    }
    size_t digits = strspn(value, "0123456789");
    unsigned long long number = strtoull(value, NULL, 10);
    if (digits == 0 || value[digits] != '\0' || digits > 19 || number < least || number > most)
        return problem_parameter(request, name, "must be %" PRIu64 "..%" PRIu64 ", got \"%s\"", least, most,
                                 value);
    *out = number;
    return true;
}
