/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schema.h"

#include "config/settings.h"
#include "model_parts.h"

#include <stddef.h>

/* Every option of steering.json, checks excepted, and steerd.json: one row each. */

/* ---- steering.json: pools ---- */

#define ENDPOINT_FIELDS                                                                                \
    { "ipv4", &type_ipv4, .doc = "IPv4 address" }, { "ipv6", &type_ipv6, .doc = "IPv6 address" },      \
        { "hostname", &type_hostname, MEMBER(struct declared_endpoint, hostname),                      \
          .doc = "host name, instead of addresses; beside addresses its name for MX and SRV" },        \
        { "weight",                                                                                    \
          &type_integer,                                                                               \
          MEMBER(struct declared_endpoint, weight),                                                    \
          .least = 0,                                                                                  \
          .most = 65535,                                                                               \
          .fallback = "1",                                                                             \
          .doc = "share among its siblings; 0 serves only when no other can" },                        \
        { "capacity", &type_integer,      MEMBER(struct declared_endpoint, capacity),                  \
          .least = 1, .most = UINT32_MAX, .doc = "the most it can take, in the unit of the weights" }, \
    {                                                                                                  \
        "location", &type_location, MEMBER(struct declared_endpoint, at),                              \
            .doc = "[latitude, longitude] in degrees, or a country code"                               \
    }

static const struct field endpoint_fields[] = {
    ENDPOINT_FIELDS,
    { "shed", &type_integer, MEMBER(struct declared_endpoint, shed), .least = 0, .most = 100,
      .unit = "percent", .fallback = "0", .doc = "percent of its share that its siblings serve instead" },
    { "ramp", &type_duration, MEMBER(struct declared_endpoint, ramp_ms), .least = SECOND, .most = 24 * HOUR,
      .doc = "how long it takes to grow to its weight when it is new or back; the pool's by default" },
    { "hold", &type_hold, MEMBER(struct declared_endpoint, hold_ms),
      .doc =
          "how long it must have been healthy before it serves again, or \"manual\"; the pool's by default" },
    { "check", &type_check_names, MEMBER(struct declared_endpoint, checks),
      COUNT(struct declared_endpoint, check_count), .most = 1,
      .doc = "name of its check, instead of the pool's" },
    { "checks", &type_check_names, MEMBER(struct declared_endpoint, checks),
      COUNT(struct declared_endpoint, check_count), .most = DECLARED_CHECKS_MAX,
      .doc = "names of its checks, instead of the pool's" },
};
const struct shape shape_endpoint = { .name = "endpoint", .doc = "an endpoint", SHAPE(endpoint_fields) };

static const struct field inline_endpoint_fields[] = { ENDPOINT_FIELDS };
const struct shape shape_inline_endpoint = { .name = "inline_endpoint",
                                             .doc = "an endpoint in place",
                                             SHAPE(inline_endpoint_fields) };

static const struct field pool_fields[] = {
    { "policy", &type_pool_policy, MEMBER(struct declared_pool, policy), .fallback = "\"round_robin\"",
      .doc = "how to choose among the endpoints" },
    { "answers", &type_integer, MEMBER(struct declared_pool, answers), .least = 1, .most = CHOICE_MAX,
      .doc = "endpoints in one answer at most; the policy's own number by default" },
    { "min_healthy", &type_min_healthy, MEMBER(struct declared_pool, min_healthy), .fallback = "1",
      .doc = "available endpoints that it takes to be available, a count or a percentage" },
    { "capacity", &type_integer, MEMBER(struct declared_pool, capacity), .least = 1, .most = UINT32_MAX,
      .doc = "the most it can take, in the unit of the weights; what its endpoints can by default" },
    { "ramp", &type_duration, MEMBER(struct declared_pool, ramp_ms), .least = SECOND, .most = 24 * HOUR,
      .doc = "how long an endpoint takes to grow to its weight when it is new or back; at once by default" },
    { "hold", &type_hold, MEMBER(struct declared_pool, hold_ms),
      .doc =
          "how long an endpoint must have been healthy before it serves again, or \"manual\"; not at all by "
          "default" },
    { "check", &type_check_names, MEMBER(struct declared_pool, checks),
      COUNT(struct declared_pool, check_count), .most = 1, .doc = "name of the check of its endpoints" },
    { "checks", &type_check_names, MEMBER(struct declared_pool, checks),
      COUNT(struct declared_pool, check_count), .most = DECLARED_CHECKS_MAX,
      .doc = "names of the checks of its endpoints: all must be good" },
    { "endpoints", &type_endpoints, .is_required = true, .doc = "the endpoints by name" },
};
const struct shape shape_pool = { .name = "pool", .doc = "a pool", SHAPE(pool_fields) };

