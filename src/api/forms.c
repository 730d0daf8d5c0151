/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API's bodies look like.  The contract test holds every reply to it. */
#include "api/form.h"

#define EVENT_KINDS "endpoint|check|override|pool|policy|service|suspicion|generation|locations|name|failover"

/* ---- everywhere ---- */

static const struct member problem_members[] = {
    { "type", "string", "about:blank" },
    { "title", "string", "the status in words" },
    { "status", "integer", "the HTTP status" },
    { "detail", "string", "what is wrong, and what to do" },
    { "~errors", "[problem_place]", "every single thing that is wrong" },
};
static const struct member place_members[] = {
    { "~file", "string", "in which file" },
    { "~pointer", "string", "where in the body: a JSON Pointer (RFC 6901)" },
    { "~parameter", "string", "which parameter of the query" },
    { "detail", "string", "what is wrong there" },
    { "~line", "integer", "where in the body as it was sent, from 1" },
    { "~column", "integer", "from 1" },
};
static const struct member route_members[] = {
    { "method", "GET|PUT|PATCH|POST|DELETE", "" },
    { "path", "string", "what stands in braces is an argument" },
    { "role", "viewer|operator|admin?", "of the token that is needed at least; null: none" },
    { "parameters", "string?", "of the query, separated by spaces; null: whatever comes is ignored" },
    { "summary", "string", "" },
};
static const struct member written_members[] = {
    { "generation", "integer", "the generation that is served now" },
    { "dry_run", "boolean", "true: nothing was changed" },
    { "changed", "boolean", "false: all was so already, and no generation was made" },
    { "warnings", "[problem_place]", "what was accepted and may not be meant" },
    { "~changes", "[change]", "of a dry run: what would change" },
};
static const struct member diff_members[] = {
    { "from", "integer", "a generation" },
    { "to", "integer", "another, which may be older" },
    { "changes", "[change]", "what leads from one to the other" },
};
static const struct member change_members[] = {
    { "action", "add|change|delete", "" },
    { "kind", "check|pool|policy|zone|zone_data|service|rrset|map|locations", "" },
    { "name", "string", "its name; of a service \"zone/owner\", of an RRset \"zone/owner/type\"" },
    { "before", "any", "its JSON; null: there was none, or it is the contents of a zone's file" },
    { "after", "any", "its JSON; null: there is none any more, or it is the contents of a zone's file" },
    { "differences", "[difference]", "where they differ" },
};
static const struct member difference_members[] = {
    { "pointer", "string", "a JSON Pointer (RFC 6901) within the object" },
    { "~before", "any", "missing: it was not there" },
    { "~after", "any", "missing: it is not there any more" },
};
static const struct member generation_members[] = {
    { "generation", "integer", "its number" },
    { "time", "time", "when it was accepted" },
    { "origin", "files|api", "" },
    { "author", "string", "name of the token that wrote it; empty: nobody's" },
    { "comment", "string", "what the author said" },
};

/* ---- what is configured, as lists show it ---- */

