/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/cookie.h"

#include "answer/siphash.h"

/*
 * RFC 9018 §4: client cookie | version, reserved | timestamp | SipHash-2-4 of all these and the client's
 * address.
 */
#define CLIENT_SIZE    8
#define SERVER_SIZE    16
#define HEAD_SIZE      8 /* of the server cookie: what stands in front of the hash */
#define SERVER_VERSION 1
#define TIMESTAMP_AT   4 /* in the server cookie */

/* RFC 9018 §4.3 */
#define LIFETIME_S 3600
#define AHEAD_S    300
#define REFRESH_S  1800

_Static_assert(COOKIE_REPLY_SIZE == CLIENT_SIZE + SERVER_SIZE, "");

static uint64_t hash_of(const uint8_t secret[COOKIE_SECRET_SIZE], const uint8_t *client, const uint8_t *head,
                        const struct address *source)
{
    const bool is_v6 = source->family == ADDRESS_V6;
    const uint64_t size = CLIENT_SIZE + HEAD_SIZE + (is_v6 ? 16 : 4);
    struct siphash hash = siphash_add(siphash_begin(secret), siphash_word(client));
    hash = siphash_add(hash, siphash_word(head));
    if (!is_v6)
        return siphash_end(hash, size << 56 | (uint32_t)siphash_word(source->bytes));
    hash = siphash_add(hash, siphash_word(source->bytes));
    hash = siphash_add(hash, siphash_word(source->bytes + 8));
    return siphash_end(hash, size << 56);
}

/* The seconds since it was made, negative if that was by a clock ahead of ours; in serial number arithmetic
 * (RFC 9018 §4.3). */
static int32_t age_s(const struct edns_cookie *cookie, uint32_t now_s)
{
    const uint8_t *at = cookie->server + TIMESTAMP_AT;
    return (int32_t)(now_s - ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]));
}

/* The index of the secret that made it, or -1: none did, or too long ago. */
static int maker_of(const struct server_keys *keys, const struct edns_cookie *cookie,
                    const struct address *source, uint32_t now_s)
{
    if (cookie->server_size != SERVER_SIZE || cookie->server[0] != SERVER_VERSION ||
        age_s(cookie, now_s) > LIFETIME_S || age_s(cookie, now_s) < -AHEAD_S)
        return -1;
    const uint64_t hash = siphash_word(cookie->server + HEAD_SIZE);
    for (unsigned i = 0; i < keys->cookie_count; i++) {
        if (hash_of(keys->cookie_secrets[i], cookie->client, cookie->server, source) == hash)
            return (int)i;
    }
    return -1;
}

static void make(const struct server_keys *keys, const struct edns_cookie *cookie,
                 const struct address *source, uint32_t now_s, uint8_t out[SERVER_SIZE])
{
    const uint8_t head[HEAD_SIZE] = {
        SERVER_VERSION, 0, 0, 0, (uint8_t)(now_s >> 24), (uint8_t)(now_s >> 16), (uint8_t)(now_s >> 8),
        (uint8_t)now_s
    };
    const uint64_t hash = htole64(hash_of(keys->cookie_secrets[0], cookie->client, head, source));
    memcpy(out, head, HEAD_SIZE);
    memcpy(out + HEAD_SIZE, &hash, sizeof hash);
}

enum cookie_state cookie_answer(const struct server_keys *keys, const struct edns_cookie *cookie,
                                const struct address *source, uint32_t now_s, uint8_t out[COOKIE_REPLY_SIZE])
{
    memcpy(out, cookie->client, CLIENT_SIZE);
    int maker = maker_of(keys, cookie, source, now_s);
    if (maker == 0 && age_s(cookie, now_s) <= REFRESH_S) {
        memcpy(out + CLIENT_SIZE, cookie->server, SERVER_SIZE);
        return COOKIE_VALID;
    }
    /* a cookie of an older secret is renewed, too: then that one can go */
    make(keys, cookie, source, now_s, out + CLIENT_SIZE);
    if (maker >= 0)
        return COOKIE_VALID;
    return cookie->server_size == 0 ? COOKIE_CLIENT_ONLY : COOKIE_BAD;
}
