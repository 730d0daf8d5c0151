/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/rng.h"
#include "control/suspicion.h"

#include <stdlib.h>

#define WINDOW_MS 4000 /* interval 3 s, timeout 1 s */

/* A simulated history: endpoints that are asked in turn, 0 of them before `open`. */
struct story {
    struct suspicion *suspicion;
    uint64_t now_ms;
    unsigned changes;
};

static struct story story_open(unsigned endpoints)
{
    struct story story = { .suspicion = suspicion_new(), .now_ms = 1000000 };
    for (uint32_t slot = 0; slot < endpoints; slot++)
        suspicion_note(story.suspicion, slot, true, WINDOW_MS, story.now_ms);
    assert_false(suspicion_judge(story.suspicion, story.now_ms));
    return story;
}

/* Slots from..to say so, spread over `over_ms`, judged after each. */
static void say(struct story *story, uint32_t from, uint32_t to, bool has_replied, uint64_t over_ms)
{
    uint64_t begin_ms = story->now_ms;
    for (uint32_t slot = from; slot < to; slot++) {
        story->now_ms = begin_ms + over_ms * (slot - from + 1) / (to - from);
        suspicion_note(story->suspicion, slot, has_replied, WINDOW_MS, story->now_ms);
        story->changes += suspicion_judge(story->suspicion, story->now_ms);
    }
}

static void pass(struct story *story, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += 500) {
        story->now_ms += 500;
        story->changes += suspicion_judge(story->suspicion, story->now_ms);
    }
}

static bool is_on(const struct story *story)
{
    return suspicion_is_on(story->suspicion);
}

static void most_of_ten_falling_silent_at_once_is_our_own_cable(void **state)
{
    const struct {
        unsigned endpoints, silent;
        uint64_t over_ms;
        bool expected;
        const char *what;
    } cases[] = {
        { 10, 6, 1000, true, "six of ten" },
        { 10, 5, 1000, false, "half is not most" },
        { 9, 9, 1000, false, "nine are too few to tell" },
        { 12, 12, 4000, true, "all, within the window" },
        { 12, 12, 30000, false, "one after the other" },
        { 1000, 501, 3000, true, "501 of 1000" },
        { 1000, 499, 3000, false, "499 of 1000" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story story = story_open(cases[i].endpoints);
        say(&story, 0, cases[i].silent, false, cases[i].over_ms);
        if (is_on(&story) != cases[i].expected)
            fail_msg("%s", cases[i].what);
        suspicion_free(story.suspicion);
    }
}

static void those_long_dead_do_not_count(void **state)
{
    (void)state;
    struct story story = story_open(30);
    for (uint32_t slot = 0; slot < 15; slot++) { /* one a minute dies */
        say(&story, slot, slot + 1, false, 1);
        pass(&story, 60000);
    }
    assert_false(is_on(&story));
    say(&story, 15, 22, false, 2000);
    assert_false(is_on(&story)); /* 7 of 15 */
    say(&story, 22, 23, false, 100);
    assert_true(is_on(&story)); /* 8 of 15 */
    suspicion_free(story.suspicion);
}

static void who_never_spoke_cannot_fall_silent(void **state)
{
    (void)state;
    struct story story = story_open(0);
    say(&story, 0, 50, false, 1000);
    assert_false(is_on(&story));
    suspicion_free(story.suspicion);
}

static void it_ends_when_half_of_the_lost_are_back(void **state)
{
    (void)state;
    struct story story = story_open(12);
    say(&story, 0, 12, false, 3000);
    assert_true(is_on(&story));
    pass(&story, 3600000);
    assert_true(is_on(&story)); /* nobody replies: it is still us */
    say(&story, 0, 5, true, 500);
    assert_true(is_on(&story));
    say(&story, 5, 6, true, 10);
    assert_false(is_on(&story));
    assert_int_equal(story.changes, 2);
    suspicion_free(story.suspicion);
}

static void a_real_loss_is_believed_when_others_keep_replying_for_a_minute(void **state)
{
    (void)state;
    struct story story = story_open(20);
    say(&story, 0, 12, false, 2000);
    assert_true(is_on(&story));
    pass(&story, SUSPICION_PARTIAL_MS - 5000);
    assert_true(is_on(&story));
    pass(&story, 6000);
    assert_false(is_on(&story));
    pass(&story, 600000);
    assert_false(is_on(&story)); /* and it does not begin again */
    suspicion_free(story.suspicion);
}

static void references_decide_where_there_are_any(void **state)
{
    (void)state;
    struct story story = story_open(12);
    suspicion_note_references(story.suspicion, 2, 0);
    say(&story, 0, 12, false, 1000);
    assert_false(is_on(&story)); /* the references reply: it is them */
    suspicion_note_references(story.suspicion, 2, 1);
    pass(&story, 500);
    assert_false(is_on(&story));
    suspicion_note_references(story.suspicion, 2, 2);
    pass(&story, 500);
    assert_true(is_on(&story));
    suspicion_note_references(story.suspicion, 2, 1);
    pass(&story, 500);
    assert_false(is_on(&story));
    suspicion_free(story.suspicion);
}

static void references_alone_do_not_outvote_ten_endpoints_that_reply(void **state)
{
    (void)state;
    struct story many = story_open(12), few = story_open(3);
    suspicion_note_references(many.suspicion, 1, 1);
    pass(&many, 1000);
    assert_false(is_on(&many));
    suspicion_note_references(few.suspicion, 1, 1);
    pass(&few, 1000);
    assert_true(is_on(&few));
    suspicion_free(many.suspicion);
    suspicion_free(few.suspicion);
}

static void who_is_not_checked_any_more_does_not_count(void **state)
{
    (void)state;
    struct story story = story_open(12);
    for (uint32_t slot = 0; slot < 4; slot++)
        suspicion_forget(story.suspicion, slot);
    suspicion_forget(story.suspicion, 70000);
    say(&story, 4, 12, false, 1000);
    assert_false(is_on(&story)); /* eight are too few */
    suspicion_free(story.suspicion);
}

static void random_loss_of_single_results_is_no_suspicion(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    struct story story = story_open(40);
    for (unsigned round = 0; round < 2000; round++) {
        for (uint32_t slot = 0; slot < 40; slot++)
            say(&story, slot, slot + 1, rng_next(&rng) % 10 != 0, 75);
        if (is_on(&story))
            fail_msg("round %u", round);
    }
    suspicion_free(story.suspicion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_of_ten_falling_silent_at_once_is_our_own_cable),
        cmocka_unit_test(those_long_dead_do_not_count),
        cmocka_unit_test(who_never_spoke_cannot_fall_silent),
        cmocka_unit_test(it_ends_when_half_of_the_lost_are_back),
        cmocka_unit_test(a_real_loss_is_believed_when_others_keep_replying_for_a_minute),
        cmocka_unit_test(references_decide_where_there_are_any),
        cmocka_unit_test(references_alone_do_not_outvote_ten_endpoints_that_reply),
        cmocka_unit_test(who_is_not_checked_any_more_does_not_count),
        cmocka_unit_test(random_loss_of_single_results_is_no_suspicion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
