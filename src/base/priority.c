/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/priority.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From Linux 6.12 on: who asks for a short slice, the least being 0.1 ms, does not wait for the end of
 * another one's, which is 3 ms.  He gets no more CPU for it. */
#define SLICE_NS 100000

/* A ninth of the weight of a worker, so that neither starves the other. */
#define NICENESS 10

/* The C library has it from 2.41 on. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

void priority_go_first(void)
{
    struct attributes attributes = { .size = sizeof attributes };
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 ||
        attributes.policy != SCHED_OTHER)
        return; /* somebody knows better */
    attributes.runtime_ns = SLICE_NS;
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* Of the thread, not of the process: so it is on Linux. */
void priority_give_way(void)
{
    static const struct sched_param none = { 0 };
    pid_t self = (pid_t)syscall(SYS_gettid);
    int nice = getpriority(PRIO_PROCESS, (id_t)self);
    if (sched_getscheduler(0) != SCHED_OTHER)
        return;
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, (id_t)self, nice + NICENESS);
}
