/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/stream.h"

#include <stdlib.h>
#include <string.h>

static void tell(struct feed *feed, uint64_t from, uint64_t to)
{
    struct events events = { 0 };
    for (uint64_t number = from; number <= to; number++) {
        struct event event = { .number = number, .kind = number % 2 == 0 ? EVENT_POOL : EVENT_ENDPOINT };
        char subject[] = "us/a", text[] = "two\nlines";
        event.subject = subject;
        event.text = text;
        events_add(&events, &event);
    }
    feed_tell(feed, &events);
    events_free(&events);
}

/* Reads what there is, so that it never sleeps: appends the ids, "1 2 3". */
static enum stream_step read_ids(struct stream *stream, size_t room, unsigned ids, struct text *out)
{
    struct text bytes = { 0 };
    enum stream_step step = STREAM_GOES_ON;
    char part[4096];
    for (unsigned seen = 0; seen < ids;) {
        size_t size;
        step = stream_read(stream, part, room, &size);
        if (step != STREAM_GOES_ON)
            break;
        text_add(&bytes, part, size);
        seen = 0;
        for (const char *at = bytes.bytes; (at = strstr(at, "\n\n")) != NULL; at += 2)
            seen++;
    }
    for (char *line = strtok(bytes.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "id: ", 4) == 0)
            text_printf(out, "%s%s", out->size > 0 ? " " : "", line + 4);
        else if (strncmp(line, "data: ", 6) != 0 && strncmp(line, "event: ", 7) != 0)
            assert_string_equal(line, "retry: 1000");
    }
    text_free(&bytes);
    return step;
}

static void events_come_in_whole_frames_however_small_the_buffer(void **state)
{
    (void)state;
    for (size_t room = 1; room < 200; room += 7) {
        struct feed *feed = feed_new(10, 0);
        struct streams *streams = streams_new(feed, NULL);
        const struct event_filter all = { 0 };
        struct stream *stream = stream_new(streams, 0, &all);
        struct text ids = { 0 };
        tell(feed, 1, 5);
        assert_int_equal(read_ids(stream, room, 6, &ids), STREAM_GOES_ON);
        assert_string_equal(ids.bytes, "1 2 3 4 5");
        text_free(&ids);
        stream_free(stream);
        streams_free(streams);
        feed_free(feed);
    }
}

static void who_falls_behind_the_feed_is_cut_off(void **state)
{
    (void)state;
    struct feed *feed = feed_new(10, 0);
    struct streams *streams = streams_new(feed, NULL);
    const struct event_filter all = { 0 };
    struct stream *stream = stream_new(streams, 0, &all);
    struct text ids = { 0 };
    tell(feed, 1, 3);
    assert_int_equal(read_ids(stream, 4096, 4, &ids), STREAM_GOES_ON);
    tell(feed, 4, 13); /* the ten newest are there */
    assert_int_equal(read_ids(stream, 4096, 10, &ids), STREAM_GOES_ON);
    assert_string_equal(ids.bytes, "1 2 3 4 5 6 7 8 9 10 11 12 13");
    tell(feed, 14, 24); /* one more than it remembers */
    assert_int_equal(read_ids(stream, 4096, 1, &ids), STREAM_IS_OVER);
    text_free(&ids);
    stream_free(stream);
    streams_free(streams);
    feed_free(feed);
}

static void the_history_comes_before_what_is_new_and_nothing_twice(void **state)
{
    (void)state;
    struct feed *feed = feed_new(10, 100);
    struct streams *streams = streams_new(feed, NULL);
    const struct event_filter pools = { .has_kind = true, .kind = EVENT_POOL, .subject = "us" };
    struct stream *stream = stream_new(streams, 90, &pools);
    struct events history = { 0 };
    char subject[] = "us";
    struct event event = { .number = 96, .kind = EVENT_POOL, .subject = subject };
    events_add(&history, &event);
    tell(feed, 101, 104);
    stream_catch_up(stream, &history, 102); /* 102 matched and is told by the history in real life */
    assert_int_equal(stream_after(stream), 102);
    struct text ids = { 0 };
    assert_int_equal(read_ids(stream, 4096, 3, &ids), STREAM_GOES_ON);
    assert_string_equal(ids.bytes, "96 104");
    text_free(&ids);
    events_free(&history);
    stream_free(stream);
    streams_free(streams);
    feed_free(feed);
}

static void a_cut_stream_ends_after_what_waits(void **state)
{
    (void)state;
    struct feed *feed = feed_new(10, 5);
    struct streams *streams = streams_new(feed, NULL);
    const struct event_filter all = { 0 };
    struct stream *stream = stream_new(streams, 5, &all);
    struct text ids = { 0 };
    stream_cut(stream);
    tell(feed, 6, 6);
    assert_int_equal(read_ids(stream, 4096, 2, &ids), STREAM_IS_OVER);
    assert_int_equal(ids.size, 0);
    text_free(&ids);
    stream_free(stream);
    streams_free(streams);
    feed_free(feed);
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    struct feed *feed = feed_new(10, 0);
    struct streams *streams = streams_new(feed, NULL);
    struct stream *all[100];
    const struct event_filter any = { .subject = "us" };
    unsigned count = 0;
    while (count < 100 && (all[count] = stream_new(streams, 0, &any)) != NULL)
        count++;
    assert_int_equal(count, 64);
    assert_int_equal(streams_count(streams), 64);
    stream_free(all[10]);
    all[10] = stream_new(streams, 0, &any);
    assert_non_null(all[10]);
    while (count > 0)
        stream_free(all[--count]);
    assert_int_equal(streams_count(streams), 0);
    streams_free(streams);
    feed_free(feed);
}

static void streams_end_when_the_server_does(void **state)
{
    (void)state;
    struct feed *feed = feed_new(10, 0);
    struct streams *streams = streams_new(feed, NULL);
    const struct event_filter all = { 0 };
    struct stream *stream = stream_new(streams, 0, &all);
    struct text ids = { 0 };
    streams_end(streams);
    assert_int_equal(read_ids(stream, 4096, 2, &ids), STREAM_IS_OVER);
    stream_free(stream);
    streams_free(streams);
    feed_free(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_whole_frames_however_small_the_buffer),
        cmocka_unit_test(who_falls_behind_the_feed_is_cut_off),
        cmocka_unit_test(the_history_comes_before_what_is_new_and_nothing_twice),
        cmocka_unit_test(a_cut_stream_ends_after_what_waits),
        cmocka_unit_test(there_are_only_so_many),
        cmocka_unit_test(streams_end_when_the_server_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
