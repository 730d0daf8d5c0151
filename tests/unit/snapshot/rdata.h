/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/type.h"

#include <stdint.h>
#include <string.h>

#define RDATA_SIZE_MAX 64

/* A valid rdata of `type`, different for each `variant`.  Returns its size. */
static uint16_t rdata_make(uint16_t type, uint8_t variant, uint8_t out[RDATA_SIZE_MAX])
{
    static const uint8_t name_at[] = { [DNS_MX] = 2, [DNS_SRV] = 6, [DNS_HTTPS] = 2 };
    memset(out, variant, RDATA_SIZE_MAX);
    switch (type) {
    case DNS_A: return 4;
    case DNS_AAAA: return 16;
    case DNS_SOA: out[0] = out[1] = 0; return 22;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_DNAME:
    case DNS_MX:
    case DNS_SRV:
    case DNS_HTTPS: {
        uint16_t at = type < sizeof name_at ? name_at[type] : 0;
        memcpy(out + at, (const uint8_t[]){ 1, 'n', 0 }, 3);
        out[at + 1] = (uint8_t)('a' + variant % 26);
        return (uint16_t)(at + 3);
    }
    default: return (uint16_t)(1 + variant % 40);
    }
}