static const struct member name_member[] = {
    { "name", "string", "its name" },
};
static const struct member endpoint_members[] = {
    { "pool", "string", "its pool" },
    { "name", "string", "its name" },
    { "~effective", "effective", "what is in force" },
    { "~health", "endpoint_health", "what its checks say" },
    { "~override", "endpoint_override?", "what an operator says" },
};
static const struct member effective_members[] = {
    { "available", "boolean", "whether users are sent there" },
    { "weight", "integer", "the weight in force" },
    { "state", "up|down|hold|drain", "" },
    { "why", "string", "what made it so" },
};
static const struct member health_members[] = {
    { "verdict", "unknown|up|down|unchecked", "" },
    { "since", "time?", "when the verdict last changed" },
    { "check", "string?", "the check that decided" },
    { "evidence", "string?", "what it saw" },
    { "latency_ms", "number?", "what latency policies go by; null: too few measurements, or too old" },
    { "times", "[check_time]", "how long the steps of its first check take" },
    { "certificate_ends", "time?", "when the certificate that it shows expires" },
    { "~checks", "[check_verdict]", "where there are several: what each of them says" },
    { "~failover", "failover", "how soon it is out of answers and of caches when it dies" },
};
static const struct member failover_members[] = {
    { "objective_s", "number?", "the tightest of the services that reach it" },
    { "promised_s", "number?",
      "from its death until no cache leads to it, at most, with that service's ttl" },
    { "notices_within_s", "number", "from its death to the first changed answer, at most" },
    { "last", "time?", "when it died last" },
    { "noticed_s", "number?", "then, from its last good check to the first changed answer" },
    { "achieved_s", "number?", "then, until no cache led to it" },
};
static const struct member check_verdict_members[] = {
    { "check", "string", "its name" },
    { "verdict", "unknown|up|down", "" },
    { "decides", "boolean", "false: it is an input of another check and nothing more" },
    { "since", "time?", "when the verdict last changed" },
    { "evidence", "string?", "what it saw" },
};
static const struct member time_members[] = {
    { "step", "connect|tls|first_byte", "" },
    { "ms", "number", "smoothed" },
    { "samples", "integer", "" },
    { "age_s", "integer", "of the newest sample" },
    { "is_latency", "boolean", "true: latency_of names this step" },
};
static const struct member override_members[] = {
    { "state", "up|down|drain?", "null: only a weight" },
    { "weight", "integer?", "null: the declared one" },
    { "set", "time", "when it was said" },
    { "expires", "time?", "when it ends by itself" },
    { "cached_until", "time?", "of a drain: when the last cached answer that names the endpoint expires" },
    { "author", "string", "name of the token" },
    { "reason", "string?", "why" },
};
static const struct member override_item_members[] = {
    { "pool", "string", "" },
    { "endpoint", "string", "" },
    { "override", "endpoint_override", "" },
};
static const struct member record_members[] = {
    { "owner", "string", "relative to the zone; @ is the apex" },
    { "type", "string", "RR type" },
    { "ttl", "integer", "in seconds" },
    { "values", "[string]", "the data of the records in presentation format" },
    { "~declared", "boolean", "true: by an object of its own; false: by the zone's file or records" },
};

/* ---- what may be said ---- */

static const struct member batch_members[] = {
    { "items", "[batch_item]", "1 to 1000 changes; each finds what those before it made" },
};
static const struct member batch_item_members[] = {
    { "method", "PUT|PATCH|DELETE", "" },
    { "path", "string",
      "of a check, pool, endpoint, policy, map, zone, service or RRset, without parameters" },
    { "~body", "any", "what the method takes there" },
};
static const struct member override_body_members[] = {
    { "~state", "up|down|drain?", "what it is, whatever its checks say" },
    { "~weight", "integer?", "0..65535, instead of the declared one" },
    { "~expires", "string?", "a duration from now, as \"2h\"; it stays by default" },
    { "~reason", "string?", "why, for those who come later" },
};
static const struct member samples_members[] = {
    { "samples", "[latency_sample]", "what was measured" },
};
static const struct member sample_members[] = {
    { "client", "string", "the client's address" },
    { "endpoint", "string", "\"pool/endpoint\"" },
    { "ms", "number", "milliseconds that the endpoint took for this client" },
};
static const struct member latency_place_members[] = {
    { "place", "string", "as \"203.0.113.0/24\", \"AS64500\" or \"DE\"" },
    { "of", "network|asn|country",
      "what kind of place that is: the most specific with enough samples decides" },
    { "figures", "[latency_figure]", "by endpoint" },
};
static const struct member latency_figure_members[] = {
    { "pool", "string", "" },
    { "endpoint", "string", "" },
    { "ms", "number", "the median, in milliseconds" },
    { "samples", "integer", "fresh ones: older count for less" },
    { "enough", "boolean", "whether they are enough to move an answer" },
    { "newest", "time?", "when the last sample came" },
};
static const struct member reports_members[] = {
    { "~endpoint", "string", "\"pool/endpoint\"" },
    { "~status", "up|down", "how it is" },
    { "~message", "string?", "why; becomes the evidence" },
    { "~ttl", "string?", "a duration, as \"30s\", how long this holds; the check's by default" },
    { "~reports", "[check_report]", "many, instead of all that" },
};
static const struct member report_members[] = {
    { "endpoint", "string", "\"pool/endpoint\"" },
    { "status", "up|down", "how it is" },
    { "~message", "string?", "why; becomes the evidence" },
    { "~ttl", "string?", "a duration, as \"30s\", how long this holds; the check's by default" },
};
static const struct member accepted_members[] = {
    { "accepted", "integer", "samples or reports that were taken" },
};

/* ---- what happened ---- */

