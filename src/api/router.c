/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/router.h"

#include "api/problem.h"

#include <stdlib.h>
#include <string.h>

/* Goes on behind the segment, if the path has just that; most rows differ in the first byte. */
static bool passes(const char **path, const char *segment)
{
    const char *at = *path;
    while (*segment != '\0' && *at == *segment && *at != '/')
        at++, segment++;
    *path = at;
    return *segment == '\0' && (*at == '/' || *at == '\0');
}

/* Matches the segments against "/v1/pools/{pool}"; an empty segment is no argument. */
static bool matches(const char *path, const struct target *target, const char **arguments)
{
    size_t argument_count = 0;
    for (size_t i = 0; i < target->segment_count; i++) {
        if (*path != '/')
            return false;
        path++;
        const char *segment = target->segments[i];
        if (path[0] == '{') {
            if (segment[0] == '\0' || argument_count == REQUEST_ARGUMENTS_MAX)
                return false;
            arguments[argument_count++] = segment;
            path += strcspn(path, "/");
        } else if (!passes(&path, segment)) {
            return false;
        }
    }
    return *path == '\0';
}

static void list_method(struct text *allow, const char *name)
{
    if (allow->size > 0)
        text_puts(allow, ", ");
    text_puts(allow, name);
}

static bool refuse_method(struct request *request, struct text *allow)
{
    request->reply.allow = text_take(allow);
    return problem_reply(request, 405, "this resource takes %s", request->reply.allow);
}

bool router_find(const struct route *rows, size_t count, struct request *request)
{
    struct text allow = { 0 };
    for (size_t i = 0; i < count; i++) {
        const char *arguments[REQUEST_ARGUMENTS_MAX] = { NULL };
        if (!matches(rows[i].path, &request->target, arguments))
            continue;
        if (rows[i].method == request->method) {
            request->route = &rows[i];
            memcpy(request->arguments, arguments, sizeof arguments);
            text_free(&allow);
            return true;
        }
        list_method(&allow, method_name(rows[i].method));
        if (rows[i].method == METHOD_GET)
            list_method(&allow, "HEAD");
    }
    if (allow.size > 0)
        return refuse_method(request, &allow);
    return problem_reply(request, 404, "there is no such resource: GET /v1 lists them");
}

static bool is_listed(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; *at != '\0';) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, name, size) == 0)
            return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}

bool router_check_params(struct request *request)
{
    const struct target *target = &request->target;
    const char *known = request->route->params;
    for (size_t i = 0; known != NULL && i < target->param_count; i++) {
        const char *name = target->params[i].name;
        if (!is_listed(known, name))
            return problem_parameter(request, name, "is unknown here; known are: %s",
                                     known[0] != '\0' ? known : "none");
        if (target_param(target, name) != target->params[i].value)
            return problem_parameter(request, name, "is given twice");
    }
    return true;
}
