/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/examples.h"
#include "api/openapi.h"
#include "api/resources.h"
#include "api/router.h"
#include "api/state.h"

#define WRITE       "comment dry_run force"
#define PAGE        "limit after"
#define CONFIG_SIZE ((size_t)64 << 20)
#define BATCH_SIZE  ((size_t)8 << 20)
#define POOL        "/v1/pools/{pool}"
#define ENDPOINT    "/v1/pools/{pool}/endpoints/{endpoint}"
#define POLICY      "/v1/policies/{policy}"
#define CHECK       "/v1/checks/{check}"
#define MAP         "/v1/maps/{map}"
#define LOCATIONS   "/v1/locations/{locations}"
#define ZONE        "/v1/zones/{zone}"
#define SERVICE     "/v1/zones/{zone}/services/{service}"
#define RECORDS     ZONE "/records"
#define RECORD      RECORDS "/{owner}/{type}"

/* What goes in and comes out, as struct contract has it: what is read, what is read with an ETag, what is
 * written. */
#define GIVES(type, errors)             \
    {                                   \
        NULL, NULL, type, errors, false \
    }
#define SHOWS(type, errors)            \
    {                                  \
        NULL, NULL, type, errors, true \
    }
#define TAKES(type, example, gives, errors) \
    {                                       \
        type, example, gives, errors, true  \
    }

/* Statuses of all that control does. */
#define READ_ERRORS  "404 503"
#define WRITE_ERRORS "409 412 422 503"

#define OBJECT_ROWS(collection, item, object, type, items, size, errors, whole, part)                          \
    { METHOD_GET,  collection, ROLE_VIEWER,                                                                    \
      object_list, PAGE,       "all of them",                                                                  \
      0,           object,     SHOWS("page of " items, errors) },                                              \
        { METHOD_GET, item, ROLE_VIEWER, object_get, "", "as declared", 0, object, SHOWS(type, READ_ERRORS) }, \
        { METHOD_PUT, item,   ROLE_ADMIN,                                                                      \
          object_put, WRITE,  "make or replace",                                                               \
          size,       object, TAKES(type, whole, "written", WRITE_ERRORS) },                                   \
        { METHOD_PATCH, item,   ROLE_ADMIN,                                                                    \
          object_patch, WRITE,  "JSON Merge Patch",                                                            \
          size,         object, TAKES("patch of " type, part, "written", "404 " WRITE_ERRORS) },               \
    {                                                                                                          \
        METHOD_DELETE, item, ROLE_ADMIN, object_delete, WRITE, "take away", 0, object,                         \
            SHOWS("written", "404 409 412 503")                                                                \
    }

static void list_routes(struct request *request);
static void openapi_get(struct request *request);

