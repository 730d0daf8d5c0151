/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/tree.h"

static void check(const char *explanation, const char *wanted)
{
    struct text out = { 0 };
    cJSON *json = cJSON_Parse(explanation);
    assert_non_null(json);
    tree_draw(json, false, &out);
    assert_string_equal(out.bytes, wanted);
    cJSON_Delete(json);
    text_free(&out);
}

static void a_walk_reads_from_zone_to_answer(void **state)
{
    (void)state;
    check(
        "{\"name\":\"www.example.test.\",\"type\":\"A\",\"generation\":4,\"conditions\":7,\"rcode\":"
        "\"NOERROR\","
        "\"scope\":24,\"steps\":["
        "{\"step\":\"zone\",\"zone\":\"example.test.\",\"outcome\":\"service\",\"service\":\"www.example."
        "test\"},"
        "{\"step\":\"client\",\"client\":\"198.51.100.0/24\",\"by\":\"ecs\",\"location\":{\"country\":\"DE\","
        "\"continent\":\"EU\",\"city\":\"\",\"asn\":64500}},"
        "{\"step\":\"view\",\"view\":\"healthy\"},"
        "{\"step\":\"node\",\"node\":\"root\",\"depth\":0,\"policy\":\"geo\",\"rule\":\"default\",\"chosen\":"
        "[\"eu\"],"
        "\"reason\":\"first\",\"candidates\":["
        "{\"name\":\"us\",\"weight\":1,\"available\":false,\"chosen\":false,\"why\":\"0 of 1 available\","
        "\"candidates\":[{\"name\":\"a\",\"weight\":3,\"available\":false,\"why\":\"refused\"}]},"
        "{\"name\":\"eu\",\"rule\":\"default\",\"weight\":1,\"available\":true,\"chosen\":true,\"why\":\"1 "
        "of 1 available\"}]}],"
        "\"answers\":[{\"name\":\"www.example.test.\",\"type\":\"A\",\"ttl\":30,\"data\":\"192.0.2.1\"}]}",
        "www.example.test. A\n"
        "zone      example.test., service www.example.test\n"
        "client    198.51.100.0/24 by EDNS Client Subnet, DE, EU, AS64500\n"
        "policy    root (geo) -> eu by default: first\n"
        "            x us  0 of 1 available\n"
        "              x a  weight 3, refused\n"
        "            * eu  default: 1 of 1 available\n"
        "answer    www.example.test. 30 A 192.0.2.1\n"
        "scope     all clients in the same /24 get this\n"
        "as of     generation 4, conditions 7\n");
}

static void what_was_measured_stands_below_its_node(void **state)
{
    (void)state;
    check(
        "{\"name\":\"w.\",\"type\":\"A\",\"steps\":[{\"step\":\"node\",\"node\":\"n\",\"policy\":\"latency\","
        "\"depth\":0,\"draw\":3,\"chosen\":[\"a\"],\"measured\":[{\"of\":\"asn\",\"decides\":false,"
        "\"figures\":[{"
        "\"name\":\"a\",\"ms\":2.5,\"samples\":3,\"enough\":false,\"age_s\":4}]},{\"of\":\"server\","
        "\"decides\":true,"
        "\"margin_ms\":7,\"figures\":[{\"name\":\"a\",\"ms\":1,\"samples\":30,\"enough\":true,\"age_s\":1}]}]"
        "}],"
        "\"rcode\":\"NOERROR\",\"answers\":[{\"name\":\"w.\",\"type\":\"A\",\"ttl\":30,\"data\":\"192.0.2."
        "1\"}]}",
        "w. A\n"
        "policy    n (latency) -> a, draw 3\n"
        "            measured by clients of this asn, not decisive\n"
        "              a 2.5 ms, 3 samples (too few), the newest 4 s old\n"
        "            measured by this server's checks, which decides, margin 7.0 ms\n"
        "              a 1.0 ms, 30 samples, the newest 1 s old\n"
        "answer    w. 30 A 192.0.2.1\n"
        "as of     generation 0, conditions 0\n");
}

static void what_no_zone_holds_is_short(void **state)
{
    (void)state;
    check("{\"name\":\"foo.example.\",\"type\":\"A\",\"rcode\":\"REFUSED\",\"steps\":[],\"answers\":[]}",
          "foo.example. A\nrcode     REFUSED\nas of     generation 0, conditions 0\n");
}

static void an_answer_of_any_shape_is_survived(void **state)
{
    static const char *const shapes[] = {
        "null",
        "[]",
        "{\"steps\":7}",
        "{\"steps\":[7,null,{\"step\":\"node\",\"chosen\":[1,null]}]}",
        "{\"steps\":[{\"step\":\"client\",\"location\":[]}],\"answers\":[[]]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct text out = { 0 };
        cJSON *json = cJSON_Parse(shapes[i]);
        tree_draw(json, true, &out);
        assert_non_null(out.bytes);
        cJSON_Delete(json);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_reads_from_zone_to_answer),
        cmocka_unit_test(what_was_measured_stands_below_its_node),
        cmocka_unit_test(what_no_zone_holds_is_short),
        cmocka_unit_test(an_answer_of_any_shape_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