/* ---- steering.json: policies ---- */

static const struct field node_fields[] = {
    { "of", &type_children, .is_required = true, .doc = "the targets" },
    { "answers", &type_integer, MEMBER(struct declared_node, answers), .least = 1, .most = CHOICE_MAX,
      .doc = "endpoints in one answer at most; the policy's own number by default" },
    { "min_healthy", &type_min_healthy, MEMBER(struct declared_node, min_healthy), .fallback = "1",
      .doc = "available targets that it takes to be available, a count or a percentage" },
};
const struct shape shape_node = { .name = "options", .doc = "a policy with options", SHAPE(node_fields) };

static const struct field item_fields[] = {
    { "to", &type_target, MEMBER(struct declared_child, to), .is_required = true, .doc = "the target" },
    { "weight", &type_integer, MEMBER(struct declared_child, weight), .least = 0, .most = 65535,
      .fallback = "1", .doc = "share among its siblings; 0 serves only when no other can" },
    { "shed", &type_integer, MEMBER(struct declared_child, shed), .least = 0, .most = 100, .unit = "percent",
      .fallback = "0", .doc = "percent of its share that its siblings serve instead" },
    { "bias", &type_integer, MEMBER(struct declared_child, bias), .least = -99, .most = 99, .fallback = "0",
      .doc = "draws more (1..99) or fewer (-99..-1) clients to it than distance alone" },
};
const struct shape shape_item = { .name = "item", .doc = "a target with options", SHAPE(item_fields) };

/* ---- steering.json: zones ---- */

static const struct field zone_fields[] = {
    { "file", &type_text, MEMBER(struct declared_zone, file), .least = 1,
      .doc = "master file, relative to the steering file" },
    { "records", &type_texts, MEMBER(struct declared_zone, records),
      COUNT(struct declared_zone, record_count), .takes_controls = true,
      .doc = "records in presentation format" },
    { "allow_query", &type_prefixes, MEMBER(struct declared_zone, allow_query),
      COUNT(struct declared_zone, allow_query_count), .most = 10000,
      .doc = "client networks that may ask; everybody by default" },
};
const struct shape shape_zone = { .name = "zone", .doc = "a zone", SHAPE(zone_fields) };

static bool line_accept(const char *text, struct error *err);

static const struct field rrset_fields[] = {
    { "ttl", &type_integer, MEMBER(struct declared_rrset, ttl_s), .least = 0, .most = INT32_MAX,
      .unit = "seconds", .fallback = "3600", .doc = "TTL in seconds" },
    { "values", &type_texts, MEMBER(struct declared_rrset, values), COUNT(struct declared_rrset, value_count),
      .takes_controls = true, .accept = line_accept, .is_required = true,
      .doc = "the data of its records in presentation format, names relative to the zone; none: there is no "
             "such RRset, whatever the zone's file says" },
};
const struct shape shape_rrset = {
    .name = "rrset",
    .doc = "all records of one type at one owner, instead of those in the zone's file and records",
    SHAPE(rrset_fields)
};

static bool line_accept(const char *text, struct error *err)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n' || *text == '\r')
            return error_set(err, "must be the data of one record on one line");
    }
    return true;
}

/* ---- steerd.json ---- */

static const char *const steering_modes[] = { "store", "file", NULL }; /* index 1: is_file_mode */

