/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/check.h"

#include "base/memory.h"
#include "config/check_values.h"
#include "dns/name.h"
#include "dns/type.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const check_type_names[] = { "http", "https", "tcp",  "tls",        "dns", "grpc",
                                         "icmp", "exec",  "push", "calculated", NULL };
static_assert(sizeof check_type_names / sizeof *check_type_names == CHECK_TYPE_COUNT + 1, "a type, a name");

const char *const latency_of_names[] = { "connect", "tls", "first_byte", NULL };
static_assert(sizeof latency_of_names / sizeof *latency_of_names == LATENCY_OF_COUNT + 1, "a step, a name");

const char *check_type_name(enum check_type type)
{
    return check_type_names[type];
}

/* Where the strings and the plain values stand: a new option gets a line here. */
#define AT(member) offsetof(struct check, member)
static const size_t strings[] = {
    AT(name), AT(target_host), AT(path),  AT(method),        AT(host_header),
    AT(sni),  AT(ca_file),     AT(body),  AT(body_contains), AT(body_matches),
    AT(send), AT(expect),      AT(query), AT(answer),        AT(service),
};

static const struct {
    size_t at, size;
} values[] = {
#define VALUE(member)                                    \
    {                                                    \
        AT(member), sizeof((struct check *)NULL)->member \
    }
    VALUE(type),
    VALUE(interval_ms),
    VALUE(timeout_ms),
    VALUE(rise),
    VALUE(fall),
    VALUE(port),
    VALUE(source),
    VALUE(jitter_percent),
    VALUE(confirm),
    VALUE(damping.flaps),
    VALUE(damping.within_ms),
    VALUE(damping.hold_ms),
    VALUE(latency_of),
    VALUE(redirects),
    VALUE(reuse_ms),
    VALUE(uses_tls),
    VALUE(verify),
    VALUE(warn_before_ms),
    VALUE(query_type),
    VALUE(rcode),
    VALUE(ttl_ms),
    VALUE(needed),
#undef VALUE
};

static char *string_of(const struct check *check, size_t i)
{
    return *(char *const *)((const char *)check + strings[i]);
}

static void list_free(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

struct check *check_acquire(struct check *check)
{
    check->references++;
    return check;
}

void check_release(struct check *check)
{
    if (check == NULL || --check->references > 0)
        return;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(string_of(check, i));
    list_free(check->headers, check->header_count);
    list_free(check->command, check->command_count);
    list_free(check->inputs, check->input_count);
    free(check);
}

static char **list_copy(char *const *list, size_t count)
{
    char **copy = count > 0 ? xcalloc(count, sizeof *copy) : NULL;
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(list[i]);
    return copy;
}

struct check *check_copy(const struct check *check)
{
    struct check *copy = xmemdup(check, sizeof *check);
    copy->references = 1;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        const char *string = string_of(check, i);
        *(char **)((char *)copy + strings[i]) = string != NULL ? xstrdup(string) : NULL;
    }
    copy->headers = list_copy(check->headers, check->header_count);
    copy->command = list_copy(check->command, check->command_count);
    copy->inputs = list_copy(check->inputs, check->input_count);
    return copy;
}

/* ---- comparing ---- */

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool lists_equal(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
    for (size_t i = 0; i < a_count && i < b_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return a_count == b_count;
}

static bool codes_equal(const struct check *a, const struct check *b)
{
    for (size_t i = 0; i < a->code_count && i < b->code_count; i++)
        if (a->codes[i].low != b->codes[i].low || a->codes[i].high != b->codes[i].high)
            return false;
    return a->code_count == b->code_count;
}

bool check_equal(const struct check *a, const struct check *b)
{
    if (a == b)
        return true;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (!text_equal(string_of(a, i), string_of(b, i)))
            return false;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (memcmp((const char *)a + values[i].at, (const char *)b + values[i].at, values[i].size) != 0)
            return false;
    return codes_equal(a, b) && lists_equal(a->headers, a->header_count, b->headers, b->header_count) &&
           lists_equal(a->command, a->command_count, b->command, b->command_count) &&
           lists_equal(a->inputs, a->input_count, b->inputs, b->input_count);
}

/* ---- the answer that a dns check waits for ---- */

static bool address_rdata(const struct check *check, enum address_family family, uint8_t *out, size_t *size)
{
    struct address address;
    if (!address_parse(check->answer, &address) || address.family != family)
        return false;
    *size = family == ADDRESS_V4 ? 4 : 16;
    memcpy(out, address.bytes, *size);
    return true;
}

bool check_answer_rdata(const struct check *check, uint8_t out[CHECK_RDATA_SIZE_MAX], size_t *size)
{
    struct dns_name name;
    switch (check->query_type) {
    case DNS_A: return address_rdata(check, ADDRESS_V4, out, size);
    case DNS_AAAA: return address_rdata(check, ADDRESS_V6, out, size);
    case DNS_CNAME:
    case DNS_NS:
    case DNS_PTR:
        if (!dns_name_parse(check->answer, NULL, &name))
            return false;
        *size = name.size;
        memcpy(out, name.bytes, name.size);
        return true;
    case DNS_TXT:
        *size = strlen(check->answer) + 1;
        if (*size > CHECK_RDATA_SIZE_MAX)
            return false;
        out[0] = (uint8_t)(*size - 1);
        memcpy(out + 1, check->answer, *size - 1);
        return true;
    default: return false;
    }
}
