/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/cookie.h"

#include <libknot/cookies.h>
#include <libknot/errcode.h>

#include <string.h>

/*
 * RFC 9018 §4: client cookie | version, reserved | timestamp | SipHash-2-4 of all these and the client's
 * address.
 */
#define CLIENT_SIZE    8
#define SERVER_SIZE    16
#define SERVER_VERSION 1
#define TIMESTAMP_AT   4 /* in the server cookie */

/* RFC 9018 §4.3 */
#define LIFETIME_S 3600
#define AHEAD_S    300
#define REFRESH_S  1800

_Static_assert(COOKIE_SECRET_SIZE == KNOT_EDNS_COOKIE_SECRET_SIZE, "");
_Static_assert(COOKIE_REPLY_SIZE == CLIENT_SIZE + SERVER_SIZE, "");

static void use_secret(const struct server_keys *keys, unsigned index, knot_edns_cookie_params_t *params)
{
    memcpy(params->secret, keys->cookie_secrets[index], COOKIE_SECRET_SIZE);
}

/* The index of the secret that made it, or -1. */
static int maker_of(const struct server_keys *keys, const struct edns_cookie *cookie,
                    const knot_edns_cookie_t *client, knot_edns_cookie_params_t *params)
{
    if (cookie->server_size != SERVER_SIZE || cookie->server[0] != SERVER_VERSION)
        return -1;
    knot_edns_cookie_t server = { .len = SERVER_SIZE };
    memcpy(server.data, cookie->server, SERVER_SIZE);
    for (unsigned i = 0; i < keys->cookie_count; i++) {
        use_secret(keys, i, params);
        if (knot_edns_cookie_server_check(&server, client, params) == KNOT_EOK)
            return (int)i;
    }
    return -1;
}

/* Older than the client should go on with.  One from a clock ahead of ours is young. */
static bool is_old(const struct edns_cookie *cookie, uint32_t now_s)
{
    const uint8_t *at = cookie->server + TIMESTAMP_AT;
    uint32_t made_s = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return now_s > made_s && now_s - made_s > REFRESH_S;
}

enum cookie_state cookie_answer(const struct server_keys *keys, const struct edns_cookie *cookie,
                                const struct address *source, uint32_t now_s, uint8_t out[COOKIE_REPLY_SIZE])
{
    struct sockaddr_storage from;
    address_to_sockaddr(source, 0, &from);
    knot_edns_cookie_params_t params = {
        .version = SERVER_VERSION,
        .timestamp = now_s,
        .lifetime_before = LIFETIME_S,
        .lifetime_after = AHEAD_S,
        .client_addr = &from,
    };
    knot_edns_cookie_t client = { .len = CLIENT_SIZE }, server;
    memcpy(client.data, cookie->client, CLIENT_SIZE);
    memcpy(out, cookie->client, CLIENT_SIZE);
    int maker = maker_of(keys, cookie, &client, &params);
    if (maker == 0 && !is_old(cookie, now_s)) {
        memcpy(out + CLIENT_SIZE, cookie->server, SERVER_SIZE);
        return COOKIE_VALID;
    }
    use_secret(keys, 0, &params); /* a cookie of an older secret is renewed, too: then that one can go */
    knot_edns_cookie_server_generate(&server, &client, &params);
    memcpy(out + CLIENT_SIZE, server.data, SERVER_SIZE);
    if (maker >= 0)
        return COOKIE_VALID;
    return cookie->server_size == 0 ? COOKIE_CLIENT_ONLY : COOKIE_BAD;
}
