/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/resources.h"
#include "api/router.h"
#include "api/state.h"

#define WRITE       "comment dry_run"
#define PAGE        "limit after"
#define CONFIG_SIZE ((size_t)64 << 20)
#define POOL        "/v1/pools/{pool}"
#define ENDPOINT    "/v1/pools/{pool}/endpoints/{endpoint}"
#define POLICY      "/v1/policies/{policy}"
#define CHECK       "/v1/checks/{check}"
#define MAP         "/v1/maps/{map}"
#define ZONE        "/v1/zones/{zone}"
#define SERVICE     "/v1/zones/{zone}/services/{service}"
#define RECORDS     ZONE "/records"
#define RECORD      RECORDS "/{owner}/{type}"

#define OBJECT_ROWS(collection, item, object)                                                   \
    { METHOD_GET, collection, ROLE_VIEWER, object_list, PAGE, "all of them", 0, object },       \
        { METHOD_GET, item, ROLE_VIEWER, object_get, "", "as declared", 0, object },            \
        { METHOD_PUT, item, ROLE_ADMIN, object_put, WRITE, "make or replace", 0, object },      \
        { METHOD_PATCH, item, ROLE_ADMIN, object_patch, WRITE, "JSON Merge Patch", 0, object }, \
    {                                                                                           \
        METHOD_DELETE, item, ROLE_ADMIN, object_delete, WRITE, "take away", 0, object           \
    }

static void list_routes(struct request *request);

const struct route api_routes[] = {
    { METHOD_GET, "/v1", ROLE_VIEWER, list_routes, "", "this list", 0, 0 },
    { METHOD_GET, "/v1/config", ROLE_VIEWER, config_get, "", "the whole configuration", 0, 0 },
    { METHOD_PUT, "/v1/config", ROLE_ADMIN, config_put, WRITE, "replace it; needs If-Match", CONFIG_SIZE, 0 },
    { METHOD_GET, "/v1/generations", ROLE_VIEWER, config_generations, "limit before",
      "who changed it when, newest first", 0, 0 },
    { METHOD_POST, "/v1/generations/{n}/rollback", ROLE_ADMIN, config_rollback, WRITE,
      "make the content of generation n the next one", 0, 0 },
    { METHOD_POST, "/v1/reload", ROLE_ADMIN, config_reload, "", "import changed files, as SIGHUP does", 0,
      0 },

    OBJECT_ROWS("/v1/checks", CHECK, OBJECT_CHECK),
    OBJECT_ROWS("/v1/pools", POOL, OBJECT_POOL),
    OBJECT_ROWS("/v1/policies", POLICY, OBJECT_POLICY),
    { METHOD_GET, "/v1/maps", ROLE_VIEWER, object_list, PAGE, "all of them", 0, OBJECT_MAP },
    { METHOD_GET, MAP, ROLE_VIEWER, object_get, "", "as declared", 0, OBJECT_MAP },
    { METHOD_PUT, MAP, ROLE_ADMIN, object_put, WRITE, "make or replace", CONFIG_SIZE, OBJECT_MAP },
    { METHOD_PATCH, MAP, ROLE_ADMIN, object_patch, WRITE, "JSON Merge Patch", CONFIG_SIZE, OBJECT_MAP },
    { METHOD_DELETE, MAP, ROLE_ADMIN, object_delete, WRITE, "take away", 0, OBJECT_MAP },
    OBJECT_ROWS("/v1/zones", ZONE, OBJECT_ZONE),
    OBJECT_ROWS(ZONE "/services", SERVICE, OBJECT_SERVICE),

    { METHOD_GET, RECORDS, ROLE_VIEWER, record_list, PAGE, "all RRsets as they are served", 0, 0 },
    { METHOD_GET, RECORD, ROLE_VIEWER, record_get, "", "one RRset as it is served", 0, OBJECT_RRSET },
    { METHOD_PUT, RECORD, ROLE_ADMIN, record_put, WRITE, "make or replace an RRset, over the zone's file", 0,
      OBJECT_RRSET },
    { METHOD_DELETE, RECORD, ROLE_ADMIN, record_delete, WRITE, "take it away, also the file's", 0,
      OBJECT_RRSET },

    { METHOD_GET, "/v1/endpoints", ROLE_VIEWER, endpoint_list, PAGE " pool",
      "all endpoints: declared, effective, health", 0, 0 },
    { METHOD_GET, ENDPOINT, ROLE_VIEWER, endpoint_get, "", "one endpoint", 0, 0 },
    { METHOD_PATCH, ENDPOINT, ROLE_ADMIN, endpoint_patch, WRITE, "JSON Merge Patch", 0, 0 },
    { METHOD_PUT, ENDPOINT "/override", ROLE_OPERATOR, override_put, WRITE, "say up, down, drain, a weight",
      0, 0 },
    { METHOD_DELETE, ENDPOINT "/override", ROLE_OPERATOR, override_delete, WRITE, "say nothing any more", 0,
      0 },

    { METHOD_GET, "/v1/events", ROLE_VIEWER, event_list, "after kind subject limit",
      "what happened: above a number, or the newest", 0, 0 },
    { METHOD_GET, "/v1/events/stream", ROLE_VIEWER, event_stream, "after kind subject",
      "what happens, as Server-Sent Events", 0, 0 },

    { METHOD_POST, "/v1/latency/samples", ROLE_OPERATOR, latency_add, "", "what clients measured, in batches",
      (size_t)4 << 20, 0 },
    { METHOD_GET, "/v1/explain", ROLE_VIEWER, explain_get, "name type client ecs", "why this answer", 0, 0 },
    { METHOD_GET, "/v1/status", ROLE_VIEWER, status_get, "", "this server", 0, 0 },
    { METHOD_GET, "/v1/health", ROLE_VIEWER, status_health, "", "what is not well", 0, 0 },
    { METHOD_GET, "/metrics", ROLE_NONE, metrics_get, NULL, "for Prometheus", 0, 0 },
    { METHOD_GET, "/healthz", ROLE_NONE, status_alive, NULL, "200 while the process runs", 0, 0 },
    { METHOD_GET, "/readyz", ROLE_NONE, status_ready, NULL, "200 once it can answer queries", 0, 0 },
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;

static void list_routes(struct request *request)
{
    static const char *const roles[] = {
        [ROLE_NONE] = NULL,
        [ROLE_VIEWER] = "viewer",
        [ROLE_OPERATOR] = "operator",
        [ROLE_ADMIN] = "admin",
    };
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_array(&json, "items");
    for (size_t i = 0; i < api_route_count; i++) {
        writer_object(&json, NULL);
        writer_string(&json, "method", method_name(api_routes[i].method));
        writer_string(&json, "path", api_routes[i].path);
        writer_string(&json, "role", roles[api_routes[i].role]);
        writer_string(&json, "parameters", api_routes[i].params);
        writer_string(&json, "summary", api_routes[i].summary);
        writer_end(&json);
    }
    writer_end(&json);
    writer_null(&json, "next");
    writer_end(&json);
    reply_json(request, &json);
}
