/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "control/calculation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INPUTS = 5, U = HEALTH_UNKNOWN, G = HEALTH_UP, B = HEALTH_DOWN };

static char names[INPUTS][8] = { "a", "b", "c", "d", "e" };
static char negated[INPUTS][8] = { "!a", "!b", "!c", "!d", "!e" };

/* A check over the first inputs; `negations` is a bit an input. */
static struct calculation run(unsigned count, unsigned negations, uint16_t needed,
                              const struct observation *observed)
{
    struct check inputs[INPUTS] = { 0 }, check = { .name = (char *)"all", .type = CHECK_CALCULATED };
    struct check *checks[INPUTS];
    char *of[INPUTS];
    struct calculation found;
    for (unsigned i = 0; i < INPUTS; i++) {
        inputs[i].name = names[i];
        checks[i] = &inputs[i];
        of[i] = (negations >> i & 1) != 0 ? negated[i] : names[i];
    }
    check.inputs = of;
    check.input_count = count;
    check.needed = needed;
    calculate(&check, checks, observed, INPUTS, &found);
    return found;
}

static void all_any_n_of_m_and_not(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned count, negations;
        uint16_t needed;
        uint8_t verdicts[3], expected;
    } rows[] = {
        { "all of three up", 3, 0, 3, { G, G, G }, G },
        { "one of all down", 3, 0, 3, { G, B, G }, B },
        { "one of all unknown", 3, 0, 3, { G, U, G }, U },
        { "one of all down, whatever is unknown", 3, 0, 3, { U, B, U }, B },
        { "any of three up", 3, 0, 1, { B, U, G }, G },
        { "none of any up", 3, 0, 1, { B, B, B }, B },
        { "none of any up, one unknown", 3, 0, 1, { B, U, B }, U },
        { "two of three up", 3, 0, 2, { G, B, G }, G },
        { "two of three up, the third unknown", 3, 0, 2, { G, U, G }, G },
        { "one of two needed, one may come", 3, 0, 2, { G, U, B }, U },
        { "two of three down", 3, 0, 2, { B, B, U }, B },
        { "not down is up", 1, 1, 1, { B }, G },
        { "not up is down", 1, 1, 1, { G }, B },
        { "not unknown is unknown", 1, 1, 1, { U }, U },
        { "up and not in maintenance", 2, 2, 2, { G, B }, G },
        { "up and in maintenance", 2, 2, 2, { G, G }, B },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct observation observed[INPUTS] = { 0 };
        for (size_t k = 0; k < 3; k++)
            observed[k].verdict = rows[i].verdicts[k];
        if (run(rows[i].count, rows[i].negations, rows[i].needed, observed).verdict != rows[i].expected)
            fail_msg("%s", rows[i].what);
    }
}

/* What each unknown input could become, tried out. */
static uint8_t naive(unsigned count, unsigned negations, uint16_t needed, const struct observation *observed)
{
    bool may_be_up = false, may_be_down = false;
    for (unsigned guess = 0; guess < 1u << count; guess++) {
        unsigned good = 0;
        bool fits = true;
        for (unsigned i = 0; i < count; i++) {
            bool is_up = (guess >> i & 1) != 0;
            fits &= observed[i].verdict == U || (observed[i].verdict == G) == is_up;
            good += is_up != ((negations >> i & 1) != 0);
        }
        may_be_up |= fits && good >= needed;
        may_be_down |= fits && good < needed;
    }
    return may_be_up && may_be_down ? U : may_be_up ? G : B;
}

static void unknown_is_what_could_still_turn_out_either_way(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 20000; i++) {
        struct observation observed[INPUTS] = { 0 };
        unsigned count = 1 + (unsigned)rand() % INPUTS, negations = (unsigned)rand() % (1u << count);
        uint16_t needed = (uint16_t)(1 + (unsigned)rand() % count);
        for (unsigned k = 0; k < count; k++)
            observed[k].verdict = (uint8_t)(rand() % 3);
        assert_int_equal(run(count, negations, needed, observed).verdict,
                         naive(count, negations, needed, observed));
    }
}

static void the_evidence_names_who_decided(void **state)
{
    (void)state;
    struct evidence refused = { .text = "connection refused" }, busy = { .text = "HTTP 503" };
    struct observation observed[INPUTS] = { { .verdict = G },
                                            { .verdict = B, .evidence = &refused },
                                            { .verdict = B, .evidence = &busy },
                                            { .verdict = U } };
    assert_string_equal(run(3, 0, 2, observed).text,
                        "needs 2 of 3, has 1; b is down: connection refused; c is down: HTTP 503");
    assert_string_equal(run(3, 0, 1, observed).text, "needs 1 of 3, has 1; a is up");
    assert_string_equal(run(2, 2, 2, observed).text, "needs 2 of 2, has 2; a is up; b is down");
    assert_string_equal(run(1, 1, 1, observed).text, "needs 1 of 1, has 0; a is up");
    assert_string_equal(run(4, 0, 2, observed).text, "");
    strcpy(refused.text, "x"); /* a letter of two bytes stands wherever the text is cut */
    for (size_t i = 1; i + 2 < sizeof refused.text; i += 2)
        memcpy(refused.text + i, "ü", 3);
    struct calculation cut = run(3, 0, 3, observed);
    assert_non_null(strstr(cut.text, "üü; c is down: HTTP 503")); /* each has its share of the room */
    refused.text[0] = 'y';
    memmove(refused.text + 1, refused.text, sizeof refused.text - 2);
    cut = run(3, 0, 3, observed);
    assert_non_null(strstr(cut.text, "ü; c is down: HTTP 503"));
}

static void a_change_is_near_where_inputs_on_their_way_could_turn_it(void **state)
{
    (void)state;
    struct observation observed[INPUTS] = { { .verdict = G, .settle_ms = 4000 },
                                            { .verdict = G },
                                            { .verdict = G, .settle_ms = 2000 } };
    assert_int_equal(run(3, 0, 3, observed).settle_ms, 2000);
    assert_int_equal(run(3, 0, 2, observed).settle_ms, 2000); /* both may fall */
    assert_int_equal(run(3, 0, 1, observed).settle_ms, 0);    /* one stays */
    assert_int_equal(run(2, 0, 1, observed).settle_ms, 0);
    assert_int_equal(run(2, 0, 2, observed).settle_ms, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_any_n_of_m_and_not),
        cmocka_unit_test(unknown_is_what_could_still_turn_out_either_way),
        cmocka_unit_test(the_evidence_names_who_decided),
        cmocka_unit_test(a_change_is_near_where_inputs_on_their_way_could_turn_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
