/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "health/checker.h"
#include "health/name_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct resolved nothing;

static struct resolved address(uint8_t last, bool is_stale)
{
    return (struct resolved){ .count_v4 = 1, .ipv4 = { { 192, 0, 2, last } }, .is_stale = is_stale };
}

/* Takes all letters; `out` is "name:address " or "name:- " of each. */
static const char *told(struct mailbox *reports)
{
    static char out[256];
    size_t size = 0;
    out[0] = '\0';
    for (struct letter *letter = mailbox_take(reports), *next; letter != NULL; letter = next) {
        const struct known_name_report *report = (struct known_name_report *)letter;
        next = letter->next;
        assert_int_equal(letter->kind, LETTER_NAME_KNOWN);
        char text[16] = "-";
        if (report->resolved.count_v4 > 0)
            snprintf(text, sizeof text, "%u", report->resolved.ipv4[0][3]);
        size += (size_t)snprintf(out + size, sizeof out - size, "%s:%s ", report->hostname, text);
        free(letter);
    }
    return out;
}

static void only_news_is_told_and_not_with_every_answer(void **state)
{
    (void)state;
    struct mailbox *reports = mailbox_new();
    struct name_memory *memory = name_memory_new(NULL, 0, reports);
    assert_null(name_memory_find(memory, "a"));
    name_memory_note(memory, "a", &nothing);
    assert_string_equal(told(reports), "");
    const struct resolved one = address(1, false), two = address(2, false);
    name_memory_note(memory, "a", &one);
    name_memory_note(memory, "a", &one);
    assert_string_equal(told(reports), "a:1 ");
    name_memory_note(memory, "a", &two); /* within the minute */
    assert_string_equal(told(reports), "");
    name_memory_forget(memory, "a");
    assert_string_equal(told(reports), "a:- ");
    name_memory_forget(memory, "a");
    assert_string_equal(told(reports), "");
    name_memory_free(memory);
    mailbox_free(reports);
}

static void what_an_earlier_process_knew_is_found_once_and_no_news(void **state)
{
    (void)state;
    struct mailbox *reports = mailbox_new();
    const struct resolved one = address(1, false), stale = address(1, true);
    char a[] = "a", b[] = "b", c[] = "c";
    const struct known_name known[] = { { a, one }, { b, one }, { c, one } };
    struct name_memory *memory = name_memory_new(known, 3, reports);
    const struct resolved *found = name_memory_find(memory, "a");
    assert_non_null(found);
    assert_int_equal(found->ipv4[0][3], 1);
    assert_null(name_memory_find(memory, "a"));
    name_memory_note(memory, "a", &one);
    assert_string_equal(told(reports), "");
    name_memory_note(memory, "a", &stale);
    assert_string_equal(told(reports), "a:1 ");
    name_memory_find(memory, "b");
    name_memory_forget_rest(memory);
    assert_string_equal(told(reports), "c:- ");
    name_memory_end(memory);
    name_memory_forget(memory, "b"); /* the process goes, the name stays */
    assert_string_equal(told(reports), "");
    name_memory_free(memory);
    mailbox_free(reports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_news_is_told_and_not_with_every_answer),
        cmocka_unit_test(what_an_earlier_process_knew_is_found_once_and_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
