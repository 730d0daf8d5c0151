/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/scope.h"

#include "api/router.h"

#include <string.h>
#include <strings.h>

static size_t size_without_dot(const char *name, size_t size)
{
    return size > 1 && name[size - 1] == '.' ? size - 1 : size;
}

static bool is_same_zone(const char *a, size_t a_size, const char *b, size_t b_size)
{
    a_size = size_without_dot(a, a_size);
    b_size = size_without_dot(b, b_size);
    return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

static bool is_same_name(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* An escaped dot ends no label: names with escapes are in no zone here. */
static bool is_inside_zone(const char *zone, size_t zone_size, const char *name, size_t name_size)
{
    zone_size = size_without_dot(zone, zone_size);
    name_size = size_without_dot(name, name_size);
    if (memchr(name, '\\', name_size) != NULL || name_size < zone_size)
        return false;
    size_t rest = name_size - zone_size;
    return strncasecmp(name + rest, zone, zone_size) == 0 && (rest == 0 || name[rest - 1] == '.');
}

/* True if a line "KIND NAME" of the scope fits `name`. */
static bool has_line(const char *scope, const char *kind, const char *name, size_t size,
                     bool (*fits)(const char *, size_t, const char *, size_t))
{
    size_t kind_size = strlen(kind);
    if (scope == NULL || scope[0] == '\0')
        return true;
    for (const char *line = scope; *line != '\0';) {
        size_t line_size = strcspn(line, "\n");
        if (line_size > kind_size && strncmp(line, kind, kind_size) == 0 &&
            fits(line + kind_size, line_size - kind_size, name, size))
            return true;
        line += line_size + (line[line_size] == '\n');
    }
    return false;
}

bool scope_has_pool(const char *scope, const char *pool)
{
    return has_line(scope, "pool ", pool, strlen(pool), is_same_name);
}

bool scope_has_zone(const char *scope, const char *zone)
{
    return has_line(scope, "zone ", zone, strlen(zone), is_same_zone);
}

bool scope_has_check(const char *scope, const char *check)
{
    return has_line(scope, "check ", check, strlen(check), is_same_name);
}

bool scope_has_name(const char *scope, const char *name)
{
    return has_line(scope, "zone ", name, strlen(name), is_inside_zone);
}

bool scope_has_subject(const char *scope, const char *subject)
{
    size_t size = strcspn(subject, "/");
    return has_line(scope, "pool ", subject, size, is_same_name) ||
           has_line(scope, "zone ", subject, size, is_same_zone);
}

/* The argument that stands where the path of the route has "{name}", or NULL. */
static const char *find_argument(const struct request *request, const char *name)
{
    size_t index = 0, size = strlen(name);
    for (const char *at = strchr(request->route->path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        if (strncmp(at + 1, name, size) == 0 && at[1 + size] == '}')
            return request->arguments[index];
        index++;
    }
    return NULL;
}

static const struct scope_exception exceptions[] = {
    { "/v1", NULL, NULL, NULL },
    { "/v1/whoami", NULL, NULL, NULL },
    { "/v1/status", NULL, NULL, NULL },
    { "/v1/endpoints", "pool", scope_has_pool, "; ask with ?pool= for one of its pools" },
    { "/v1/explain", "name", scope_has_name, NULL },
    { "/v1/events", "subject", scope_has_subject, "; ask with ?subject= for what is in it" },
    { "/v1/events/stream", "subject", scope_has_subject, "; ask with ?subject= for what is in it" },
};

const struct scope_exception *scope_exception_at(size_t index)
{
    return index < sizeof exceptions / sizeof *exceptions ? &exceptions[index] : NULL;
}

static const struct scope_exception *find_exception(const char *path)
{
    const struct scope_exception *exception;
    for (size_t i = 0; (exception = scope_exception_at(i)) != NULL; i++)
        if (strcmp(exception->path, path) == 0)
            return exception;
    return NULL;
}

bool scope_bounds(const char *path)
{
    const struct scope_exception *exception = find_exception(path);
    return exception == NULL || exception->param != NULL;
}

static bool allows_path(const char *scope, const struct request *request)
{
    static const struct {
        const char *argument;
        bool (*has)(const char *scope, const char *name);
    } kinds[] = {
        { "pool", scope_has_pool },
        { "zone", scope_has_zone },
        { "check", scope_has_check },
        { "push_check", scope_has_check },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *value = find_argument(request, kinds[i].argument);
        if (value != NULL)
            return kinds[i].has(scope, value);
    }
    return false;
}

bool scope_allows(const char *scope, const struct request *request, const char **advice)
{
    *advice = "";
    if (scope == NULL || scope[0] == '\0')
        return true;
    const struct scope_exception *exception = find_exception(request->route->path);
    if (exception == NULL)
        return allows_path(scope, request);
    if (exception->param == NULL)
        return true;
    if (exception->advice != NULL)
        *advice = exception->advice;
    const char *value = target_param(&request->target, exception->param);
    return value != NULL && exception->has(scope, value);
}
