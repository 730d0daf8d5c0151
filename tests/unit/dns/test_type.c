/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libknot/libknot.h>
#include <string.h>

static void mnemonics_are_those_of_another_implementation(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        char ours[16], theirs[32];
        uint16_t parsed;
        dns_type_format((uint16_t)type, ours);
        assert_true(dns_type_parse(ours, &parsed));
        assert_int_equal(parsed, type);
        assert_true(knot_rrtype_to_string((uint16_t)type, theirs, sizeof theirs) > 0);
        bool is_known_to_us = strncmp(ours, "TYPE", 4) != 0,
             is_known_to_them = strncmp(theirs, "TYPE", 4) != 0;
        if (is_known_to_us && is_known_to_them)
            assert_string_equal(ours, theirs);
    }
}

static void mnemonics_are_read_in_any_case_and_nonsense_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int type; /* -1: refused */
    } cases[] = {
        { "aaaa", 28 },  { "Type65280", 65280 }, { "TYPE1", 1 },       { "TYPE65536", -1 },
        { "TYPE", -1 },  { "TYPE-1", -1 },       { "TYPE1x", -1 },     { "", -1 },
        { "AAAAA", -1 }, { "TYPE 1", -1 },       { "TYPE000001", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t type = 0;
        bool is_parsed = dns_type_parse(cases[i].text, &type);
        if (is_parsed != (cases[i].type >= 0) || (is_parsed && type != cases[i].type))
            fail_msg("'%s' was read as %d", cases[i].text, is_parsed ? type : -1);
    }
}

static void layouts_agree_with_another_implementation(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        const struct dns_type_layout *ours = dns_type_layout((uint16_t)type);
        if (ours->name_count == 0 || type == DNS_SVCB || type == DNS_HTTPS)
            continue; /* opaque to us, or to them */
        const knot_rdata_descriptor_t *theirs = knot_get_rdata_descriptor((uint16_t)type);
        unsigned at = 0, block = 0, names = 0;
        while (theirs->block_types[block] > 0)
            at += (unsigned)theirs->block_types[block++];
        bool is_compressible = theirs->block_types[block] == KNOT_RDATA_WF_COMPRESSIBLE_DNAME;
        for (; theirs->block_types[block] >= KNOT_RDATA_WF_FIXED_DNAME &&
               theirs->block_types[block] <= KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME;
             block++)
            names++;
        assert_int_equal(ours->type, type);
        assert_int_equal(ours->name_at, at);
        assert_int_equal(ours->name_count, names);
        assert_int_equal(ours->is_compressible, is_compressible);
        bool is_tail_any = theirs->block_types[block] == KNOT_RDATA_WF_REMAINDER;
        assert_int_equal(ours->tail_size, is_tail_any ? DNS_TAIL_ANY : theirs->block_types[block]);
    }
}

static void rcodes_have_names(void **state)
{
    (void)state;
    assert_string_equal(dns_rcode_name(DNS_NOERROR), "NOERROR");
    assert_string_equal(dns_rcode_name(DNS_REFUSED), "REFUSED");
    assert_string_equal(dns_rcode_name(DNS_BADCOOKIE), "BADCOOKIE");
    assert_string_equal(dns_rcode_name(13), "UNASSIGNED");
    assert_string_equal(dns_rcode_name(4095), "UNASSIGNED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnemonics_are_those_of_another_implementation),
        cmocka_unit_test(mnemonics_are_read_in_any_case_and_nonsense_is_not),
        cmocka_unit_test(layouts_agree_with_another_implementation),
        cmocka_unit_test(rcodes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
