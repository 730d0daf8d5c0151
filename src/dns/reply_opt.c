/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/reply_opt.h"

#include "dns/bytes.h"
#include "dns/type.h"

#define OPT_FIXED_SIZE     11 /* root owner, type, class, TTL, RDLENGTH */
#define OPTION_HEADER_SIZE 4

static size_t ecs_address_size(const struct edns_ecs *ecs)
{
    return (ecs->source_len + 7u) / 8;
}

static size_t ede_text_size(const struct dns_reply_edns *edns)
{
    return edns->ede_text != NULL ? strlen(edns->ede_text) : 0;
}

static bool has_rare_options(const struct dns_reply_edns *edns)
{
    return edns->cookie != NULL || edns->nsid != NULL || edns->local != NULL ||
           (edns->keepalive_ds & edns->ede) >= 0;
}

/* The options other than ECS: kept out of the way of the usual reply. */
static __attribute__((noinline)) size_t rare_size(const struct dns_reply_edns *edns)
{
    size_t size = 0;
    if (edns->cookie != NULL)
        size += OPTION_HEADER_SIZE + (size_t)edns->cookie_size;
    if (edns->keepalive_ds >= 0)
        size += OPTION_HEADER_SIZE + 2;
    if (edns->nsid != NULL)
        size += OPTION_HEADER_SIZE + strlen(edns->nsid);
    if (edns->local != NULL)
        size += OPTION_HEADER_SIZE + (size_t)edns->local_size;
    if (edns->ede >= 0)
        size += OPTION_HEADER_SIZE + 2 + ede_text_size(edns);
    return size;
}

size_t reply_opt_size(const struct dns_reply_edns *edns)
{
    if (edns->udp_size == 0)
        return 0;
    size_t size = OPT_FIXED_SIZE;
    if (edns->ecs != NULL)
        size += OPTION_HEADER_SIZE + 4 + ecs_address_size(edns->ecs);
    return has_rare_options(edns) ? size + rare_size(edns) : size;
}

/* Where the options go.  What does not fit is left out as a whole. */
struct options {
    uint8_t *at, *end;
};

/* Starts an option of `size` bytes and returns where its data goes, NULL if there is no room. */
static uint8_t *add_option(struct options *options, unsigned code, size_t size)
{
    if ((size_t)(options->end - options->at) < OPTION_HEADER_SIZE + size)
        return NULL;
    uint8_t *data = options->at + OPTION_HEADER_SIZE;
    put_u16(options->at, code);
    put_u16(options->at + 2, (unsigned)size);
    options->at = data + size;
    return data;
}

static void add_ecs(struct options *options, const struct edns_ecs *ecs, uint8_t scope_len)
{
    size_t address_size = ecs_address_size(ecs);
    uint8_t *data = add_option(options, EDNS_ECS, 4 + address_size);
    if (data == NULL)
        return;
    put_u16(data, ecs->address.family == ADDRESS_V4 ? 1 : ecs->address.family == ADDRESS_V6 ? 2 : 0);
    data[2] = ecs->source_len;
    data[3] = scope_len;
    copy_short(data + 4, ecs->address.bytes, address_size);
}

static void add_bytes(struct options *options, unsigned code, const void *bytes, size_t size)
{
    uint8_t *data = add_option(options, code, size);
    if (data != NULL)
        memcpy(data, bytes, size);
}

static void add_ede(struct options *options, const struct dns_reply_edns *edns)
{
    size_t text_size = ede_text_size(edns);
    uint8_t *data = add_option(options, EDNS_EDE, 2 + text_size);
    if (data == NULL) {
        text_size = 0; /* the code alone says the most */
        data = add_option(options, EDNS_EDE, 2);
    }
    if (data == NULL)
        return;
    put_u16(data, (unsigned)edns->ede);
    memcpy(data + 2, edns->ede_text != NULL ? edns->ede_text : "", text_size);
}

static __attribute__((noinline)) void add_rare(struct options *options, const struct dns_reply_edns *edns)
{
    if (edns->cookie != NULL)
        add_bytes(options, EDNS_COOKIE, edns->cookie, edns->cookie_size);
    if (edns->keepalive_ds >= 0) {
        uint8_t timeout[2];
        put_u16(timeout, (unsigned)edns->keepalive_ds);
        add_bytes(options, EDNS_KEEPALIVE, timeout, sizeof timeout);
    }
    if (edns->nsid != NULL)
        add_bytes(options, EDNS_NSID, edns->nsid, strlen(edns->nsid));
    if (edns->local != NULL)
        add_bytes(options, edns->local_code, edns->local, edns->local_size);
    if (edns->ede >= 0)
        add_ede(options, edns);
}

size_t reply_opt_write(const struct dns_reply_edns *edns, unsigned extended_rcode, uint8_t *out, size_t room)
{
    struct options options = { .at = out + OPT_FIXED_SIZE, .end = out + room };
    out[0] = 0;
    put_u16(out + 1, DNS_OPT);
    put_u16(out + 3, edns->udp_size);
    out[5] = (uint8_t)(extended_rcode >> 4);
    out[6] = 0; /* version */
    out[7] = edns->dnssec_ok ? 0x80 : 0;
    out[8] = 0;
    /* the most needed first */
    if (edns->ecs != NULL)
        add_ecs(&options, edns->ecs, edns->scope_len);
    if (has_rare_options(edns))
        add_rare(&options, edns);
    size_t size = (size_t)(options.at - out);
    put_u16(out + 9, (unsigned)(size - OPT_FIXED_SIZE));
    return size;
}