static const struct field rate_limit_fields[] = {
    { "responses_per_second", &type_integer, MEMBER(struct settings, rate_limit.responses_per_second),
      .least = 1, .most = 100000, .is_required = true,
      .doc = "alike replies that one client network gets in a second" },
    { "slip", &type_integer, MEMBER(struct settings, rate_limit.slip), .least = 0, .most = 10,
      .fallback = "2",
      .doc = "of so many limited replies one is truncated, so that real clients come by TCP; the others are "
             "dropped; 0 drops all" },
    { "ipv4_prefix", &type_integer, MEMBER(struct settings, rate_limit.ipv4_prefix), .least = 1, .most = 32,
      .unit = "bits", .fallback = "24", .doc = "length of an IPv4 client network" },
    { "ipv6_prefix", &type_integer, MEMBER(struct settings, rate_limit.ipv6_prefix), .least = 1, .most = 128,
      .unit = "bits", .fallback = "56", .doc = "length of an IPv6 client network" },
    { "exempt", &type_prefixes, MEMBER(struct settings, rate_limit.exempt),
      COUNT(struct settings, rate_limit.exempt_count), .most = 10000, .doc = "clients without a limit" },
};
const struct shape shape_rate_limit = { .name = "rate_limit",
                                        .doc = "limits alike replies over UDP",
                                        SHAPE(rate_limit_fields) };

static const struct field explain_fields[] = {
    { "allow", &type_prefixes, MEMBER(struct settings, explain_allow),
      COUNT(struct settings, explain_allow_count), .most = 10000, .is_required = true,
      .doc = "networks whose queries get an id" },
    { "option", &type_integer, MEMBER(struct settings, explain_option), .least = 65001, .most = 65534,
      .fallback = "65500", .doc = "code of the EDNS option, of those for local use" },
};
const struct shape shape_explain = { .name = "explain_by_edns",
                                     .doc = "explaining answers by id",
                                     SHAPE(explain_fields) };

static const struct field checks_fields[] = {
    { "concurrent", &type_integer, MEMBER(struct settings, checks_concurrent), .least = 1, .most = 1000000,
      .fallback = "2000", .doc = "health checks under way at once at most" },
    { "per_address", &type_integer, MEMBER(struct settings, checks_per_address), .least = 1, .most = 1000000,
      .fallback = "100", .doc = "of these, those to one address" },
};
const struct shape shape_checks = { .name = "checks",
                                    .doc = "limits of health checks",
                                    SHAPE(checks_fields) };

static const struct field resolver_fields[] = {
    { "servers", &type_listen, MEMBER(struct settings, resolver_servers),
      COUNT(struct settings, resolver_server_count), .least = 1,
      .doc = "resolvers to ask, addresses with port; those of /etc/resolv.conf by default" },
    { "stale", &type_duration, MEMBER(struct settings, resolver_stale_ms), .least = 0,
      .most = (int64_t)30 * DAY, .fallback = "\"1d\"",
      .doc = "how long the last known addresses are answered while the resolvers fail" },
};
const struct shape shape_resolver = { .name = "resolver",
                                      .doc = "how the hostnames of endpoints and checks are resolved",
                                      SHAPE(resolver_fields) };

static const struct field event_command_fields[] = {
    { "command", &type_texts, MEMBER(struct settings, event_command.command),
      COUNT(struct settings, event_command.command_count), .most = EVENT_COMMAND_ARGUMENTS_MAX,
      .is_required = true, .doc = "path of the program, relative to this file, and its arguments" },
    { "events", &type_texts, MEMBER(struct settings, event_command.events),
      COUNT(struct settings, event_command.event_count), .most = 32,
      .doc = "kinds of events; all by default" },
    { "timeout", &type_duration, MEMBER(struct settings, event_command.timeout_ms), .least = 100,
      .most = 10 * MINUTE, .fallback = "\"10s\"", .doc = "when a run is killed" },
};
const struct shape shape_event_command = { .name = "event_command",
                                           .doc = "a program that is run for each event",
                                           SHAPE(event_command_fields) };

