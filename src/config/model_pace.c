/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/duration.h"
#include "model_parts.h"

#include <string.h>

/* How an endpoint comes back: "hold": "10m" or "manual". */

#define HOLD_LEAST_MS 1000
#define HOLD_MOST_MS  (7u * 24 * 3600 * 1000)

static void read_hold(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    uint32_t *hold_ms = field_member(field, base);
    uint64_t parsed_ms;
    if (cJSON_IsString(value) && strcmp(value->valuestring, "manual") == 0)
        *hold_ms = HOLD_MANUAL;
    else if (!cJSON_IsString(value) || !duration_parse(value->valuestring, &parsed_ms))
        reader_expect(reader, value, "must be a duration such as \"10m\", or \"manual\"");
    else if (parsed_ms < HOLD_LEAST_MS || parsed_ms > HOLD_MOST_MS)
        reader_expect(reader, value, "must be 1s to 7d, or \"manual\"");
    else
        *hold_ms = (uint32_t)parsed_ms;
}

static void describe_hold(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"anyOf\": [{ \"const\": \"manual\" }, { \"type\": \"string\", \"pattern\": "
                   "\"^[0-9]+(s|m|h|d)$\" }]");
}

const struct field_type type_hold = { read_hold, describe_hold };
