/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/address.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct address address_of(const char *text)
{
    struct address address;
    if (!address_parse(text, &address))
        fail_msg("%s is no address", text);
    return address;
}

static void addresses_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family; /* ADDRESS_NONE: refused */
        const char *written;
    } cases[] = {
        { "192.0.2.1", ADDRESS_V4, "192.0.2.1" },
        { "0.0.0.0", ADDRESS_V4, "0.0.0.0" },
        { "2001:DB8::1", ADDRESS_V6, "2001:db8::1" },
        { "::", ADDRESS_V6, "::" },
        { "192.0.2", ADDRESS_NONE, NULL },
        { "192.0.2.256", ADDRESS_NONE, NULL },
        { "192.0.2.1 ", ADDRESS_NONE, NULL },
        { "192.0.2.01", ADDRESS_NONE, NULL },
        { "::1%lo", ADDRESS_NONE, NULL },
        { "[::1]", ADDRESS_NONE, NULL },
        { "", ADDRESS_NONE, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address = { 0 };
        char text[ADDRESS_TEXT_SIZE];
        bool is_parsed = address_parse(cases[i].text, &address);
        if (is_parsed != (cases[i].family != ADDRESS_NONE))
            fail_msg("'%s' was %s", cases[i].text, is_parsed ? "read" : "refused");
        assert_int_equal(address.family, cases[i].family);
        if (is_parsed) {
            address_format(&address, text);
            assert_string_equal(text, cases[i].written);
        }
    }
}

static void an_ipv4_mapped_address_is_the_ipv4_address(void **state)
{
    (void)state;
    struct sockaddr_storage storage = { 0 };
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    v6->sin6_family = AF_INET6;
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6->sin6_addr);
    struct address from_socket, expected = address_of("192.0.2.1");
    address_of_sockaddr(&storage, &from_socket);
    assert_true(address_equal(&from_socket, &expected));
}

static void prefixes_have_no_bits_behind_their_length(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written; /* NULL: refused */
    } cases[] = {
        { "192.0.2.0/24", "192.0.2.0/24" },
        { "192.0.2.1", "192.0.2.1/32" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "192.0.2.128/25", "192.0.2.128/25" },
        { "2001:db8::/32", "2001:db8::/32" },
        { "::/0", "::/0" },
        { "::1", "::1/128" },
        { "192.0.2.1/24", NULL },
        { "192.0.2.0/33", NULL },
        { "::/129", NULL },
        { "192.0.2.0/", NULL },
        { "192.0.2.0/ 24", NULL },
        { "192.0.2.0/024", NULL },
        { "192.0.2.0/-1", NULL },
        { "192.0.2.0/24x", NULL },
        { "192.0.2.0/24/24", NULL },
        { "/24", NULL },
        { "2001:db8::8000/112", NULL },
        { "2001:db8::1:0/111", NULL },
        { "2001:db8::1:0/112", "2001:db8::1:0/112" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prefix prefix;
        char text[ADDRESS_TEXT_SIZE];
        bool is_parsed = prefix_parse(cases[i].text, &prefix);
        if (is_parsed != (cases[i].written != NULL))
            fail_msg("'%s' was %s", cases[i].text, is_parsed ? "read" : "refused");
        if (is_parsed) {
            prefix_format(&prefix, text);
            assert_string_equal(text, cases[i].written);
        }
    }
}

static void a_prefix_contains_its_addresses_only(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *address;
        bool is_inside;
    } cases[] = {
        { "192.0.2.0/23", "192.0.3.255", true },
        { "192.0.2.0/23", "192.0.4.0", false },
        { "0.0.0.0/0", "255.255.255.255", true },
        { "0.0.0.0/0", "::", false },
        { "::/0", "192.0.2.1", false },
        { "192.0.2.1/32", "192.0.2.1", true },
        { "192.0.2.0/31", "192.0.2.2", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prefix prefix;
        struct address address = address_of(cases[i].address);
        assert_true(prefix_parse(cases[i].prefix, &prefix));
        if (prefix_contains(&prefix, &address) != cases[i].is_inside)
            fail_msg("%s in %s", cases[i].address, cases[i].prefix);
    }
}

static void a_port_is_required_where_one_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *text, *address;
        uint16_t port;
    } cases[] = {
        { "192.0.2.1:53", "192.0.2.1", 53 },
        { "[::1]:5300", "::1", 5300 },
        { "0.0.0.0:0", "0.0.0.0", 0 },
        { "[2001:db8::1]:65535", "2001:db8::1", 65535 },
        { "192.0.2.1", NULL, 0 },
        { "::1:53", NULL, 0 },
        { "[::1]", NULL, 0 },
        { "[192.0.2.1]:53", NULL, 0 },
        { "192.0.2.1:65536", NULL, 0 },
        { "192.0.2.1:", NULL, 0 },
        { "192.0.2.1:053", NULL, 0 },
        { ":53", NULL, 0 },
        { "[]:53", NULL, 0 },
        { "[::1:53", NULL, 0 },
        { "192.0.2.1:53 ", NULL, 0 },
        { "", NULL, 0 },
        { "]:1", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address;
        uint16_t port;
        bool is_parsed = address_parse_with_port(cases[i].text, &address, &port);
        if (is_parsed != (cases[i].address != NULL))
            fail_msg("'%s' was %s", cases[i].text, is_parsed ? "read" : "refused");
        if (is_parsed) {
            struct address expected = address_of(cases[i].address);
            assert_true(address_equal(&address, &expected));
            assert_int_equal(port, cases[i].port);
        }
    }
}

static void socket_addresses_round_trip(void **state)
{
    (void)state;
    static const char *const cases[] = { "192.0.2.1", "2001:db8::1" };
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage storage;
        struct address address = address_of(cases[i]), again;
        socklen_t size = address_to_sockaddr(&address, 53, &storage);
        assert_int_equal(size, i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        assert_int_equal(((struct sockaddr_in *)&storage)->sin_port, htons(53));
        address_of_sockaddr(&storage, &again);
        assert_true(address_equal(&address, &again));
    }
}

static bool is_special_purpose(const struct address *address)
{
    struct prefix prefix;
    for (size_t i = 0; address_special_purpose_at(i, &prefix); i++) {
        if (prefix_contains(&prefix, address))
            return true;
    }
    return false;
}

static void special_purpose_addresses_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_special;
    } cases[] = {
        { "10.1.2.3", true },
        { "127.0.0.1", true },
        { "192.0.2.1", true },
        { "100.64.0.1", true },
        { "100.128.0.1", false },
        { "172.32.0.1", false },
        { "224.0.0.1", true },
        { "255.255.255.255", true },
        { "8.8.8.8", false },
        { "198.20.0.1", false },
        { "::1", true },
        { "::", true },
        { "2001:db8::1", true },
        { "fe80::1", true },
        { "fd00::1", true },
        { "2a00:1450::1", false },
        { "::ffff:8.8.8.8", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address = address_of(cases[i].address);
        if (is_special_purpose(&address) != cases[i].is_special)
            fail_msg("%s", cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_round_trip),
        cmocka_unit_test(an_ipv4_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(prefixes_have_no_bits_behind_their_length),
        cmocka_unit_test(a_prefix_contains_its_addresses_only),
        cmocka_unit_test(a_port_is_required_where_one_is_asked_for),
        cmocka_unit_test(socket_addresses_round_trip),
        cmocka_unit_test(special_purpose_addresses_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
