/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/rrset.h"

#include "dns/packet.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct dns_rrset *rrset_of(uint16_t type, const char *const *hex, size_t count)
{
    uint8_t *rdatas[8];
    uint16_t sizes[8];
    for (size_t i = 0; i < count; i++) {
        size_t size;
        rdatas[i] = packet_of(hex[i], &size);
        sizes[i] = (uint16_t)size;
    }
    struct dns_rrset *rrset = dns_rrset_new(type, 300, (const uint8_t *const *)rdatas, sizes, count);
    for (size_t i = 0; i < count; i++)
        free(rdatas[i]);
    return rrset;
}

static void records_are_stored_as_they_go_on_the_wire(void **state)
{
    (void)state;
    struct dns_rrset *rrset = rrset_of(DNS_A, (const char *[]){ "c0000201", "c0000202" }, 2);
    size_t size;
    uint8_t *expected =
        packet_of("c00c 0001 0001 0000012c 0004 c0000201 c00c 0001 0001 0000012c 0004 c0000202", &size);
    assert_int_equal(rrset->count, 2);
    assert_int_equal(rrset->ttl_s, 300);
    assert_int_equal(rrset->size, size);
    assert_memory_equal(rrset->wire, expected, size);
    const uint8_t *first = dns_rrset_next(rrset, NULL), *second = dns_rrset_next(rrset, first);
    assert_ptr_equal(first, rrset->wire);
    assert_int_equal(dns_rr_rdlength(second), 4);
    assert_int_equal(dns_rr_rdata(second)[3], 2);
    assert_null(dns_rrset_next(rrset, second));
    free(expected);
    free(rrset);
}

static void equal_records_are_kept_once(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t type;
        const char *rdatas[3];
        unsigned count;
    } cases[] = {
        { "addresses", DNS_A, { "c0000201", "c0000202", "c0000201" }, 2 },
        { "names in another case", DNS_MX, { "000a 016100", "000a 014100", "000b 016100" }, 2 },
        { "texts in another case", DNS_TXT, { "0161", "0141", "0161" }, 2 },
        { "bytes in front of a name", DNS_MX, { "0041 016100", "0061 016100", "0041 014100" }, 2 },
        { "bytes behind names",
          DNS_RRSIG,
          { "000000000000000000000000000000000000 00 41", "000000000000000000000000000000000000 00 61",
            "000000000000000000000000000000000000 00 41" },
          2 },
        { "empty rdata", 65280, { "", "", "00" }, 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_rrset *rrset = rrset_of(cases[i].type, cases[i].rdatas, 3);
        if (rrset->count != cases[i].count)
            fail_msg("%s: %u kept", cases[i].what, rrset->count);
        free(rrset);
    }
}

static void rdata_of_a_wrong_form_is_seen(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *rdata;
        bool is_valid;
    } cases[] = {
        { DNS_A, "01020304", true },
        { DNS_A, "010203", false },
        { DNS_AAAA, "01020304", false },
        { DNS_NS, "016100", true },
        { DNS_NS, "", false },
        { DNS_NS, "0161", false },
        { DNS_NS, "01610000", false },
        { DNS_NS, "c000", false },
        { DNS_MX, "000a00", true },
        { DNS_MX, "000a", false },
        { DNS_MX, "00", false },
        { DNS_SRV, "000000000000 00", true },
        { DNS_SOA, "00 00 0000000000000000000000000000000000000000", true },
        { DNS_SOA, "00 00 00000000000000000000000000000000000000", false },
        { DNS_SOA, "00", false },
        { DNS_HTTPS, "0001 00 0001", true },
        { DNS_HTTPS, "0001", false },
        { DNS_TXT, "", true },
        { 65280, "ff", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        uint8_t *rdata = packet_of(cases[i].rdata, &size);
        if (dns_rdata_is_valid(cases[i].type, rdata, size) != cases[i].is_valid)
            fail_msg("type %u, rdata '%s'", cases[i].type, cases[i].rdata);
        free(rdata);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_stored_as_they_go_on_the_wire),
        cmocka_unit_test(equal_records_are_kept_once),
        cmocka_unit_test(rdata_of_a_wrong_form_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
