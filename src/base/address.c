/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/address.h"

#include "base/inlined.h"

#include <endian.h>
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool address_parse(const char *text, struct address *out)
{
    struct address address = { 0 };
    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.family = ADDRESS_V4;
    else if (inet_pton(AF_INET6, text, address.bytes) == 1)
        address.family = ADDRESS_V6;
    else
        return false;
    *out = address;
    return true;
}

static bool parse_number(const char *text, unsigned long most, unsigned long *out)
{
    if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1] != '\0') || strlen(text) > 5)
        return false;
    char *end;
    *out = strtoul(text, &end, 10);
    return *end == '\0' && *out <= most;
}

bool prefix_parse(const char *text, struct prefix *out)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct prefix prefix;
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!address_parse(copy, &prefix.address))
        return false;
    unsigned long length = address_bits(&prefix.address);
    if (slash != NULL && !parse_number(slash + 1, length, &length))
        return false;
    prefix.length = (uint8_t)length;
    struct address masked = prefix.address;
    address_mask(&masked, prefix.length);
    if (!address_equal(&masked, &prefix.address))
        return false;
    *out = prefix;
    return true;
}

void address_format(const struct address *address, char out[ADDRESS_TEXT_SIZE])
{
    int family = address->family == ADDRESS_V4 ? AF_INET : AF_INET6;
    if (address->family == ADDRESS_NONE || inet_ntop(family, address->bytes, out, ADDRESS_TEXT_SIZE) == NULL)
        strcpy(out, "none");
}

void prefix_format(const struct prefix *prefix, char out[ADDRESS_TEXT_SIZE])
{
    address_format(&prefix->address, out);
    size_t used = strlen(out);
    snprintf(out + used, ADDRESS_TEXT_SIZE - used, "/%u", prefix->length);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void address_mask(struct address *address, uint8_t length)
{
    for (unsigned i = 0; i < 16; i++) {
        if (i * 8 >= length)
            address->bytes[i] = 0;
        else if (i * 8 + 8 > length)
            address->bytes[i] &= (uint8_t)(0xff00 >> (length - i * 8));
    }
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
    struct address masked = *address;
    address_mask(&masked, prefix->length);
    return address_equal(&masked, &prefix->address);
}

static inline void set_v4(const void *bytes, struct address *out)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    const uint64_t words[2] = { htole64(le32toh(word)), 0 }; /* its bytes, and twelve zeros */
    out->family = ADDRESS_V4;
    memcpy(out->bytes, words, sizeof out->bytes);
}

INLINED void address_of_sockaddr(const struct sockaddr_storage *from, struct address *out)
{
    if (from->ss_family == AF_INET) {
        set_v4(&((const struct sockaddr_in *)from)->sin_addr, out);
    } else if (from->ss_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)from)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            set_v4(v6->s6_addr + 12, out);
            return;
        }
        out->family = ADDRESS_V6;
        memcpy(out->bytes, v6->s6_addr, sizeof out->bytes);
    } else {
        *out = (struct address){ 0 };
    }
}

socklen_t address_to_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_V4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, address->bytes, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, address->bytes, 16);
    return sizeof *v6;
}

bool address_parse_with_port(const char *text, struct address *out, uint16_t *port)
{
    char copy[ADDRESS_TEXT_SIZE];
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    char *colon = strrchr(copy, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    char *host = copy;
    bool is_bracketed = copy[0] == '[' && colon > copy + 1 && colon[-1] == ']';
    if (is_bracketed) {
        host++;
        colon[-1] = '\0';
    }
    struct address address;
    unsigned long number;
    if (!address_parse(host, &address) || (address.family == ADDRESS_V6) != is_bracketed ||
        !parse_number(colon + 1, 65535, &number))
        return false;
    *out = address;
    *port = (uint16_t)number;
    return true;
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t v6_loopback[16] = { [15] = 1 };
    if (address->family == ADDRESS_V4)
        return address->bytes[0] == 127;
    return address->family == ADDRESS_V6 && memcmp(address->bytes, v6_loopback, sizeof v6_loopback) == 0;
}

static const char *const special_purpose[] = {
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/127",
    "::ffff:0:0/96",   "64:ff9b:1::/48", "100::/64",      "2001:db8::/32",  "2001:2::/48",
    "3fff::/20",       "5f00::/16",      "fc00::/7",      "fe80::/10",      "ff00::/8",
};

bool address_special_purpose_at(size_t index, struct prefix *out)
{
    return index < sizeof special_purpose / sizeof *special_purpose &&
           prefix_parse(special_purpose[index], out);
}

const char *address_bind_hint(int error_number)
{
    switch (error_number) {
    case EACCES: return " (ports below 1024 need root or CAP_NET_BIND_SERVICE)";
    case EADDRINUSE: return " (another program listens there)";
    case EADDRNOTAVAIL: return " (no interface has this address)";
    default: return "";
    }
}
