/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_https.h"

#include "model_parts.h"

#include <string.h>

#define KEY_ALPN 1 /* RFC 9460 §14.3.2; keys stand in rising order */
#define KEY_PORT 3
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

static uint8_t *put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_alpn(uint8_t *at, const struct declared_service *declared)
{
    uint8_t *length_at = put_u16(at, KEY_ALPN);
    at = length_at + 2;
    for (size_t i = 0; i < declared->https_alpn_count; i++) {
        size_t size = strlen(declared->https_alpn[i]);
        *at++ = (uint8_t)size;
        memcpy(at, declared->https_alpn[i], size);
        at += size;
    }
    put_u16(length_at, (size_t)(at - length_at - 2));
    return at;
}

uint16_t service_https_write(const struct declared_service *declared, uint8_t out[SERVICE_HTTPS_SIZE_MAX])
{
    if (declared->https_priority == 0)
        return 0;
    uint8_t *at = put_u16(out, declared->https_priority);
    *at++ = 0; /* TargetName ".": the owner itself (§2.5.2) */
    if (declared->https_alpn_count > 0)
        at = put_alpn(at, declared);
    if (declared->https_port != 0)
        at = put_u16(put_u16(put_u16(at, KEY_PORT), 2), declared->https_port);
    return (uint16_t)(at - out);
}