const struct route api_routes[] = {
    { METHOD_GET, "/v1", ROLE_VIEWER, list_routes, "", "this list", 0, 0, GIVES("page of route", "") },
    { METHOD_GET, "/v1/openapi.json", ROLE_NONE, openapi_get, "", "the OpenAPI document of all this", 0, 0,
      GIVES("any", "") },
    { METHOD_GET, "/v1/config", ROLE_VIEWER, config_get, "", "the whole configuration", 0, 0,
      SHOWS("steering", "503") },
    { METHOD_PUT, "/v1/config", ROLE_ADMIN, config_put, WRITE, "replace it; needs If-Match", CONFIG_SIZE, 0,
      TAKES("steering", EXAMPLE_CONFIG, "written", WRITE_ERRORS " 428") },
    { METHOD_POST, "/v1/batch", ROLE_ADMIN, batch_post, WRITE,
      "several changes of the configuration, all of them or none, as one generation", BATCH_SIZE, 0,
      TAKES("batch", EXAMPLE_BATCH, "written", WRITE_ERRORS) },
    { METHOD_GET, "/v1/generations", ROLE_VIEWER, config_generations, "limit before",
      "who changed it when, newest first", 0, 0, GIVES("page of generation", "503") },
    { METHOD_GET, "/v1/generations/{n}", ROLE_VIEWER, config_generation, "",
      "the whole configuration as it was then", 0, 0, SHOWS("steering", READ_ERRORS) },
    { METHOD_GET, "/v1/generations/{n}/diff/{m}", ROLE_VIEWER, config_diff, "",
      "what leads from generation n to m", 0, 0, GIVES("diff", READ_ERRORS) },
    { METHOD_POST, "/v1/generations/{n}/rollback", ROLE_ADMIN, config_rollback, WRITE,
      "make the content of generation n the next one", 0, 0, SHOWS("written", "404 409 412 422 503") },
    { METHOD_POST, "/v1/reload", ROLE_ADMIN, config_reload, WRITE, "import changed files, as SIGHUP does", 0,
      0, SHOWS("written", "409 412 422 503") },

    { METHOD_GET, "/v1/backup", ROLE_ADMIN, backup_get, "",
      "the database as it is at one moment, with the digest of the file in Repr-Digest", 0, 0,
      GIVES("application/vnd.sqlite3", "503") },

    OBJECT_ROWS("/v1/checks", CHECK, OBJECT_CHECK, "check", "check_item", 0, "503", EXAMPLE_CHECK,
                "{\"interval\":\"5s\"}"),
    { METHOD_POST,
      "/v1/checks/{push_check}/report",
      ROLE_OPERATOR,
      check_report,
      "",
      "what a push check hears, one by one or in batches",
      (size_t)4 << 20,
      0,
      { "check_reports", EXAMPLE_REPORT, "accepted", "422 503", false } },
    OBJECT_ROWS("/v1/pools", POOL, OBJECT_POOL, "pool", "pool_item", 0, "503", EXAMPLE_POOL,
                "{\"answers\":1}"),
    OBJECT_ROWS("/v1/policies", POLICY, OBJECT_POLICY, "node", "policy_item", 0, "503", EXAMPLE_POLICY,
                EXAMPLE_POLICY_PATCH),
    OBJECT_ROWS("/v1/maps", MAP, OBJECT_MAP, "map", "map_item", CONFIG_SIZE, "503", EXAMPLE_MAP,
                "{\"203.0.113.0/24\":\"oslo\"}"),
    OBJECT_ROWS("/v1/locations", LOCATIONS, OBJECT_LOCATIONS, "locations", "locations_item", CONFIG_SIZE,
                "503", EXAMPLE_LOCATIONS, "{\"203.0.113.0/24\":null}"),
    OBJECT_ROWS("/v1/zones", ZONE, OBJECT_ZONE, "zone", "zone_item", 0, "503", EXAMPLE_ZONE,
                "{\"allow_query\":[\"0.0.0.0/0\"]}"),
    OBJECT_ROWS(ZONE "/services", SERVICE, OBJECT_SERVICE, "service", "service_item", 0, READ_ERRORS,
                EXAMPLE_SERVICE, "{\"ttl\":20}"),

    { METHOD_GET, RECORDS, ROLE_VIEWER, record_list, PAGE, "all RRsets as they are served", 0, 0,
      SHOWS("page of record_view", "404") },
    { METHOD_GET, RECORD, ROLE_VIEWER, record_get, "", "one RRset as it is served", 0, OBJECT_RRSET,
      SHOWS("record_view", READ_ERRORS) },
    { METHOD_PUT, RECORD, ROLE_ADMIN, record_put, WRITE, "make or replace an RRset, over the zone's file", 0,
      OBJECT_RRSET, TAKES("rrset", EXAMPLE_RRSET, "written", WRITE_ERRORS) },
    { METHOD_DELETE, RECORD, ROLE_ADMIN, record_delete, WRITE, "take it away, also the file's", 0,
      OBJECT_RRSET, SHOWS("written", "404 409 412 503") },

    { METHOD_GET, "/v1/endpoints", ROLE_VIEWER, endpoint_list, PAGE " pool",
      "all endpoints: declared, effective, health", 0, 0, SHOWS("page of endpoint_view", READ_ERRORS) },
    { METHOD_GET, ENDPOINT, ROLE_VIEWER, endpoint_get, "", "one endpoint", 0, 0,
      SHOWS("endpoint_view", READ_ERRORS) },
    { METHOD_PATCH, ENDPOINT, ROLE_ADMIN, endpoint_patch, WRITE, "JSON Merge Patch", 0, 0,
      TAKES("patch of endpoint", "{\"weight\":9}", "endpoint_view or written", "404 " WRITE_ERRORS) },
    { METHOD_GET, "/v1/overrides", ROLE_VIEWER, override_list, PAGE " pool", "what operators say now", 0, 0,
      SHOWS("page of override_item", "") },
    { METHOD_PUT, ENDPOINT "/override", ROLE_OPERATOR, override_put, WRITE, "say up, down, drain, a weight",
      0, 0, TAKES("override", EXAMPLE_OVERRIDE, "endpoint_view or written", "404 409 412 422 503") },
    { METHOD_DELETE, ENDPOINT "/override", ROLE_OPERATOR, override_delete, WRITE, "say nothing any more", 0,
      0, SHOWS("endpoint_view or written", "404 409 412 503") },

    { METHOD_GET, "/v1/events", ROLE_VIEWER, event_list, "after kind subject limit",
      "what happened: above a number, or the newest", 0, 0, GIVES("events", "503") },
    { METHOD_GET, "/v1/events/stream", ROLE_VIEWER, event_stream, "after kind subject",
      "what happens, as Server-Sent Events", 0, 0, GIVES("text/event-stream", "503") },

    { METHOD_GET, "/v1/latency", ROLE_VIEWER, latency_list, PAGE " pool place",
      "what clients measured, by their network, AS and country", 0, 0, GIVES("page of latency_place", "") },
    { METHOD_POST,
      "/v1/latency/samples",
      ROLE_OPERATOR,
      latency_add,
      "",
      "what clients measured, in batches",
      (size_t)4 << 20,
      0,
      { "latency_samples", EXAMPLE_SAMPLES, "accepted", "422 503", false } },
    { METHOD_GET, "/v1/explain", ROLE_VIEWER, explain_get, "name type client ecs", "why this answer", 0, 0,
      GIVES("explanation", "") },
    { METHOD_GET, "/v1/explain/{id}", ROLE_VIEWER, explain_get_by_id, "", "why that very answer", 0, 0,
      GIVES("explanation", "404") },
    { METHOD_GET, "/v1/status", ROLE_VIEWER, status_get, "", "this server", 0, 0, GIVES("status", "") },
    { METHOD_GET, "/v1/health", ROLE_VIEWER, status_health, "", "what is not well", 0, 0, GIVES("ills", "") },
    { METHOD_GET, "/v1/traffic", ROLE_VIEWER, traffic_get, "limit",
      "answers by service, endpoint and country, busiest first", 0, 0, GIVES("traffic", "") },
    { METHOD_GET, "/v1/whoami", ROLE_VIEWER, token_whoami, "", "who the token says you are", 0, 0,
      GIVES("whoami", "") },
    { METHOD_GET, "/v1/tokens", ROLE_ADMIN, token_list, "", "all but the bootstrap token", 0, 0,
      GIVES("page of token", "") },
    { METHOD_POST,
      "/v1/tokens",
      ROLE_ADMIN,
      token_create,
      "",
      "make a token; its secret is shown this once",
      0,
      0,
      { "new_token", EXAMPLE_TOKEN, "token", "409 422 503", false } },
    { METHOD_DELETE, "/v1/tokens/{token}", ROLE_ADMIN, token_revoke, "", "revoke it, from now on", 0, 0,
      GIVES("revoked", "404 409 503") },
    { METHOD_GET, "/v1/audit", ROLE_ADMIN, audit_list, "limit before who target refused",
      "who wanted to change what, newest first", 0, 0, GIVES("page of audit_entry", "503") },

    { METHOD_GET, "/metrics", ROLE_NONE, metrics_get, NULL, "for Prometheus", 0, 0, GIVES("text/plain", "") },
    { METHOD_GET, "/healthz", ROLE_NONE, status_alive, NULL, "200 while the process runs", 0, 0,
      GIVES("text/plain", "") },
    { METHOD_GET, "/readyz", ROLE_NONE, status_ready, NULL, "200 while it serves, 503 when it stops", 0, 0,
      GIVES("text/plain", "503") },
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;

static void openapi_get(struct request *request)
{
    struct text text = { 0 };
    text_puts(&text, request->api->openapi);
    reply_text(request, "application/json", &text);
}

static void list_routes(struct request *request)
{
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_array(&json, "items");
    for (size_t i = 0; i < api_route_count; i++) {
        writer_object(&json, NULL);
        writer_string(&json, "method", method_name(api_routes[i].method));
        writer_string(&json, "path", api_routes[i].path);
        writer_string(&json, "role", role_name(api_routes[i].role));
        writer_string(&json, "parameters", api_routes[i].params);
        writer_string(&json, "summary", api_routes[i].summary);
        writer_end(&json);
    }
    writer_end(&json);
    writer_null(&json, "next");
    writer_end(&json);
    reply_json(request, &json);
}
