/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of client networks. */
#include "base/memory.h"
#include "model_parts.h"

#define PREFIX_PATTERN "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"

static bool read_prefix(struct reader *reader, const cJSON *value, struct prefix *out)
{
    if (cJSON_IsString(value) && prefix_parse(value->valuestring, out))
        return true;
    return reader_expect(reader, value,
                         "must be a network without host bits such as \"192.0.2.0/24\" or "
                         "\"2001:db8::/32\", or an address");
}

/* An empty list is a list: it is not NULL. */
static void read_prefixes(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    struct prefix **list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    if (!cJSON_IsArray(value)) {
        reader_expect(reader, value, "must be a list of networks such as [\"192.0.2.0/24\"]");
        return;
    }
    size_t room = (size_t)cJSON_GetArraySize(value);
    if (room > (size_t)field->most) {
        reader_refuse(reader, "must have at most %lld elements, got %zu", (long long)field->most, room);
        return;
    }
    *list = xcalloc(room + 1, sizeof **list);
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        *count += read_prefix(reader, element, &(*list)[*count]);
        reader_leave(reader, before);
    }
}

static void describe_prefixes(const struct field *field, struct text *out)
{
    text_puts(out, "\"type\": \"array\", \"items\": { \"type\": \"string\", ");
    describe_word(out, "pattern", PREFIX_PATTERN);
    text_printf(out, " }, \"maxItems\": %lld", (long long)field->most);
}

const struct field_type type_prefixes = { read_prefixes, describe_prefixes };
