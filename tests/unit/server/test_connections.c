/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/connections.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define MOST 7

static void there_are_never_more_than_allowed(void **state)
{
    (void)state;
    struct connections connections;
    struct connection *taken[MOST];
    assert_true(connections_open(&connections, MOST));
    for (unsigned i = 0; i < MOST; i++) {
        taken[i] = connections_take(&connections, i);
        assert_non_null(taken[i]);
        assert_int_equal(taken[i]->source.kind, EVENT_CONNECTION);
    }
    assert_null(connections_take(&connections, MOST));
    connections_put_back(&connections, taken[3]);
    assert_int_equal(taken[3]->source.fd, -1);
    assert_ptr_equal(connections_take(&connections, MOST), taken[3]);
    assert_null(connections_take(&connections, MOST));
    for (unsigned i = 0; i < MOST; i++)
        connections_put_back(&connections, taken[i]);
    assert_null(connections.oldest);
    assert_null(connections.newest);
    connections_close(&connections);
}

/* Compares the list with an array in the order of activity. */
static void they_stand_in_the_order_of_activity(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    struct connections connections;
    struct connection *order[MOST];
    unsigned count = 0;
    assert_true(connections_open(&connections, MOST));
    for (uint64_t now_ms = 0; now_ms < 20000; now_ms++) {
        unsigned index = count > 0 ? (unsigned)(rng_next(&rng) % count) : 0;
        uint64_t what = rng_next(&rng) % 3;
        struct connection *at = count > 0 ? order[index] : NULL;
        if (what == 0 && count < MOST) {
            order[count++] = connections_take(&connections, now_ms);
        } else if (what != 0 && at != NULL) {
            memmove(&order[index], &order[index + 1], (count - index - 1) * sizeof *order);
            order[count - 1] = at;
            if (what == 1)
                connections_touch(&connections, at, now_ms);
            else
                connections_put_back(&connections, at);
            count -= what == 2;
        }
        assert_int_equal(connections.open, count);
        const struct connection *from_old = connections.oldest, *from_new = connections.newest;
        for (unsigned i = 0; i < count; i++, from_old = from_old->newer, from_new = from_new->older) {
            assert_ptr_equal(from_old, order[i]);
            assert_ptr_equal(from_new, order[count - 1 - i]);
        }
        assert_null(from_old);
        assert_null(from_new);
    }
    while (connections.oldest != NULL)
        connections_put_back(&connections, connections.oldest);
    connections_close(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_never_more_than_allowed),
        cmocka_unit_test(they_stand_in_the_order_of_activity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
