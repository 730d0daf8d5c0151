/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schema.h"

#include "model_parts.h"

#include <stddef.h>

/* Every option of a check: one row each. */

static const char *const check_types[] = { "http", "https", "tcp", NULL }; /* as enum check_type */

static bool method_accept(const char *text, struct error *err);

static const struct field check_fields[] = {
    { "type", &type_word, MEMBER(struct check, type), .words = check_types, .is_required = true,
      .doc = "how to ask" },
    { "interval", &type_duration, MEMBER(struct check, interval_ms), .least = 100, .most = HOUR,
      .fallback = "\"3s\"", .doc = "from the start of one check to the start of the next" },
    { "timeout", &type_duration, MEMBER(struct check, timeout_ms), .least = 10, .most = MINUTE,
      .fallback = "\"1s\"", .doc = "how long a check may take" },
    { "rise", &type_integer, MEMBER(struct check, rise), .least = 1, .most = 100, .fallback = "2",
      .doc = "good results in a row that turn a down endpoint up" },
    { "fall", &type_integer, MEMBER(struct check, fall), .least = 1, .most = 100, .fallback = "3",
      .doc = "bad results in a row that turn an up endpoint down" },
    { "port", &type_integer, MEMBER(struct check, port), .least = 1, .most = 65535,
      .doc = "port to connect to; the scheme's by default" },
    { "host", &type_text, MEMBER(struct check, target_host), .least = 1, .accept = hostname_or_address_accept,
      .doc = "host to connect to instead of the endpoint's address" },
    { "jitter_percent", &type_integer, MEMBER(struct check, jitter_percent), .least = 0, .most = 100,
      .fallback = "10", .doc = "how far the phase may move, of the interval" },
    { "path", &type_text, MEMBER(struct check, path), .least = 1, .most = 2048, .accept = path_accept,
      .pattern = "^/", .fallback = "\"/\"", .doc = "path and query to ask for" },
    { "method", &type_text, MEMBER(struct check, method), .accept = method_accept, .pattern = "^(GET|HEAD)$",
      .fallback = "\"GET\"", .doc = "GET or HEAD" },
    { "host_header", &type_text, MEMBER(struct check, host_header), .least = 1, .most = 300,
      .accept = word_accept, .doc = "Host header; the address by default" },
    { "codes", &type_codes, .fallback = "\"200-299\"", .doc = "status codes that are good" },
    { "body_contains", &type_text, MEMBER(struct check, body_contains), .least = 1, .most = 1024,
      .takes_controls = true, .doc = "text that must stand in the body" },
    { "sni", &type_text, MEMBER(struct check, sni), .least = 1, .most = 255, .accept = hostname_accept,
      .doc = "TLS server name; the Host header by default" },
    { "verify", &type_boolean, MEMBER(struct check, verify), .fallback = "true",
      .doc = "whether the certificate must be valid" },
    { "ca_file", &type_text, MEMBER(struct check, ca_file), .least = 1, .accept = absolute_path_accept,
      .pattern = "^/", .doc = "certificates to trust instead of the system's" },
};
const struct shape shape_check = { .name = "check", .doc = "a health check", SHAPE(check_fields) };

static bool method_accept(const char *text, struct error *err)
{
    bool is_known = text[0] == 'G' ? text[1] == 'E' && text[2] == 'T' && text[3] == '\0'
                                   : text[0] == 'H' && text[1] == 'E' && text[2] == 'A' && text[3] == 'D' &&
                                         text[4] == '\0';
    return is_known || error_set(err, "must be \"GET\" or \"HEAD\"");
}