static const struct member event_members[] = {
    { "number", "integer", "events are numbered without gaps" },
    { "time", "time", "" },
    { "kind", EVENT_KINDS, "" },
    { "subject", "string?", "what it is about, as \"us/us-east-1\"" },
    { "state", "string?", "what it is now" },
    { "was", "string?", "what it was before" },
    { "check", "string?", "the check that decided" },
    { "author", "string?", "who did it" },
    { "text", "string?", "evidence or reason" },
};
static const struct member events_members[] = {
    { "items", "[event]", "oldest first" },
    { "next", "string?", "`after` of the next page; null: there is none" },
    { "last", "integer", "number of the newest event; for a token with a scope, of those it sees" },
};

/* ---- this server ---- */

static const struct member status_members[] = {
    { "version", "string", "of steerd" },
    { "started", "time", "" },
    { "uptime_s", "integer", "" },
    { "generation", "integer", "the one that is served" },
    { "published", "time?", "when this server began to serve it" },
    { "publications", "integer", "snapshots published since the start" },
    { "steering_mode", "store|file", "who wins: the store, or always the files" },
    { "import_error", "string?", "why the last import of files was refused" },
    { "~geoip", "string?", "the location databases in use; left out for a token with a scope" },
    { "suspicion", "suspicion", "" },
    { "~conditions", "integer", "number of the current conditions" },
    { "~zones", "integer", "" },
    { "pools", "integer", "" },
    { "endpoints", "endpoint_counts", "" },
    { "~workers", "integer", "threads that answer" },
    { "~queries", "query_counts", "left out for a token with a scope" },
    { "~tcp_connections", "integer", "open ones" },
    { "~checks", "check_counts", "left out for a token with a scope" },
};
static const struct member suspicion_members[] = {
    { "suspects_itself", "boolean", "true: this server seems cut off, and verdicts are frozen" },
    { "since", "time?", "" },
    { "why", "string?", "" },
};
static const struct member endpoint_count_members[] = {
    { "total", "integer", "" },
    { "available", "integer", "" },
    { "down", "integer", "by their checks" },
    { "held", "integer", "by operators" },
    { "unknown", "integer", "not yet checked" },
    { "overridden", "integer", "" },
};
static const struct member query_count_members[] = {
    { "udp", "integer", "" },
    { "tcp", "integer", "" },
    { "steered", "integer", "answered by a service" },
    { "dropped", "integer", "" },
};
static const struct member check_count_members[] = {
    { "bindings", "integer", "checks times endpoints" },
    { "in_flight", "integer", "" },
    { "started", "integer", "" },
    { "succeeded", "integer", "" },
    { "failed", "integer", "" },
};
static const struct member traffic_members[] = {
    { "time", "time", "now" },
    { "period_s", "number",
      "the rates are averages over so many seconds: since somebody last asked, a second at least" },
    { "steered", "traffic_sum", "answers of all services in the scope" },
    { "endpoints", "[endpoint_traffic]", "answers that the endpoint stood first in" },
    { "services", "[service_traffic]", "" },
    { "countries", "[country_traffic]",
      "of the clients, estimated by one in 64 of the steered answers; none for a token with a scope" },
};
static const struct member traffic_sum_members[] = {
    { "answers", "integer", "since the start" },
    { "rate", "number", "answers a second" },
};
static const struct member endpoint_traffic_members[] = {
    { "pool", "string", "" },
    { "endpoint", "string", "" },
    { "answers", "integer", "since the start" },
    { "rate", "number", "answers a second" },
};
static const struct member service_traffic_members[] = {
    { "service", "string", "its whole name" },
    { "answers", "integer", "since the start" },
    { "rate", "number", "answers a second" },
};
static const struct member country_traffic_members[] = {
    { "country", "string?", "ISO 3166-1 alpha-2; null: not known" },
    { "answers", "integer", "since the start" },
    { "rate", "number", "answers a second" },
};
static const struct member ills_members[] = {
    { "unavailable_endpoints", "[ill_endpoint]", "" },
    { "unavailable_nodes", "[ill_node]", "pools and policies" },
    { "~checks", "check_counts", "left out for a token with a scope" },
};
static const struct member ill_endpoint_members[] = {
    { "pool", "string", "" },
    { "endpoint", "string", "" },
    { "state", "up|down|hold|drain", "" },
    { "verdict", "unknown|up|down|unchecked", "" },
    { "since", "time?", "when the verdict last changed" },
    { "why", "string", "" },
};
static const struct member ill_node_members[] = {
    { "name", "string", "" },
    { "available", "integer", "how many of what is below it" },
    { "of", "integer", "" },
};

