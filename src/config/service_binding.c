/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_binding.h"

#include "base/base64.h"
#include "dns/name.h"
#include "model_parts.h"

#include <string.h>

/* RFC 9460 §14.3.2; keys stand in rising order. */
enum svc_key {
    KEY_MANDATORY = 0,
    KEY_ALPN = 1,
    KEY_NO_DEFAULT_ALPN = 2,
    KEY_PORT = 3,
    KEY_ECH = 5,
    KEY_COUNT
};
static const char *const key_names[KEY_COUNT] = {
    [KEY_ALPN] = "alpn", [KEY_NO_DEFAULT_ALPN] = "no-default-alpn", [KEY_PORT] = "port", [KEY_ECH] = "ech"
};

#define ALPN_MAX 32

bool alpn_accept(const char *text, struct error *err)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(err, "must be a protocol such as \"h2\"");
    }
    return (size >= 1 && size <= ALPN_MAX) || error_set(err, "must have 1 to %d characters", ALPN_MAX);
}

bool ech_accept(const char *text, struct error *err)
{
    uint8_t bytes[ECH_SIZE_MOST];
    size_t size;
    if (!base64_decode(text, bytes, sizeof bytes, &size))
        return error_set(err, "must be base64 of at most %d bytes", ECH_SIZE_MOST);
    if (size < 4 || ((size_t)bytes[0] << 8 | bytes[1]) != size - 2)
        return error_set(err, "must be an ECHConfigList, which begins with its length");
    return true;
}

static enum svc_key key_of(const char *name)
{
    for (int key = 0; key < KEY_COUNT; key++) {
        if (key_names[key] != NULL && strcmp(name, key_names[key]) == 0)
            return (enum svc_key)key;
    }
    return KEY_MANDATORY;
}

bool mandatory_accept(const char *text, struct error *err)
{
    return key_of(text) != KEY_MANDATORY ||
           error_set(err, "must be \"alpn\", \"no-default-alpn\", \"port\" or \"ech\"");
}

static bool has_key(const struct declared_binding *declared, enum svc_key key)
{
    switch (key) {
    case KEY_ALPN: return declared->alpn_count > 0;
    case KEY_NO_DEFAULT_ALPN: return declared->has_no_default_alpn;
    case KEY_PORT: return declared->port != 0;
    case KEY_ECH: return declared->ech != NULL;
    default: return false;
    }
}

static bool is_mandatory(const struct declared_binding *declared, enum svc_key key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (key_of(declared->mandatory[i]) == key)
            return true;
    }
    return false;
}

void binding_check(struct reader *reader, const char *key, const struct declared_binding *declared)
{
    size_t before = reader_enter(reader, key);
    if (declared->has_no_default_alpn && declared->alpn_count == 0)
        reader_refuse(reader, "\"no_default_alpn\" needs \"alpn\"");
    for (size_t i = 0; i < declared->mandatory_count; i++) {
        const char *name = declared->mandatory[i];
        if (is_mandatory(declared, key_of(name), i))
            reader_refuse(reader, "\"%s\" is mandatory twice", name);
        else if (!has_key(declared, key_of(name)))
            reader_refuse(reader, "\"%s\" is mandatory but not given", name);
    }
    reader_leave(reader, before);
}

/* ---- wire form ---- */

static uint8_t *put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_mandatory(uint8_t *at, const struct declared_binding *declared)
{
    if (declared->mandatory_count == 0)
        return at;
    at = put_u16(put_u16(at, KEY_MANDATORY), 2 * declared->mandatory_count);
    for (int key = 0; key < KEY_COUNT; key++) {
        if (is_mandatory(declared, (enum svc_key)key, declared->mandatory_count))
            at = put_u16(at, (size_t)key);
    }
    return at;
}

static uint8_t *put_alpn(uint8_t *at, const struct declared_binding *declared)
{
    if (declared->alpn_count == 0)
        return at;
    uint8_t *length_at = put_u16(at, KEY_ALPN);
    at = length_at + 2;
    for (size_t i = 0; i < declared->alpn_count; i++) {
        size_t size = strlen(declared->alpn[i]);
        *at++ = (uint8_t)size;
        memcpy(at, declared->alpn[i], size);
        at += size;
    }
    put_u16(length_at, (size_t)(at - length_at - 2));
    return declared->has_no_default_alpn ? put_u16(put_u16(at, KEY_NO_DEFAULT_ALPN), 0) : at;
}

static uint8_t *put_target(uint8_t *at, const struct declared_binding *declared)
{
    struct dns_name target;
    if (declared->target == NULL || !dns_name_parse(declared->target, NULL, &target)) {
        *at = 0; /* ".": the owner itself (§2.5.2) */
        return at + 1;
    }
    memcpy(at, target.bytes, target.size);
    return at + target.size;
}

static uint8_t *put_ech(uint8_t *at, const struct declared_binding *declared)
{
    size_t size;
    if (declared->ech == NULL || !base64_decode(declared->ech, at + 4, ECH_SIZE_MOST, &size))
        return at;
    put_u16(put_u16(at, KEY_ECH), size);
    return at + 4 + size;
}

size_t binding_write(const struct declared_binding *declared, struct service_binding *out)
{
    if (declared->priority == 0)
        return 0;
    uint8_t *head = put_target(put_u16(out->bytes, declared->priority), declared);
    head = put_alpn(put_mandatory(head, declared), declared);
    if (declared->port != 0)
        head = put_u16(put_u16(put_u16(head, KEY_PORT), 2), declared->port);
    uint8_t *tail = put_ech(head, declared);
    out->head_size = (uint16_t)(head - out->bytes);
    out->tail_size = (uint16_t)(tail - head);
    out->has_target = declared->target != NULL;
    return sizeof *out + (size_t)(tail - out->bytes);
}
