/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/priority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

struct scheduling {
    int policy, nice;
    uint64_t slice_ns;
};

static struct scheduling now(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, rest[2];
    } found;
    assert_int_equal(syscall(SYS_sched_getattr, 0, &found, sizeof found, 0), 0);
    return (struct scheduling){ (int)found.policy, found.nice, found.runtime_ns };
}

static void *give_way(void *out)
{
    priority_give_way();
    *(struct scheduling *)out = now();
    return NULL;
}

static void *go_first(void *out)
{
    priority_go_first();
    *(struct scheduling *)out = now();
    return NULL;
}

static struct scheduling in_a_thread(void *(*run)(void *))
{
    struct scheduling found;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, &found), 0);
    pthread_join(thread, NULL);
    return found;
}

static void who_gives_way_does_so_alone(void **state)
{
    (void)state;
    struct scheduling before = now(), thread = in_a_thread(give_way), after = now();
    if (before.policy != SCHED_OTHER)
        skip();
    assert_int_equal(thread.policy, SCHED_BATCH);
    assert_int_equal(thread.nice, before.nice + 10 < 19 ? before.nice + 10 : 19);
    assert_int_equal(after.policy, before.policy);
    assert_int_equal(after.nice, before.nice);
}

static bool knows_slices(void)
{
    struct utsname system;
    unsigned major = 0, minor = 0;
    return uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 12));
}

static void who_goes_first_runs_for_short(void **state)
{
    (void)state;
    struct scheduling before = now(), thread = in_a_thread(go_first);
    assert_int_equal(thread.policy, before.policy);
    assert_int_equal(thread.nice, before.nice);
    if (before.policy == SCHED_OTHER && knows_slices())
        assert_int_equal(thread.slice_ns, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_gives_way_does_so_alone),
        cmocka_unit_test(who_goes_first_runs_for_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
