/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of the threads that answer: where they run, how they wait. */
#include "base/memory.h"
#include "model_parts.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- CPUs ---- */

static void format_cpus(const cpu_set_t *cpus, struct text *out)
{
    for (unsigned first = 0, last; first < CPU_SETSIZE; first = last + 1) {
        last = first;
        if (!CPU_ISSET(first, cpus))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        text_printf(out, "%s%u", out->size > 0 ? "," : "", first);
        if (last > first)
            text_printf(out, "-%u", last);
    }
}

/* A container or a unit of systemd may leave us less than the machine has. */
static void check_cpu(struct reader *reader, unsigned cpu)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_ISSET(cpu, &allowed))
        return;
    struct text list = { 0 };
    format_cpus(&allowed, &list);
    reader_refuse(reader, "steerd may run on the CPUs %s of this machine, got %u", list.bytes, cpu);
    text_free(&list);
}

static void add_cpu(struct reader *reader, const cJSON *value, unsigned *list, size_t *count)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (!(number >= 0 && number < CPU_SETSIZE) || number != (unsigned)number) {
        reader_expect(reader, value, "must be the number of a CPU 0..%d", CPU_SETSIZE - 1);
        return;
    }
    unsigned cpu = (unsigned)number;
    for (size_t i = 0; i < *count; i++) {
        if (list[i] == cpu) {
            reader_refuse(reader, "CPU %u stands here twice", cpu);
            return;
        }
    }
    list[(*count)++] = cpu;
    check_cpu(reader, cpu);
}

static void read_cpus(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    unsigned **list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    int room = cJSON_GetArraySize(value);
    if (!cJSON_IsArray(value) || room < 1 || room > CPU_SETSIZE) {
        reader_expect(reader, value, "must be a list of CPUs such as [0, 1]");
        return;
    }
    *list = xcalloc((size_t)room, sizeof **list);
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        add_cpu(reader, element, *list, count);
        reader_leave(reader, before);
    }
}

static void describe_cpus(const struct field *field, struct text *out)
{
    (void)field;
    text_printf(out,
                "\"type\": \"array\", \"minItems\": 1, \"maxItems\": %d, \"uniqueItems\": true, "
                "\"items\": { \"type\": \"integer\", \"minimum\": 0, \"maximum\": %d }",
                CPU_SETSIZE, CPU_SETSIZE - 1);
}

const struct field_type type_cpus = { read_cpus, describe_cpus };

/* ---- microseconds ---- */

/* "50us" or "1ms". */
static bool parse_microseconds(const char *text, int64_t most, int64_t *out)
{
    int64_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at) && number <= most; at++)
        number = number * 10 + (*at - '0');
    bool is_ms = strcmp(at, "ms") == 0;
    *out = is_ms ? number * 1000 : number;
    return at > text && (is_ms || strcmp(at, "us") == 0);
}

static void read_microseconds(struct reader *reader, const struct field *field, const cJSON *value,
                              void *base)
{
    int64_t number;
    long long most = field->most;
    if (!cJSON_IsString(value) || !parse_microseconds(value->valuestring, field->most, &number) ||
        number > field->most)
        reader_expect(reader, value, "must be a duration of \"0us\"..\"%lldus\" such as \"50us\"", most);
    else
        *(unsigned *)field_member(field, base) = (unsigned)number;
}

static void describe_microseconds(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"pattern\": \"^[0-9]+(us|ms)$\"");
}

const struct field_type type_microseconds = { read_microseconds, describe_microseconds };
