/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/packed.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL: it stays as it is. */
static struct packed *pack(struct forms *forms, const char *text, size_t size)
{
    struct packing packing;
    if (!forms_pack(forms, text, size, &packing))
        return NULL;
    struct packed *packed = xcalloc(1, packing.size);
    packing_write(forms, &packing, packed);
    return packed;
}

static bool comes_back(const struct packed *packed, const char *text, size_t size)
{
    char *out = malloc(size); /* the sanitizer sees a byte too many */
    packed_unpack(packed, out);
    bool is_same = memcmp(out, text, size) == 0;
    free(out);
    return is_same;
}

static void drop(struct packed *packed)
{
    if (packed != NULL)
        packed_drop(packed);
    free(packed);
}

static void every_text_comes_back_as_it_was(void **state)
{
    (void)state;
    char long_value[700];
    memset(long_value, 'x', sizeof long_value - 1);
    long_value[0] = long_value[sizeof long_value - 2] = '"';
    long_value[sizeof long_value - 1] = '\0';
    const char *const texts[] = {
        "{}",
        "{ \"ttl\": 60, \"policy\": { \"geo\": { \"default\": { \"ipv4\": \"10.0.0.1\" } } } }",
        "{\"a\":\"\",\"b\":[\"\",\"x\",1,-2.5e+3,true,null]}",
        "{\"key\" \n : \"a \\\" quote\", \"\\\"\": \"\\\\\"}",
        "\"a\"",
        "7",
        "\"no end",
        "\"",
        "{\"ends\": \"\\\"",
        "no json at all: 1.2.3.4 \"x\" y",
        "\xff\xfe \"\xff\"",
        "[\"0.0.0.0\", \"255.255.255.255\", \"10.9.100.99\", \"192.0.2.1\"]",
        "[\"010.0.0.1\", \"256.0.0.1\", \"1.2.3.00\", \"1.2.3\", \"1.2.3.\", \"1.2.3.4.5\", \"1..2.3\", "
        "\".1.2.3.4\"]",
        "[\"1.2.3.4 \", \" 1.2.3.4\", \"1.2.3.x\", \"::1.2.3.4\", \"1.2.3.4/24\", 1.2, \"1234567\", "
        "\"0x1.2.3.4\"]",
        long_value,
    };
    struct forms *forms = forms_new();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = strlen(texts[i]);
        struct packed *first = pack(forms, texts[i], size); /* the first of its form */
        if (first != NULL)
            fail_msg("%s", texts[i]);
        struct packed *second = pack(forms, texts[i], size), *third = pack(forms, texts[i], size);
        if (second == NULL || third == NULL || !comes_back(second, texts[i], size) ||
            !comes_back(third, texts[i], size))
            fail_msg("%s", texts[i]);
        drop(second);
        if (!comes_back(third, texts[i], size))
            fail_msg("%s", texts[i]);
        drop(third);
    }
    forms_free(forms);
}

static void texts_of_one_form_take_little_more_than_their_values(void **state)
{
    (void)state;
    enum { TEXTS = 1000 };
    struct forms *forms = forms_new();
    struct packed *packed[TEXTS];
    size_t size = 0;
    for (int i = 0; i < TEXTS; i++) {
        struct packing packing;
        char text[200];
        int text_size =
            snprintf(text, sizeof text,
                     "{\"ttl\": 60, \"policy\": {\"weighted\": [{\"to\": {\"ipv4\": \"10.0.%d.%d\"}, "
                     "\"weight\": 3}]}}",
                     i / 256, i % 256);
        packed[i] = NULL;
        if (!forms_pack(forms, text, (size_t)text_size, &packing))
            continue;
        size += packing.size;
        packed[i] = xcalloc(1, packing.size);
        packing_write(forms, &packing, packed[i]);
    }
    assert_true(size < TEXTS * 24);
    assert_null(packed[0]);
    for (int i = 0; i < TEXTS; i++)
        drop(packed[i]);
    forms_free(forms);
}

static void a_text_with_the_mark_in_it_stays_as_it_is(void **state)
{
    (void)state;
    struct forms *forms = forms_new();
    for (int i = 0; i < 3; i++)
        assert_null(pack(forms, "{\"a\": \"\x01\"}", 10));
    assert_null(pack(forms, "", 0));
    forms_free(forms);
}

static void put_random(struct text *text, struct rng *rng)
{
    static const char *const pieces[] = { "{",        "}",  "[",  "]",    "\"a\"", "\"a\":",
                                          "\"a\" : ", ",",  " ",  "17",   "1.5",   "-3",
                                          "\"\\\"\"", "\"", "\\", "true", "\n" };
    text->size = 0;
    text_add(text, "", 0);
    for (uint64_t count = 1 + rng_next(rng) % 12; count > 0; count--)
        text_puts(text, pieces[rng_next(rng) % (sizeof pieces / sizeof *pieces)]);
}

/* Texts come and go; those that are there are always what they were. */
static void random_texts_come_back_while_others_come_and_go(void **state)
{
    (void)state;
    enum { PLACES = 64 };
    struct {
        struct packed *packed;
        char *text;
        size_t size;
    } places[PLACES] = { 0 };
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    struct forms *forms = forms_new();
    struct text text = { 0 };
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)(rng_next(&rng) % PLACES);
        drop(places[at].packed);
        free(places[at].text);
        if (rng_next(&rng) % 3 > 0)
            put_random(&text, &rng); /* else the last one again */
        else
            text_puts(&text, "1");
        places[at].packed = pack(forms, text.bytes, text.size);
        places[at].text = xstrdup(text.bytes);
        places[at].size = text.size;
        for (size_t i = 0; i < PLACES; i += 7) {
            if (places[i].packed != NULL && !comes_back(places[i].packed, places[i].text, places[i].size))
                fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, places[i].text);
        }
    }
    for (size_t i = 0; i < PLACES; i++) {
        drop(places[i].packed);
        free(places[i].text);
    }
    text_free(&text);
    forms_free(forms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_comes_back_as_it_was),
        cmocka_unit_test(texts_of_one_form_take_little_more_than_their_values),
        cmocka_unit_test(a_text_with_the_mark_in_it_stays_as_it_is),
        cmocka_unit_test(random_texts_come_back_while_others_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
