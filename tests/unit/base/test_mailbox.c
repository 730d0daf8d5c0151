/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mailbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define SENDERS 4
#define LETTERS 20000

struct note {
    struct letter letter;
    unsigned sender, number;
};

static bool is_readable(const struct mailbox *box)
{
    struct pollfd poller = { .fd = mailbox_fd(box), .events = POLLIN };
    return poll(&poller, 1, 0) > 0;
}

static void letters_are_taken_oldest_first(void **state)
{
    (void)state;
    struct letter letters[3] = { { .kind = 1 }, { .kind = 2 }, { .kind = 3 } };
    struct mailbox *box = mailbox_new();
    assert_null(mailbox_take(box));
    for (size_t i = 0; i < 3; i++)
        mailbox_post(box, &letters[i]);
    const struct letter *letter = mailbox_take(box);
    for (int kind = 1; kind <= 3; kind++, letter = letter->next)
        assert_int_equal(letter->kind, kind);
    assert_null(letter);
    mailbox_post(box, &letters[0]);
    letter = mailbox_take(box);
    assert_ptr_equal(letter, &letters[0]);
    assert_null(letter->next);
    mailbox_free(box);
    mailbox_free(NULL);
}

static void the_descriptor_is_readable_while_letters_wait(void **state)
{
    (void)state;
    struct letter letters[2] = { { .kind = 1 }, { .kind = 2 } };
    struct mailbox *box = mailbox_new();
    assert_false(is_readable(box));
    assert_false(mailbox_wait(box, 0));
    mailbox_post(box, &letters[0]);
    mailbox_post(box, &letters[1]);
    assert_true(is_readable(box));
    assert_true(mailbox_wait(box, -1));
    assert_true(is_readable(box));
    assert_non_null(mailbox_take(box));
    assert_false(is_readable(box));
    mailbox_free(box);
}

static void post_all(struct mailbox *box, struct letter *letters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mailbox_post(box, &letters[i]);
}

static size_t count_letters(const struct letter *letter)
{
    size_t count = 0;
    for (; letter != NULL; letter = letter->next)
        count++;
    return count;
}

static void who_gathers_letters_gets_what_came_in_time(void **state)
{
    (void)state;
    struct letter letters[3];
    struct mailbox *box = mailbox_new();
    assert_null(mailbox_gather(box, 2, 1));
    post_all(box, letters, 1);
    assert_int_equal(mailbox_count(box), 1);
    assert_int_equal(count_letters(mailbox_gather(box, 2, 1)), 1);
    post_all(box, letters, 3);
    assert_int_equal(count_letters(mailbox_gather(box, 2, -1)), 3);
    assert_int_equal(mailbox_count(box), 0);
    post_all(box, letters, 1); /* rings as ever */
    assert_true(is_readable(box));
    assert_int_equal(count_letters(mailbox_take(box)), 1);
    mailbox_free(box);
}

struct sender {
    struct mailbox *box;
    unsigned number;
};

static void *send_all(void *arg)
{
    const struct sender *sender = arg;
    for (unsigned i = 0; i < LETTERS; i++) {
        struct note *note = calloc(1, sizeof *note);
        note->sender = sender->number;
        note->number = i;
        mailbox_post(sender->box, &note->letter);
    }
    return NULL;
}

static void no_letter_is_lost_between_threads(void **state)
{
    (void)state;
    struct mailbox *box = mailbox_new();
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    unsigned next_number[SENDERS] = { 0 };
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .box = box, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (unsigned received = 0; received < SENDERS * LETTERS;) {
        if (!mailbox_wait(box, 10000))
            fail_msg("%u letters came, then none for ten seconds", received);
        struct letter *next;
        for (struct letter *letter = mailbox_take(box); letter != NULL; letter = next, received++) {
            struct note *note = (struct note *)letter;
            next = letter->next;
            assert_int_equal(note->number, next_number[note->sender]++);
            free(note);
        }
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_null(mailbox_take(box));
    mailbox_free(box);
}

/* Without an end to the wait: a letter too many must not be missed, nor one be waited for that is there. */
static void who_gathers_letters_is_woken_by_the_last(void **state)
{
    (void)state;
    struct mailbox *box = mailbox_new();
    struct sender sender = { .box = box };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_all, &sender), 0);
    for (size_t left = LETTERS, wanted = 1; left > 0; wanted = wanted % 7 + 1) {
        struct letter *next;
        for (struct letter *letter = mailbox_gather(box, wanted < left ? wanted : left, -1); letter != NULL;
             letter = next, left--) {
            next = letter->next;
            free(letter);
        }
    }
    pthread_join(thread, NULL);
    mailbox_free(box);
}

static void *send_one(void *arg)
{
    static struct letter letter;
    mailbox_post(arg, &letter);
    return NULL;
}

/* Under AddressSanitizer: the sender may still be about to ring. */
static void who_takes_the_last_letter_may_free_the_box(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct mailbox *box = mailbox_new();
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, send_one, box), 0);
        while (mailbox_take(box) == NULL)
            sched_yield();
        mailbox_free(box);
        pthread_join(thread, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_taken_oldest_first),
        cmocka_unit_test(the_descriptor_is_readable_while_letters_wait),
        cmocka_unit_test(who_gathers_letters_gets_what_came_in_time),
        cmocka_unit_test(no_letter_is_lost_between_threads),
        cmocka_unit_test(who_gathers_letters_is_woken_by_the_last),
        cmocka_unit_test(who_takes_the_last_letter_may_free_the_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
