/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/scope.h"

#include "api/reader.h"
#include "base/memory.h"

#include <string.h>

static const struct scope_rule rules[] = {
    { METHOD_GET, "/v1", NULL, false, NULL },
    { METHOD_GET, "/v1/whoami", NULL, false, NULL },
    { METHOD_GET, "/v1/status", NULL, false, NULL },
    { METHOD_GET, "/v1/health", NULL, false, NULL },
    { METHOD_GET, "/v1/traffic", NULL, false, NULL },
    { METHOD_GET, "/v1/config", NULL, false, NULL },
    { METHOD_GET, "/v1/generations", NULL, false, NULL },
    { METHOD_GET, "/v1/generations/{n}", NULL, false, NULL },
    { METHOD_GET, "/v1/generations/{n}/diff/{m}", NULL, false, NULL },
    { METHOD_GET, "/v1/checks", NULL, false, NULL },
    { METHOD_GET, "/v1/pools", NULL, false, NULL },
    { METHOD_GET, "/v1/policies", NULL, false, NULL },
    { METHOD_GET, "/v1/maps", NULL, false, NULL },
    { METHOD_GET, "/v1/locations", NULL, false, NULL },
    { METHOD_GET, "/v1/zones", NULL, false, NULL },
    { METHOD_GET, "/v1/endpoints", "pool", false, scope_has_pool },
    { METHOD_GET, "/v1/overrides", "pool", false, scope_has_pool },
    { METHOD_GET, "/v1/latency", "pool", false, scope_has_pool },
    { METHOD_GET, "/v1/events", "subject", false, scope_has_subject },
    { METHOD_GET, "/v1/events/stream", "subject", false, scope_has_subject },
    { METHOD_GET, "/v1/explain", "name", true, scope_has_name },
    { METHOD_GET, "/v1/explain/{id}", NULL, false, NULL }, /* of a name outside there is no such id */
    { METHOD_POST, "/v1/batch", NULL, false, NULL },       /* its items are judged one by one */
};

const struct scope_rule *scope_rule_at(size_t index)
{
    return index < sizeof rules / sizeof *rules ? &rules[index] : NULL;
}

static const struct scope_rule *find_rule(const struct route *route)
{
    const struct scope_rule *rule;
    for (size_t i = 0; (rule = scope_rule_at(i)) != NULL; i++)
        if (rule->method == route->method && strcmp(rule->path, route->path) == 0)
            return rule;
    return NULL;
}

bool scope_bounds(const struct route *route)
{
    const struct scope_rule *rule = find_rule(route);
    return rule == NULL || rule->param != NULL;
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

static bool allows_path(const struct request *request)
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
            return kinds[i].has(request->scope, value);
    }
    return false;
}

bool scope_allows(const struct request *request)
{
    if (scope_is_everything(request->scope))
        return true;
    const struct scope_rule *rule = find_rule(request->route);
    if (rule == NULL)
        return allows_path(request);
    const char *value = rule->param != NULL ? target_param(&request->target, rule->param) : NULL;
    return value != NULL ? rule->has(request->scope, value) : !rule->needs_param;
}

char *scope_now(const char *scope)
{
    if (scope_is_everything(scope))
        return NULL;
    char *reached = xstrdup(scope);
    const struct snapshot *now = reader_acquire();
    const struct zone_set *zones = now != NULL ? now->dataset->zones : NULL;
    for (size_t i = 0; zones != NULL && i < zone_set_count(zones); i++) {
        char apex[DNS_NAME_TEXT_SIZE];
        dns_name_format(zone_apex(zone_set_at(zones, i)), apex);
        reached = scope_without(reached, apex);
    }
    reader_release();
    return reached;
}
