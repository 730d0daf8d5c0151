/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schema.h"

#include "config/check_values.h"
#include "model_parts.h"

#include <stddef.h>

/* Every option of a check: one row each. */

#define YEAR (365 * (int64_t)DAY)

static const char *const rcodes[] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", NULL
}; /* by number */

static const struct field damp_fields[] = {
    { "flaps", &type_integer, MEMBER(struct check, damping.flaps), .least = 2, .most = DAMP_FLAPS_MAX,
      .fallback = "4", .doc = "falls within that time that hold an endpoint down" },
    { "within", &type_duration, MEMBER(struct check, damping.within_ms), .least = SECOND, .most = DAY,
      .fallback = "\"10m\"", .doc = "how long a fall counts" },
    { "hold", &type_duration, MEMBER(struct check, damping.hold_ms), .least = SECOND, .most = HOUR,
      .fallback = "\"5m\"",
      .doc = "how long it is held; doubles, up to eightfold, when it flaps again soon after" },
};
const struct shape shape_damp = { .name = "damp", .doc = "damping of flaps", SHAPE(damp_fields) };

static const struct field check_fields[] = {
    { "type", &type_word, MEMBER(struct check, type), .words = check_type_names, .is_required = true,
      .doc = "how to ask" },
    { "interval", &type_duration, MEMBER(struct check, interval_ms), .least = 100, .most = HOUR,
      .fallback = "\"3s\"", .doc = "longest time from the start of one check to the start of the next" },
    { "timeout", &type_duration, MEMBER(struct check, timeout_ms), .least = 10, .most = MINUTE,
      .fallback = "\"1s\"", .doc = "how long a check may take; may exceed the interval" },
    { "rise", &type_integer, MEMBER(struct check, rise), .least = 1, .most = 100, .fallback = "2",
      .doc = "good results in a row that turn a down endpoint up; 1 by default where they are pushed" },
    { "fall", &type_integer, MEMBER(struct check, fall), .least = 1, .most = 100, .fallback = "3",
      .doc = "bad results in a row that turn an up endpoint down; 1 by default where they are pushed" },
    { "confirm", &type_boolean, MEMBER(struct check, confirm), .fallback = "false",
      .doc = "check again at once after the first bad result, which counts only if that is bad too" },
    { "damp", &type_shape, .shape = &shape_damp, .doc = "holds down what flaps; off by default" },
    { "jitter_percent", &type_integer, MEMBER(struct check, jitter_percent), .least = 0, .most = 100,
      .fallback = "10", .doc = "how much earlier than the interval the next check may start, at random" },
    { "latency_of", &type_word, MEMBER(struct check, latency_of), .words = latency_of_names,
      .fallback = "\"connect\"", .doc = "the step whose time is the endpoint's latency" },
    { "host", &type_text, MEMBER(struct check, target_host), .least = 1, .accept = hostname_or_address_accept,
      .doc = "host to connect to instead of the endpoint's address" },
    { "port", &type_integer, MEMBER(struct check, port), .least = 1, .most = 65535,
      .doc = "port to connect to; 80, 443 (https, tls) or 53 (dns) by default, tcp and grpc need one" },
    { "source", &type_source, MEMBER(struct check, source), .doc = "address to connect from" },
    { "path", &type_text, MEMBER(struct check, path), .least = 1, .most = 2048, .accept = path_accept,
      .pattern = "^/", .fallback = "\"/\"", .doc = "path and query to ask for" },
    { "method", &type_text, MEMBER(struct check, method), .accept = method_accept, .pattern = "^[A-Z]{1,16}$",
      .fallback = "\"GET\"", .doc = "request method" },
    { "host_header", &type_text, MEMBER(struct check, host_header), .least = 1, .most = 300,
      .accept = word_accept, .doc = "Host header; the address by default" },
    { "headers", &type_headers, MEMBER(struct check, headers), COUNT(struct check, header_count),
      .most = CHECK_HEADERS_MAX, .doc = "further headers of the request by name" },
    { "body", &type_text, MEMBER(struct check, body), .least = 1, .most = 16384, .takes_controls = true,
      .doc = "body of the request" },
    { "codes", &type_codes, .fallback = "\"200-299\"", .doc = "status codes that are good" },
    { "body_contains", &type_text, MEMBER(struct check, body_contains), .least = 1, .most = 1024,
      .takes_controls = true, .doc = "text that must stand in the first 64 KiB of the body" },
    { "body_matches", &type_text, MEMBER(struct check, body_matches), .least = 1, .most = 256,
      .accept = regex_accept,
      .doc = "POSIX extended regular expression that must match in the first 16 KiB of the body" },
    { "redirects", &type_integer, MEMBER(struct check, redirects), .least = 0, .most = CHECK_REDIRECTS_MAX,
      .fallback = "0", .doc = "redirects that are followed at most, always on the endpoint itself" },
    { "reuse", &type_duration, MEMBER(struct check, reuse_ms), .least = SECOND, .most = HOUR,
      .doc = "how long a connection serves; a fresh one for every check by default" },
    { "tls", &type_boolean, MEMBER(struct check, uses_tls), .fallback = "false",
      .doc = "whether gRPC is spoken over TLS" },
    { "sni", &type_text, MEMBER(struct check, sni), .least = 1, .most = 255, .accept = hostname_accept,
      .doc = "TLS server name; the Host header by default" },
    { "verify", &type_boolean, MEMBER(struct check, verify), .fallback = "true",
      .doc = "whether the certificate must be valid" },
    { "ca_file", &type_text, MEMBER(struct check, ca_file), .least = 1, .accept = absolute_path_accept,
      .pattern = "^/", .doc = "certificates to trust instead of the system's" },
    { "warn_before", &type_duration, MEMBER(struct check, warn_before_ms), .least = 0, .most = YEAR,
      .fallback = "\"14d\"", .doc = "how long before its end a certificate raises a warning" },
    { "send", &type_text, MEMBER(struct check, send), .least = 1, .most = 1024, .takes_controls = true,
      .doc = "what to say after the connect" },
    { "expect", &type_text, MEMBER(struct check, expect), .least = 1, .most = 1024, .takes_controls = true,
      .doc = "text that must come back, in the first 16 KiB" },
    { "query", &type_text, MEMBER(struct check, query), .least = 1, .most = 1015, .accept = dns_name_accept,
      .doc = "name to ask for" },
    { "query_type", &type_query_type, MEMBER(struct check, query_type), .fallback = "\"A\"",
      .doc = "record type to ask for" },
    { "rcode", &type_word, MEMBER(struct check, rcode), .words = rcodes, .fallback = "\"NOERROR\"",
      .doc = "response code that is good" },
    { "answer", &type_text, MEMBER(struct check, answer), .least = 1, .most = 255,
      .doc = "an answer that must be there: an address, a name or a text, as the type has it" },
    { "service", &type_text, MEMBER(struct check, service), .least = 1, .most = 255,
      .doc = "gRPC service to ask about; the whole server by default" },
    { "command", &type_texts, MEMBER(struct check, command), COUNT(struct check, command_count),
      .most = CHECK_ARGUMENTS_MAX, .doc = "absolute path and arguments of the program that checks" },
    { "ttl", &type_duration, MEMBER(struct check, ttl_ms), .least = SECOND, .most = DAY,
      .doc = "how long a report holds; no other by then is a bad result" },
    { "of", &type_texts, MEMBER(struct check, inputs), COUNT(struct check, input_count),
      .most = CHECK_INPUTS_MAX, .accept = input_accept, .pattern = "^!?[A-Za-z0-9._-]{1,63}$",
      .doc = "names of the checks it follows from; good is one that is up, or with \"!\" in front, down" },
    { "require", &type_require, MEMBER(struct check, needed), .fallback = "\"all\"",
      .doc = "how many of them must be good: \"all\", \"any\" or a number" },
};
const struct shape shape_check = { .name = "check", .doc = "a health check", SHAPE(check_fields) };