static const struct field settings_fields[] = {
    { "listen", &type_listen, MEMBER(struct settings, listen), COUNT(struct settings, listen_count),
      .least = 1, .fallback = "[\"127.0.0.1:53\", \"[::1]:53\"]",
      .doc = "addresses with port to answer DNS on" },
    { "api", &type_shape, .shape = &shape_api, .fallback = "{}", .doc = "the admin API" },
    { "workers", &type_integer, MEMBER(struct settings, workers), .least = 1, .most = 1024,
      .doc = "threads that answer; one a core by default" },
    { "cpus", &type_cpus, MEMBER(struct settings, cpus), COUNT(struct settings, cpu_count),
      .doc = "CPUs for these threads, dealt out in turn, each thread stays on its own; with them one thread "
             "a CPU by default" },
    { "spin", &type_microseconds, MEMBER(struct settings, spin_us), .most = 1000000, .fallback = "\"0us\"",
      .doc = "how long a thread that has nothing to do looks again before it sleeps, at most \"1000ms\": "
             "faster answers for CPU time" },
    { "receive_buffer", &type_integer, MEMBER(struct settings, receive_buffer), .least = 4096,
      .most = 1 << 30, .unit = "bytes",
      .doc = "room for queries that wait, of each thread and address; 4194304 by default, or what the system "
             "allows" },
    { "send_buffer", &type_integer, MEMBER(struct settings, send_buffer), .least = 4096, .most = 1 << 30,
      .unit = "bytes", .doc = "the same for replies" },
    { "busy_poll", &type_microseconds, MEMBER(struct settings, busy_poll_us), .most = 10000,
      .fallback = "\"0us\"",
      .doc = "how long the kernel polls the network card for a thread that waits (SO_BUSY_POLL), at most "
             "\"10ms\"" },
    { "user", &type_text, MEMBER(struct settings, user), .least = 1, .most = 255, .accept = word_accept,
      .doc = "whom to become when started as root; steerd or nobody by default" },
    { "state_dir", &type_text, MEMBER(struct settings, state_dir), .least = 1,
      .fallback = "\"/var/lib/steerd\"", .doc = "directory of the store" },
    { "steering", &type_text, MEMBER(struct settings, steering), .least = 1,
      .doc = "the steering file; steering.json beside this file, if it is there" },
    { "steering_mode", &type_word, MEMBER(struct settings, is_file_mode), .words = steering_modes,
      .fallback = "\"store\"", .doc = "who wins: the store, or always the files" },
    { "geoip", &type_texts, MEMBER(struct settings, geoip), COUNT(struct settings, geoip_count), .most = 16,
      .doc = "location databases in MMDB format; a later one wins" },
    { "nsid", &type_text, MEMBER(struct settings, nsid), .least = 1, .most = 128,
      .doc = "name server identifier (RFC 5001)" },
    { "version", &type_text, MEMBER(struct settings, version), .least = 1, .most = 255,
      .doc = "answer to version.bind and version.server in class CHAOS; refused by default" },
    { "identity", &type_text, MEMBER(struct settings, identity), .least = 1, .most = 255,
      .doc = "answer to id.server and hostname.bind in class CHAOS; the nsid by default" },
    { "udp_size", &type_integer, MEMBER(struct settings, udp_size), .least = 512, .most = 4096,
      .unit = "bytes", .fallback = "1232", .doc = "largest reply over UDP" },
    { "udp_size_without_cookie", &type_integer, MEMBER(struct settings, udp_size_without_cookie), .least = 0,
      .most = 4096, .unit = "bytes", .fallback = "0",
      .doc = "largest reply over UDP to clients without a valid cookie, 512 or more; 0: udp_size" },
    { "cookies", &type_boolean, MEMBER(struct settings, has_cookies), .fallback = "true",
      .doc = "DNS cookies (RFC 7873, RFC 9018)" },
    { "cookie_secret_file", &type_text, MEMBER(struct settings, cookie_secret_file), .least = 1,
      .doc =
          "secrets of the cookies, shared by all servers of an address: lines of 32 hexadecimal digits, the "
          "first makes cookies, all are accepted; state_dir/cookie.secrets by default" },
    { "require_cookie", &type_boolean, MEMBER(struct settings, requires_cookie), .fallback = "false",
      .doc = "whether clients that know cookies are told to come back with a valid one (BADCOOKIE)" },
    { "explain_by_edns", &type_shape, .shape = &shape_explain,
      .doc = "lets clients ask, by an EDNS option, for an id that the answer can be explained by; nobody by "
             "default" },
    { "query_log", &type_shape, .shape = &shape_query_log,
      .doc = "a sample of the queries in a file; none by default" },
    { "dnstap", &type_shape, .shape = &shape_dnstap,
      .doc = "queries for a reader of dnstap; none by default" },
    { "rate_limit", &type_shape, .shape = &shape_rate_limit,
      .doc = "limits alike replies over UDP; off by default" },
    { "tcp_connections", &type_integer, MEMBER(struct settings, tcp_connections), .least = 1, .most = 1000000,
      .fallback = "1000", .doc = "open TCP connections at most" },
    { "tcp_connections_per_client", &type_integer, MEMBER(struct settings, tcp_connections_per_client),
      .least = 1, .most = 1000000, .fallback = "100", .doc = "open TCP connections of one address at most" },
    { "tcp_idle", &type_duration, MEMBER(struct settings, tcp_idle_ms), .least = 100, .most = HOUR,
      .fallback = "\"10s\"", .doc = "when an idle TCP connection is closed" },
    { "keep_generations", &type_integer, MEMBER(struct settings, keep_generations), .least = 1,
      .most = 1000000, .fallback = "1000", .doc = "generations that the store keeps" },
    { "checks", &type_shape, .shape = &shape_checks, .fallback = "{}", .doc = "limits of health checks" },
    { "resolver", &type_shape, .shape = &shape_resolver, .fallback = "{}",
      .doc = "how the hostnames of endpoints and checks are resolved" },
    { "exec_checks", &type_boolean, MEMBER(struct settings, exec_checks), .fallback = "false",
      .doc = "whether health checks of type \"exec\" may run programs on this server" },
    { "keep_events", &type_integer, MEMBER(struct settings, keep_events), .least = 1, .most = 10000000,
      .fallback = "100000", .doc = "events that the store keeps" },
    { "keep_events_for", &type_duration, MEMBER(struct settings, keep_events_ms), .least = HOUR,
      .most = (int64_t)365 * 24 * HOUR, .fallback = "\"90d\"", .doc = "how long it keeps them" },
    { "keep_audit", &type_integer, MEMBER(struct settings, keep_audit), .least = 1, .most = 100000000,
      .fallback = "1000000", .doc = "entries of the audit that the store keeps" },
    { "keep_audit_for", &type_duration, MEMBER(struct settings, keep_audit_ms), .least = HOUR,
      .most = (int64_t)3650 * 24 * HOUR, .fallback = "\"365d\"", .doc = "how long it keeps them" },
    { "keep_verdicts_for", &type_duration, MEMBER(struct settings, keep_verdicts_ms), .least = 0,
      .most = 24 * HOUR, .fallback = "\"10m\"",
      .doc = "how old the last verdicts of the checks may be to hold after a restart; 0s: none does" },
    { "webhooks", &type_webhooks, MEMBER(struct settings, webhooks), COUNT(struct settings, webhook_count),
      .most = 8, .doc = "who is told of events, signed and with retries" },
    { "event_command", &type_shape, .shape = &shape_event_command,
      .doc = "a program that is told of each event on its standard input, with a time limit" },
    { "reference_targets", &type_listen, MEMBER(struct settings, reference_targets),
      COUNT(struct settings, reference_target_count), .least = 1,
      .doc = "addresses with TCP port that always reply, unless this server is cut off: then verdicts stay "
             "as they are" },
};
const struct shape shape_settings = {
    .name = "settings", .doc = "settings of a steerd server", .is_root = true, SHAPE(settings_fields)
};
