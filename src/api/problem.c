/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/problem.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_SIZE_MOST = 300 }; /* bytes, for the audit */

static const struct {
    unsigned status;
    const char *title;
} titles[] = {
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 409, "Conflict" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 422, "Unprocessable Content" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
};

const char *problem_title(unsigned status)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}

static void begin(struct writer *json, unsigned status, const char *detail)
{
    writer_object(json, NULL);
    writer_string(json, "type", "about:blank");
    writer_string(json, "title", problem_title(status));
    writer_uint(json, "status", status);
    writer_string(json, "detail", detail);
}

/* A long one is cut where a character begins. */
static char *copy_short(const char *detail)
{
    size_t size = strnlen(detail, DETAIL_SIZE_MOST);
    while (size > 0 && detail[size] != '\0' && ((unsigned char)detail[size] & 0xc0) == 0x80)
        size--;
    return xstrndup(detail, size);
}

static void end(struct request *request, struct writer *json, unsigned status, const char *detail)
{
    free(request->reply.detail);
    request->reply.detail = copy_short(detail);
    writer_end(json);
    reply_json(request, json);
    request->reply.status = status;
    request->reply.content_type = "application/problem+json";
}

bool problem_reply(struct request *request, unsigned status, const char *format, ...)
{
    char detail[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    struct writer json = { 0 };
    begin(&json, status, detail);
    end(request, &json, status, detail);
    return false;
}

bool problem_parameter(struct request *request, const char *name, const char *format, ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    char *whole = xasprintf("parameter %s %s", name, detail);
    struct writer json = { 0 };
    begin(&json, 400, whole);
    writer_array(&json, "errors");
    writer_object(&json, NULL);
    writer_string(&json, "parameter", name);
    writer_string(&json, "detail", detail);
    writer_end(&json);
    writer_end(&json);
    end(request, &json, 400, whole);
    free(whole);
    return false;
}

static void write_problem(struct writer *json, const struct problem *problem)
{
    writer_object(json, NULL);
    if (problem->file != NULL)
        writer_string(json, "file", problem->file);
    writer_string(json, "pointer", problem->pointer != NULL ? problem->pointer : "");
    writer_string(json, "detail", problem->message);
    if (problem->line != 0) {
        writer_uint(json, "line", problem->line);
        writer_uint(json, "column", problem->column);
    }
    writer_end(json);
}

void problem_write_array(struct writer *json, const char *key, const struct problems *problems,
                         bool wants_warnings)
{
    writer_array(json, key);
    for (size_t i = 0; i < problems->count; i++) {
        if (problems->items[i].is_warning == wants_warnings)
            write_problem(json, &problems->items[i]);
    }
    writer_end(json);
}

bool problem_list(struct request *request, unsigned status, const char *detail,
                  const struct problems *problems)
{
    struct writer json = { 0 };
    begin(&json, status, detail);
    problem_write_array(&json, "errors", problems, false);
    end(request, &json, status, detail);
    return false;
}
