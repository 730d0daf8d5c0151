/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/openapi.h"

#include "api/form.h"
#include "api/openapi_schemas.h"
#include "api/parameter.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/scope.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_TYPE "application/problem+json"

static const char about[] =
    "Where users go can be read and changed here; what is changed is durable before it is acknowledged, and "
    "the next DNS query sees it. The ETag of what is configured is the number of its generation; a write "
    "with If-Match is refused when somebody was faster. Bodies are JSON whatever their Content-Type says; "
    "comments are allowed in them.";

/* ---- words of a list ---- */

static bool next_word(const char **at, char *out, size_t room)
{
    *at += strspn(*at, " ");
    size_t size = strcspn(*at, " ");
    assert(size < room);
    memcpy(out, *at, size);
    out[size] = '\0';
    *at += size;
    return size > 0;
}

static bool has_word(const char *list, const char *word)
{
    char one[64];
    for (const char *at = list; at != NULL && next_word(&at, one, sizeof one);)
        if (strcmp(one, word) == 0)
            return true;
    return false;
}

static bool is_write(const struct route *route)
{
    return has_word(route->params, "dry_run");
}

/* ---- parameters ---- */

static void put_example(struct writer *json, const struct parameter *parameter, const char *example)
{
    if (example == NULL)
        return;
    if (strcmp(parameter->type, "integer") == 0)
        writer_raw(json, "example", example, strlen(example));
    else
        writer_string(json, "example", example);
}

static void put_parameter(struct writer *json, const struct route *route, bool is_in_path, const char *name)
{
    const struct parameter *parameter = parameter_find(route, is_in_path, name);
    struct text schema = { 0 };
    if (parameter == NULL) {
        writer_object(json, NULL); /* without a schema: the contract test names it */
        writer_string(json, "name", name);
        writer_end(json);
        return;
    }
    form_describe_type(&schema, parameter->type, NULL);
    writer_object(json, NULL);
    writer_string(json, "name", name);
    writer_string(json, "in", is_in_path ? "path" : "query");
    writer_bool(json, "required", parameter->is_required);
    writer_string(json, "description", parameter->doc);
    writer_raw(json, "schema", schema.bytes, schema.size);
    put_example(json, parameter, parameter_example(parameter, route));
    writer_end(json);
    text_free(&schema);
}

static void put_header(struct writer *json, const char *name, bool is_required, const char *description)
{
    static const char schema[] = "{\"type\":\"string\"}";
    writer_object(json, NULL);
    writer_string(json, "name", name);
    writer_string(json, "in", "header");
    writer_bool(json, "required", is_required);
    writer_string(json, "description", description);
    writer_raw(json, "schema", schema, sizeof schema - 1);
    writer_end(json);
}

/* Of one object, which may be there already. */
static bool makes_object(const struct route *route)
{
    return route->method == METHOD_PUT && (route->handle == object_put || route->handle == record_put);
}

static void put_parameters(struct writer *json, const struct route *route)
{
    char name[64];
    writer_array(json, "parameters");
    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        size_t size = strcspn(at + 1, "}");
        assert(size < sizeof name);
        memcpy(name, at + 1, size);
        name[size] = '\0';
        put_parameter(json, route, true, name);
    }
    for (const char *at = route->params; at != NULL && next_word(&at, name, sizeof name);)
        put_parameter(json, route, false, name);
    if (is_write(route))
        put_header(json, "If-Match", has_word(route->contract.errors, "428"),
                   "the ETag that the change was made for");
    if (makes_object(route))
        put_header(json, "If-None-Match", false, "*: only make it, change nothing that is there");
    writer_end(json);
}

/* ---- bodies ---- */

static void put_content(struct writer *json, const char *content_type, const char *type, const char *example)
{
    struct text schema = { 0 };
    form_describe_type(&schema, type, NULL);
    writer_object(json, "content");
    writer_object(json, content_type);
    writer_raw(json, "schema", schema.bytes, schema.size);
    if (example != NULL)
        writer_raw(json, "example", example, strlen(example));
    writer_end(json);
    writer_end(json);
    text_free(&schema);
}

static void put_request(struct writer *json, const struct contract *contract)
{
    if (contract->takes == NULL)
        return;
    writer_object(json, "requestBody");
    writer_bool(json, "required", true);
    writer_string(json, "description", contract->takes);
    put_content(json, "application/json", contract->takes, contract->example);
    writer_end(json);
}