#define ITEM(name, doc, with)                  \
    {                                          \
        name, doc, with, false, name_member, 1 \
    }
/* Its own members may be called anything. */
#define OPEN_ITEM(name, doc)                  \
    {                                         \
        name, doc, NULL, true, name_member, 1 \
    }

static const struct form forms[] = {
    FORM("problem", "what is wrong (RFC 9457)", problem_members),
    FORM("problem_place", "one thing that is wrong", place_members),
    FORM("route", "one thing that the API can do", route_members),
    FORM("written", "what became of a write", written_members),
    FORM("diff", "what leads from one generation to another", diff_members),
    FORM("change", "what becomes of one object", change_members),
    FORM("difference", "one place where an object differs", difference_members),
    FORM("generation", "a numbered state of the configuration", generation_members),
    ITEM("check_item", "a check with its name", "check"),
    ITEM("pool_item", "a pool with its name", "pool"),
    OPEN_ITEM("policy_item", "a policy with its name"),
    OPEN_ITEM("map_item", "a map with its name"),
    OPEN_ITEM("locations_item", "a set of locations with its name"),
    ITEM("zone_item", "a zone with its name", "zone"),
    ITEM("service_item", "a service with its name", "service"),
    { "endpoint_view", "an endpoint as declared, in force, and as its checks see it", "endpoint", false,
      endpoint_members, sizeof endpoint_members / sizeof *endpoint_members },
    FORM("effective", "override over declared over observed", effective_members),
    FORM("check_time", "how long one step of a check takes", time_members),
    FORM("endpoint_health", "what checks say of an endpoint", health_members),
    FORM("failover", "how soon an endpoint is out of answers and of caches when it dies", failover_members),
    FORM("check_verdict", "what one of several checks says of an endpoint", check_verdict_members),
    FORM("endpoint_override", "what an operator says of an endpoint", override_members),
    FORM("override_item", "an override and whose it is", override_item_members),
    FORM("batch", "several changes of the configuration", batch_members),
    FORM("batch_item", "one of them, as a request of its own would say it", batch_item_members),
    FORM("override", "what to say of an endpoint: a state, a weight, or both", override_body_members),
    FORM("record_view", "an RRset as it is served", record_members),
    FORM("latency_samples", "a batch of latencies that clients measured", samples_members),
    FORM("latency_sample", "one latency", sample_members),
    FORM("latency_place", "what clients of one place measured", latency_place_members),
    FORM("latency_figure", "what they measured to one endpoint", latency_figure_members),
    FORM("check_reports", "how an endpoint is, or many are", reports_members),
    FORM("check_report", "how an endpoint is", report_members),
    FORM("accepted", "what was taken", accepted_members),
    FORM("event", "something that happened", event_members),
    FORM("events", "a page of events", events_members),
    FORM("status", "this server", status_members),
    FORM("suspicion", "whether this server suspects itself", suspicion_members),
    FORM("endpoint_counts", "how many endpoints", endpoint_count_members),
    FORM("query_counts", "queries since the start", query_count_members),
    FORM("check_counts", "health checks since the start", check_count_members),
    FORM("traffic", "who gets how many answers, busiest first", traffic_members),
    FORM("traffic_sum", "answers in all", traffic_sum_members),
    FORM("endpoint_traffic", "answers that led with an endpoint", endpoint_traffic_members),
    FORM("service_traffic", "answers of a service", service_traffic_members),
    FORM("country_traffic", "answers to a country", country_traffic_members),
    FORM("ills", "what is not well", ills_members),
    FORM("ill_endpoint", "an endpoint that users are not sent to", ill_endpoint_members),
    FORM("ill_node", "a pool or policy without enough available below it", ill_node_members),
};
static const size_t form_count = sizeof forms / sizeof *forms;

/* A part of the API with many forms has them in a file of its own. */

static const struct {
    const struct form *forms;
    const size_t *count;
} chapters[] = {
    { forms, &form_count },
    { explain_forms, &explain_form_count },
    { access_forms, &access_form_count },
};

const struct form *form_at(size_t index)
{
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
        if (index < *chapters[i].count)
            return &chapters[i].forms[index];
        index -= *chapters[i].count;
    }
    return NULL;
}
