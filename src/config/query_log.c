/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query log and dnstap in steerd.json. */
#include "config/settings.h"
#include "schema.h"

#include <stddef.h>

/* A share above 0 and up to 1, as a chance of UINT32_MAX. */
static void read_share(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    double share = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (!(share > 0 && share <= 1))
        reader_expect(reader, value, "must be above 0 and at most 1: the share of the queries");
    else
        *(uint32_t *)field_member(field, base) = share * UINT32_MAX < 1 ? 1 : (uint32_t)(share * UINT32_MAX);
}

static void describe_share(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1");
}

static const struct field_type type_share = { read_share, describe_share };

static const struct field query_log_fields[] = {
    { "file", &type_text, MEMBER(struct settings, query_log.path), .least = 1, .is_required = true,
      .doc = "file that a line of JSON is appended to for each of them; SIGHUP opens it again" },
    { "sample", &type_share, MEMBER(struct settings, query_log.chance), .fallback = "0.01",
      .doc = "share of the queries, taken by lot; 1: all" },
};
const struct shape shape_query_log = { .name = "query_log",
                                       .doc = "a sample of the queries in a file",
                                       SHAPE(query_log_fields) };

static const struct field dnstap_fields[] = {
    { "socket", &type_text, MEMBER(struct settings, dnstap.path), .least = 1, .is_required = true,
      .doc = "unix socket that a reader of dnstap listens on" },
    { "sample", &type_share, MEMBER(struct settings, dnstap.chance), .fallback = "1",
      .doc = "share of the queries, taken by lot; 1: all" },
};
const struct shape shape_dnstap = { .name = "dnstap",
                                    .doc = "queries for a reader of dnstap",
                                    SHAPE(dnstap_fields) };
