/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "control/webhook.h"

#include <stdlib.h>
#include <string.h>

static void the_log_does_not_tell_what_opens_the_door(void **state)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        { "https://hooks.example.net/services/T0/B0/secret", "https://hooks.example.net" },
        { "https://hooks.example.net:8443/x?token=secret", "https://hooks.example.net:8443" },
        { "https://hooks.example.net?token=secret@", "https://hooks.example.net" },
        { "http://user:secret@127.0.0.1:80/", "http://127.0.0.1:80" },
        { "http://user:sec@ret@[::1]/", "http://[::1]" },
        { "http://host", "http://host" },
        { "host/secret", "host" },
        { "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = webhook_name(cases[i].url);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_does_not_tell_what_opens_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
