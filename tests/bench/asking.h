/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the programs that ask have in common: their questions, a clock, dice. */

/* What to send: the question in wire form, ready to be copied behind a header. */
struct question {
    uint8_t *bytes;
    uint16_t size;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* CPU time of this process. */
static double cpu_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* xorshift64: the order of questions need not be unpredictable, only the same in each run. */
static uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static struct question question_parse(char *line)
{
    uint8_t wire[300];
    size_t size = 0;
    char *name = strtok(line, " \t\n"), *type = strtok(NULL, " \t\n");
    for (char *rest = name, *label; (label = strsep(&rest, ".")) != NULL && *label != '\0';) {
        size_t length = strlen(label);
        if (length > 63 || size + length + 6 > 260) {
            errno = EINVAL;
            die(name);
        }
        wire[size++] = (uint8_t)length;
        memcpy(wire + size, label, length);
        size += length;
    }
    unsigned number = type != NULL ? (unsigned)atoi(type) : 1;
    const uint8_t tail[] = { 0, (uint8_t)(number >> 8), (uint8_t)number, 0, 1 };
    memcpy(wire + size, tail, sizeof tail);
    size += sizeof tail;
    struct question question = { .bytes = malloc(size), .size = (uint16_t)size };
    if (question.bytes == NULL)
        die("memory");
    memcpy(question.bytes, wire, size);
    return question;
}

/* The file has a name and a type number on each line, and at least one line. */
static struct question *questions_load(const char *path, size_t *count)
{
    FILE *file = fopen(path, "r");
    char line[400];
    struct question *questions = NULL;
    size_t room = 0;
    *count = 0;
    if (file == NULL)
        die(path);
    while (fgets(line, sizeof line, file) != NULL) {
        if (*count == room) {
            room = room == 0 ? 1024 : 2 * room;
            questions = realloc(questions, room * sizeof *questions);
            if (questions == NULL)
                die("memory");
        }
        questions[(*count)++] = question_parse(line);
    }
    fclose(file);
    if (*count == 0) {
        errno = ENODATA;
        die(path);
    }
    return questions;
}
