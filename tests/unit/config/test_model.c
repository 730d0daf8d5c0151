/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/declared.h"

#include "base/memory.h"
#include "base/rng.h"

static void mutations_are_good_or_refused_never_both(void **state)
{
    (void)state;
    static const struct {
        enum object_kind kind;
        const char *name, *text;
    } seeds[] = {
        { OBJECT_CHECK, "web",
          "{\"type\":\"https\",\"port\":443,\"path\":\"/"
          "h\",\"interval\":\"3s\",\"codes\":[\"200-299\",401],\"verify\":"
          "true}" },
        { OBJECT_POOL, "us",
          "{\"policy\":\"weighted\",\"check\":\"web\",\"min_healthy\":\"50%\",\"endpoints\":{\"a\":{\"ipv4\":"
          "\"192.0.2.10\","
          "\"weight\":3,\"location\":[38.9,-77.4]},\"b\":{\"hostname\":\"x.y\",\"location\":\"IE\"}}}" },
        { OBJECT_POLICY, "any",
          "{\"geo\":{\"of\":{\"country:US\":{\"weighted\":{\"us\":3}},\"default\":{\"nearest\":[\"x\",{"
          "\"to\":{\"ipv4\":"
          "\"192.0.2.1\"},\"bias\":-20}]}},\"answers\":2}}" },
        { OBJECT_ZONE, "example.com", "{\"file\":\"x.zone\",\"records\":[\"@ 60 IN A 192.0.2.1\"]}" },
        { OBJECT_SERVICE, "example.com/www",
          "{\"ttl\":30,\"min_ttl\":5,\"policy\":{\"failover\":[\"us\",\"eu\"]},\"when_all_down\":{\"target\":"
          "\"x\"}}" },
    };
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    for (int round = 0; round < 20000; round++) {
        size_t which = rng_next(&rng) % (sizeof seeds / sizeof *seeds);
        char *text = xstrdup(seeds[which].text);
        for (uint64_t changes = 1 + rng_next(&rng) % 3; changes > 0; changes--) {
            static const char bytes[] = "{}[]\",:0123456789-abcegprstuy%/. ";
            text[rng_next(&rng) % strlen(text)] = bytes[rng_next(&rng) % (sizeof bytes - 1)];
        }
        struct object object = object_of(seeds[which].kind, seeds[which].name, text);
        struct problems problems = { 0 };
        if (parse_any(&object, &problems) != (problems.error_count == 0))
            fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, text);
        problems_free(&problems);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutations_are_good_or_refused_never_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
