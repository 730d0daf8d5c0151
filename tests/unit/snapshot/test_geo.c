/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "snapshot/country.h"
#include "snapshot/geo.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void the_country_table_is_sorted_complete_and_on_the_globe(void **state)
{
    (void)state;
    assert_int_equal(country_count, 250); /* ISO 3166-1 has 249; XK */
    for (size_t i = 0; i < country_count; i++) {
        const struct country *country = &countries[i];
        if (i > 0)
            assert_true(strcmp(countries[i - 1].code, country->code) < 0);
        assert_non_null(strstr("AF AN AS EU NA OC SA", country->continent));
        assert_true(country->latitude >= -90 && country->latitude <= 90);
        assert_true(country->longitude >= -180 && country->longitude <= 180);
        assert_string_equal(geo_continent_of(country->code), country->continent);
        struct coordinates at;
        assert_true(geo_country_coordinates(country->code, &at));
        assert_true(at.is_known && at.latitude == country->latitude && at.longitude == country->longitude);
    }
}

static void codes_that_no_country_has_are_not_found(void **state)
{
    (void)state;
    static const char *const codes[] = { "", "D", "ZZ", "AA", "de", "UK", "EU", "DEU" };
    struct coordinates at;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_false(geo_country_coordinates(codes[i], &at));
    assert_null(geo_continent_of("ZZ"));
}

static void a_location_comes_with_the_scope_it_holds_for(void **state)
{
    (void)state;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    struct prefix prefix;
    assert_true(prefix_parse("8.8.8.0/24", &prefix));
    prefix_map_builder_add(builder, &prefix, 0);
    struct geo *geo = xcalloc(1, sizeof *geo);
    geo->map = prefix_map_build(builder);
    geo->locations = xcalloc(1, sizeof *geo->locations);
    geo->count = 1;

    uint8_t scope_len;
    struct address address;
    assert_true(address_parse("8.8.8.8", &address));
    assert_ptr_equal(geo_find(geo, &address, &scope_len), geo->locations);
    assert_int_equal(scope_len, 24);
    assert_true(address_parse("8.8.9.8", &address));
    assert_null(geo_find(geo, &address, &scope_len));
    assert_int_equal(scope_len, 24);
    assert_null(geo_find(NULL, &address, &scope_len));
    assert_int_equal(scope_len, 0);
    geo_free(geo);
    geo_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_country_table_is_sorted_complete_and_on_the_globe),
        cmocka_unit_test(codes_that_no_country_has_are_not_found),
        cmocka_unit_test(a_location_comes_with_the_scope_it_holds_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
