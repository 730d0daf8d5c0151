/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include "base/memory.h"
#include "model_parts.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

static bool url_accept(const char *text, struct error *err)
{
    bool is_http = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return is_http || error_set(err, "must begin with \"http://\" or \"https://\"");
}

static const struct field webhook_fields[] = {
    { "url", &type_text, MEMBER(struct settings_webhook, url), .least = 8, .most = 2048, .accept = url_accept,
      .pattern = "^https?://", .is_required = true, .doc = "where events are posted to" },
    { "secret_file", &type_text, MEMBER(struct settings_webhook, secret_file), .least = 1,
      .doc = "file with the secret that signs them; unsigned by default" },
    { "events", &type_texts, MEMBER(struct settings_webhook, events),
      COUNT(struct settings_webhook, event_count), .most = 32, .doc = "kinds of events; all by default" },
};
static const struct shape shape_webhook = { .name = "webhook",
                                            .doc = "who is told of events",
                                            SHAPE(webhook_fields) };

static void read_webhooks(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    struct settings_webhook **list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    int room = cJSON_GetArraySize(value);
    if (!cJSON_IsArray(value) || room > field->most) {
        reader_expect(reader, value, "must be a list of %d webhooks at most", (int)field->most);
        return;
    }
    *list = xcalloc((size_t)room + 1, sizeof **list);
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        if (cJSON_IsObject(element))
            shape_read(reader, &shape_webhook, element, &(*list)[(*count)++]);
        else
            reader_expect(reader, element, "must be an object");
        reader_leave(reader, before);
    }
}

static void describe_webhooks(const struct field *field, struct text *out)
{
    text_printf(out, "\"type\": \"array\", \"maxItems\": %d, \"items\": ", (int)field->most);
    shape_describe(&shape_webhook, out);
}

const struct field_type type_webhooks = { read_webhooks, describe_webhooks };

void settings_webhooks_free(struct settings_webhook *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < list[i].event_count; k++)
            free(list[i].events[k]);
        free(list[i].events);
        free(list[i].url);
        free(list[i].secret_file);
    }
    free(list);
}
