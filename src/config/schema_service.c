/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schema.h"

#include "model_parts.h"
#include "service_binding.h"

#include <stddef.h>

/* Every option of a service: one row each. */

#define ALPN_MOST 8

#define OF(member)       MEMBER(struct declared_service, member)
#define COUNT_OF(member) COUNT(struct declared_service, member)

/* ---- HTTPS and SVCB ---- */

#define BINDING_FIELDS(of)                                                                         \
    { "priority",    &type_integer,   OF(of.priority),     .least = 1,                             \
      .most = 65535, .fallback = "1", .doc = "SvcPriority" },                                      \
        { "target", &type_hostname, OF(of.target), .doc = "TargetName; the owner by default" },    \
        { "alpn",                                                                                  \
          &type_texts,                                                                             \
          OF(of.alpn),                                                                             \
          COUNT_OF(of.alpn_count),                                                                 \
          .most = ALPN_MOST,                                                                       \
          .accept = alpn_accept,                                                                   \
          .pattern = "^[!-~]{1,32}$",                                                              \
          .doc = "protocols, as [\"h2\", \"h3\"]" },                                               \
        { "no_default_alpn", &type_boolean, OF(of.has_no_default_alpn), .fallback = "false",       \
          .doc = "whether the protocols are only those of \"alpn\"" },                             \
        { "port",     &type_integer, OF(of.port),                                                  \
          .least = 1, .most = 65535, .doc = "port other than the scheme's own" },                  \
        { "ech",                                                                                   \
          &type_text,                                                                              \
          OF(of.ech),                                                                              \
          .least = 1,                                                                              \
          .most = ECH_TEXT_MOST,                                                                   \
          .accept = ech_accept,                                                                    \
          .doc = "ECHConfigList in base64" },                                                      \
    {                                                                                              \
        "mandatory", &type_texts, OF(of.mandatory), COUNT_OF(of.mandatory_count),                  \
            .most = 4, .accept = mandatory_accept, .pattern = "^(alpn|no-default-alpn|port|ech)$", \
            .doc = "keys that a client must understand to use the record"                          \
    }

static const struct field https_fields[] = { BINDING_FIELDS(https) };
const struct shape shape_https = { .name = "https", .doc = "an HTTPS record", SHAPE(https_fields) };

static const struct field svcb_fields[] = { BINDING_FIELDS(svcb) };
const struct shape shape_svcb = { .name = "svcb", .doc = "an SVCB record", SHAPE(svcb_fields) };

/* ---- MX and SRV ---- */

static const struct field mx_fields[] = {
    { "preference", &type_integer, OF(mx.first), .least = 0, .most = 65535, .fallback = "10",
      .doc = "preference of the first choice" },
    { "step", &type_integer, OF(mx.step), .least = 1, .most = 1000, .fallback = "10",
      .doc = "how much higher each further choice stands" },
    { "policy", &type_target, OF(mx.policy), .doc = "what to choose from; the service's own by default" },
};
const struct shape shape_mx = { .name = "mx", .doc = "MX records", SHAPE(mx_fields) };

static const struct field srv_fields[] = {
    { "port", &type_integer, OF(srv.port), .least = 0, .most = 65535, .is_required = true,
      .doc = "port of all targets" },
    { "priority", &type_integer, OF(srv.first), .least = 0, .most = 65535, .fallback = "10",
      .doc = "priority of the first choice" },
    { "step", &type_integer, OF(srv.step), .least = 1, .most = 1000, .fallback = "10",
      .doc = "how much higher each further choice stands" },
    { "policy", &type_target, OF(srv.policy), .doc = "what to choose from; the service's own by default" },
};
const struct shape shape_srv = { .name = "srv", .doc = "SRV records", SHAPE(srv_fields) };

/* ---- services ---- */

static const char *const affinities[] = { "none", "client", NULL }; /* index 1: has_affinity */

static const struct field service_fields[] = {
    { "ttl", &type_integer, MEMBER(struct declared_service, ttl_s), .least = 0, .most = SERVICE_TTL_MAX,
      .unit = "seconds", .fallback = "30", .doc = "TTL of its answers in seconds" },
    { "min_ttl", &type_integer, MEMBER(struct declared_service, min_ttl_s), .least = 0,
      .most = SERVICE_TTL_MAX, .unit = "seconds",
      .doc = "the TTL is not shortened below it; half the ttl by default" },
    { "failover", &type_duration, MEMBER(struct declared_service, failover_ms), .least = 500, .most = HOUR,
      .doc =
          "longest time from the death of an endpoint until no cache leads to it: TTL and pace of the checks "
          "are chosen to keep it, as far as they are not said" },
    { "policy", &type_target, MEMBER(struct declared_service, policy),
      .doc = "what A and AAAA choose from; needed unless only MX or SRV are answered" },
    { "when_all_down", &type_when_all_down, .fallback = "\"serve_all\"",
      .doc = "what to answer when nothing is available" },
    { "ecs", &type_boolean, MEMBER(struct declared_service, uses_ecs), .fallback = "true",
      .doc = "whether EDNS Client Subnet counts" },
    { "affinity", &type_word, MEMBER(struct declared_service, has_affinity), .words = affinities,
      .fallback = "\"none\"",
      .doc = "\"client\": a client's network gets the same endpoints for every type, whatever the turn" },
    { "https", &type_shape, .shape = &shape_https,
      .doc = "answers HTTPS queries, with the addresses of available endpoints as hints; not by default" },
    { "svcb", &type_shape, .shape = &shape_svcb, .doc = "the same for SVCB queries; not by default" },
    { "mx", &type_shape, .shape = &shape_mx,
      .doc = "answers MX queries with the hostnames of available endpoints; not by default" },
    { "srv", &type_shape, .shape = &shape_srv,
      .doc = "answers SRV queries with the hostnames of available endpoints; not by default" },
};
const struct shape shape_service = {
    .name = "service",
    .doc = "a service",
    SHAPE(service_fields),
    .also = "\"anyOf\": [{ \"required\": [\"policy\"] }, "
            "{ \"required\": [\"mx\"], \"properties\": { \"mx\": { \"required\": [\"policy\"] } } }, "
            "{ \"required\": [\"srv\"], \"properties\": { \"srv\": { \"required\": [\"policy\"] } } }]",
};
