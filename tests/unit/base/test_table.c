/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int things[300];

static void a_key_finds_what_was_put_last(void **state)
{
    (void)state;
    struct table *table = table_new();
    assert_null(table_find(table, "a"));
    assert_null(table_put(table, "a", &things[0]));
    assert_null(table_put(table, "", &things[1]));
    assert_ptr_equal(table_put(table, "a", &things[2]), &things[0]);
    assert_ptr_equal(table_find(table, "a"), &things[2]);
    assert_ptr_equal(table_find(table, ""), &things[1]);
    assert_int_equal(table_count(table), 2);
    assert_ptr_equal(table_remove(table, "a"), &things[2]);
    assert_null(table_remove(table, "a"));
    assert_null(table_find(table, "a"));
    assert_int_equal(table_count(table), 1);
    table_free(table);
    table_free(NULL);
}

static void keys_that_differ_in_the_case_of_letters_are_alike(void **state)
{
    (void)state;
    struct table *table = table_new();
    assert_null(table_find_alike(table, "us"));
    assert_null(table_put(table, "us", &things[0]));
    assert_null(table_find_alike(table, "us"));
    assert_null(table_find(table, "US"));
    assert_string_equal(table_find_alike(table, "US"), "us");
    assert_null(table_find_alike(table, "u5"));
    assert_null(table_put(table, "US", &things[1]));
    assert_ptr_equal(table_find(table, "us"), &things[0]);
    assert_string_equal(table_find_alike(table, "us"), "US");
    assert_ptr_equal(table_remove(table, "us"), &things[0]);
    assert_null(table_find_alike(table, "US"));
    assert_null(table_put(table, "a[", &things[2]));
    assert_null(table_find_alike(table, "a{")); /* no letters */
    table_free(table);
}

static void a_table_agrees_with_a_list_whatever_happens(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    void *list[300] = { 0 };
    size_t count = 0;
    struct table *table = table_new();
    for (unsigned round = 0; round < 200000; round++) {
        size_t index = rng_next(&rng) % (round / 20000 % 2 == 0 ? 300 : 10);
        char key[16];
        snprintf(key, sizeof key, "key-%zu", index);
        switch (rng_next(&rng) % 3) {
        case 0: assert_ptr_equal(table_find(table, key), list[index]); break;
        case 1:
            assert_ptr_equal(table_remove(table, key), list[index]);
            count -= list[index] != NULL;
            list[index] = NULL;
            break;
        default:
            count += list[index] == NULL;
            void *thing = &things[rng_next(&rng) % 300];
            assert_ptr_equal(table_put(table, key, thing), list[index]);
            list[index] = thing;
            break;
        }
        assert_int_equal(table_count(table), count);
    }
    table_free(table);
}

/* A thing that knows its name goes as soon as another has taken its place. */
static void a_borrowed_key_goes_with_its_value(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    char *list[50] = { 0 };
    struct table *table = table_new_borrowing();
    for (unsigned round = 0; round < 20000; round++) {
        size_t index = rng_next(&rng) % 50;
        char key[16];
        snprintf(key, sizeof key, "key-%zu", index);
        char *before = table_find(table, key), *after = NULL;
        assert_ptr_equal(before, list[index]);
        if (rng_next(&rng) % 3 == 0) {
            assert_ptr_equal(table_remove(table, key), before);
        } else {
            after = strdup(key);
            assert_ptr_equal(table_put(table, after, after), before);
        }
        free(before);
        list[index] = after;
    }
    for (size_t i = 0; i < 50; i++)
        free(list[i]);
    table_free(table);
}

static void a_walk_sees_every_entry_once_and_may_remove_it(void **state)
{
    (void)state;
    struct table *table = table_new();
    bool is_seen[300] = { false };
    char name[16];
    for (size_t i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%zu", i);
        table_put(table, name, &things[i]);
    }
    const char *key;
    void *value;
    size_t at = 0, seen = 0;
    while (table_next(table, &at, &key, &value)) {
        size_t index = (size_t)((int *)value - things);
        snprintf(name, sizeof name, "%zu", index);
        assert_string_equal(key, name);
        assert_false(is_seen[index]);
        is_seen[index] = true;
        seen++;
        if (index % 2 == 0)
            assert_ptr_equal(table_remove(table, name), value);
    }
    assert_int_equal(seen, 300);
    assert_int_equal(table_count(table), 150);
    at = seen = 0;
    while (table_next(table, &at, &key, &value))
        seen++;
    assert_int_equal(seen, 150);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_finds_what_was_put_last),
        cmocka_unit_test(keys_that_differ_in_the_case_of_letters_are_alike),
        cmocka_unit_test(a_table_agrees_with_a_list_whatever_happens),
        cmocka_unit_test(a_borrowed_key_goes_with_its_value),
        cmocka_unit_test(a_walk_sees_every_entry_once_and_may_remove_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