static void put_success(struct writer *json, const struct contract *contract)
{
    static const char etag[] = "{\"description\":\"the generation\",\"schema\":{\"type\":\"string\"}}";
    bool is_text = strchr(contract->gives, '/') != NULL;
    writer_object(json, "200");
    writer_string(json, "description", is_text ? "text" : contract->gives);
    if (contract->has_etag) {
        writer_object(json, "headers");
        writer_raw(json, "ETag", etag, sizeof etag - 1);
        writer_end(json);
    }
    put_content(json, is_text ? contract->gives : "application/json", is_text ? "string" : contract->gives,
                NULL);
    writer_end(json);
}

/* ---- errors ---- */

/* What is refused before a handler sees it. */
static bool is_refused_before(const struct route *route, unsigned status)
{
    bool has_body = route->contract.takes != NULL;
    switch (status) {
    case 400: return route->params != NULL;
    case 401: return route->role > ROLE_NONE;
    case 403: return route->role > ROLE_VIEWER || (route->role > ROLE_NONE && scope_bounds(route));
    case 429: return route->role > ROLE_NONE;
    case 413: return has_body;
    default: return false;
    }
}

static void put_errors(struct writer *json, const struct route *route)
{
    char status[8], reference[64];
    for (unsigned number = 400; number < 600; number++) {
        snprintf(status, sizeof status, "%u", number);
        if (!is_refused_before(route, number) && !has_word(route->contract.errors, status))
            continue;
        snprintf(reference, sizeof reference, "#/components/responses/problem_%u", number);
        writer_object(json, status);
        writer_string(json, "$ref", reference);
        writer_end(json);
    }
}

static void put_problems(struct writer *json)
{
    char name[32];
    writer_object(json, "responses");
    for (unsigned number = 400; number < 600; number++) {
        if (strcmp(problem_title(number), "Error") == 0)
            continue;
        snprintf(name, sizeof name, "problem_%u", number);
        writer_object(json, name);
        writer_string(json, "description", problem_title(number));
        put_content(json, PROBLEM_TYPE, "problem", NULL);
        writer_end(json);
    }
    writer_end(json);
}

/* ---- paths ---- */

/* "put_pools_pool_endpoints_endpoint_override" */
static void put_operation_id(struct writer *json, const struct route *route)
{
    struct text id = { 0 };
    const char *path = strncmp(route->path, "/v1", 3) == 0 ? route->path + 3 : route->path;
    for (const char *at = method_name(route->method); *at != '\0'; at++)
        text_printf(&id, "%c", tolower((unsigned char)*at));
    text_puts(&id, *path == '\0' ? "_routes" : "");
    for (; *path != '\0'; path++)
        if (*path != '{' && *path != '}')
            text_printf(&id, "%c", isalnum((unsigned char)*path) ? *path : '_');
    writer_string(json, "operationId", id.bytes);
    text_free(&id);
}

static void put_operation(struct writer *json, const struct route *route)
{
    char method[16] = "";
    const char *name = method_name(route->method);
    for (size_t i = 0; name[i] != '\0' && i < sizeof method - 1; i++)
        method[i] = (char)tolower((unsigned char)name[i]);
    writer_object(json, method);
    put_operation_id(json, route);
    writer_string(json, "summary", route->summary);
    writer_string(json, "x-role", role_name(route->role));
    if (route->role == ROLE_NONE) {
        writer_array(json, "security");
        writer_end(json);
    }
    put_parameters(json, route);
    put_request(json, &route->contract);
    writer_object(json, "responses");
    put_success(json, &route->contract);
    put_errors(json, route);
    writer_end(json);
    writer_end(json);
}

static bool is_first_of_path(const struct route *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(rows[i].path, rows[index].path) == 0)
            return false;
    return true;
}

static void put_paths(struct writer *json, const struct route *rows, size_t count)
{
    writer_object(json, "paths");
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_path(rows, i))
            continue;
        writer_object(json, rows[i].path);
        for (size_t k = i; k < count; k++)
            if (strcmp(rows[k].path, rows[i].path) == 0)
                put_operation(json, &rows[k]);
        writer_end(json);
    }
    writer_end(json);
}

char *openapi_print(const struct route *rows, size_t count)
{
    static const char security[] = "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}";
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_string(&json, "openapi", "3.1.0");
    writer_object(&json, "info");
    writer_string(&json, "title", "steerd");
    writer_string(&json, "version", STEERD_VERSION);
    writer_string(&json, "description", about);
    writer_end(&json);
    writer_array(&json, "security");
    writer_raw(&json, NULL, "{\"bearer\":[]}", strlen("{\"bearer\":[]}"));
    writer_end(&json);
    put_paths(&json, rows, count);
    writer_object(&json, "components");
    writer_raw(&json, "securitySchemes", security, sizeof security - 1);
    put_problems(&json);
    openapi_put_schemas(&json);
    writer_end(&json);
    writer_end(&json);
    text_add(&json.text, "\n", 1);
    return text_take(&json.text);
}
