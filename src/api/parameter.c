/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/parameter.h"

#include <string.h>

#define PATH(name, example, to_spare, doc)                       \
    {                                                            \
        name, true, true, NULL, "string", example, to_spare, doc \
    }
#define QUERY(name, below, type, example, doc)              \
    {                                                       \
        name, false, false, below, type, example, NULL, doc \
    }

/* The first row that fits counts: what is special to a route stands above what is general. */
static const struct parameter rows[] = {
    PATH("pool", "us", "old", "name of the pool"),
    PATH("endpoint", "us-east-1", "old-1", "name of the endpoint in its pool"),
    PATH("policy", "anywhere", "older", "name of the policy"),
    PATH("check", "web", "old", "name of the check"),
    PATH("push_check", "beat", NULL, "name of a push check"),
    PATH("map", "offices", "old", "name of the map"),
    PATH("locations", "offices", "old", "name of the set of locations"),
    PATH("zone", "example.com", "old.example", "apex of the zone, with or without its final dot"),
    PATH("service", "www", "aged", "owner relative to the zone; @ is the apex"),
    PATH("owner", "mail", "old", "owner relative to the zone; @ is the apex"),
    PATH("type", "A", NULL, "RR type"),
    PATH("n", "1", NULL, "number of the generation"),
    PATH("id", "0000000000000000", NULL, "what the answer's EDNS option says: 16 hexadecimal digits"),
    PATH("m", "2", NULL, "number of the generation to compare with"),
    PATH("token", "old", NULL, "name of the token"),

    QUERY("comment", NULL, "string", "more for the east", "why, for the history; at most 1000 bytes"),
    QUERY("dry_run", NULL, "true|false", "true", "true: says what would happen, and changes nothing"),
    QUERY("force", NULL, "true|false", "true",
          "true: also if a service is left without a healthy endpoint, which else is refused with 409"),
    QUERY("limit", NULL, "integer", "10", "items at most"),
    QUERY("before", "/v1/audit", "integer", "1000000", "only entries below this number"),
    QUERY("who", "/v1/audit", "string", "admin", "only what this name wanted"),
    QUERY("target", "/v1/audit", "string", "/v1/pools/us", "only what begins with this path"),
    QUERY("refused", "/v1/audit", "true|false", "true", "true: only what was refused"),
    QUERY("before", NULL, "integer", "2", "only generations below this one"),
    QUERY("after", "/v1/events", "integer", "0",
          "only events above this number; without it the newest. The stream takes Last-Event-ID instead"),
    QUERY("after", "/v1/zones/{zone}/records", "string", NULL, "`next` of the page before"),
    QUERY("after", "/v1/latency", "string", "203.0.113.0/24", "`next` of the page before"),
    QUERY("place", "/v1/latency", "string", "203.0.113.0/24",
          "only this country (DE), this AS (AS64500), or networks in this one or around it"),
    QUERY("after", NULL, "integer", "0", "`next` of the page before"),
    QUERY("pool", NULL, "string", "us", "only endpoints of this pool"),
    QUERY("kind", NULL, "string", "generation", "only events of this kind"),
    QUERY("subject", NULL, "string", "us/us-east-1", "only events about this, or about what is below it"),
    { "name", false, true, "/v1/explain", "string", "www.example.com", NULL, "the name to ask for" },
    QUERY("type", "/v1/explain", "string", "A", "the RR type to ask for; A by default"),
    QUERY("client", "/v1/explain", "string", "198.51.100.7",
          "address or network of the client that asks; the caller's own by default"),
    QUERY("ecs", "/v1/explain", "true|false", "true",
          "whether the client comes by EDNS Client Subnet; true if one is given"),
};

const struct parameter *parameter_find(const struct route *route, bool is_in_path, const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *below = rows[i].below;
        if (rows[i].is_in_path == is_in_path && strcmp(rows[i].name, name) == 0 &&
            (below == NULL || strncmp(route->path, below, strlen(below)) == 0))
            return &rows[i];
    }
    return NULL;
}

const char *parameter_example(const struct parameter *parameter, const struct route *route)
{
    bool is_spare = route->method == METHOD_DELETE && parameter->to_spare != NULL;
    return is_spare ? parameter->to_spare : parameter->example;
}
