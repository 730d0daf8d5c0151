/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/mmdb_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEPARATOR_SIZE = 16, METADATA_MAX = 128 * 1024, FILE_SIZE_MAX = 1 << 30 };

static const uint8_t marker[14] = "\xab\xcd\xefMaxMind.com";

/* ---- values ---- */

static uint64_t read_number(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    while (size-- > 0)
        number = number << 8 | *bytes++;
    return number;
}

/* Takes `size` bytes as a number; false at the end of the section. */
static bool take_number(const struct mmdb_section *section, size_t *at, size_t size, uint64_t *out)
{
    if (*at > section->size || section->size - *at < size)
        return false;
    *out = read_number(section->bytes + *at, size);
    *at += size;
    return true;
}

/* A pointer's value becomes `at` of the result; `*at` moves behind the pointer. */
static bool take_pointer(const struct mmdb_section *section, size_t *at, unsigned control,
                         struct mmdb_value *out)
{
    static const uint32_t base[] = { 0, 2048, 526336, 0 };
    unsigned width = control >> 3 & 3, high = control & 7;
    uint64_t low;
    if (!take_number(section, at, width + 1, &low))
        return false;
    if (width < 3)
        low |= (uint64_t)high << 8 * (width + 1);
    *out = (struct mmdb_value){ .type = MMDB_POINTER, .at = (size_t)(low + base[width]) };
    return true;
}

/* Reads type and size at `*at`, which moves to the payload: of a pointer behind it. */
static bool take_header(const struct mmdb_section *section, size_t *at, struct mmdb_value *out)
{
    static const uint32_t size_base[] = { 29, 285, 65821 };
    uint64_t control, type, more;
    if (*section->budget == 0 || !take_number(section, at, 1, &control))
        return false;
    --*section->budget;
    type = control >> 5;
    if (type == MMDB_POINTER)
        return take_pointer(section, at, (unsigned)control, out);
    if (type == 0) { /* extended: the next byte says which */
        if (!take_number(section, at, 1, &type))
            return false;
        type += 7;
    }
    uint64_t size = control & 31;
    if (size >= 29) {
        size_t extra = (size_t)size - 28;
        if (!take_number(section, at, extra, &more))
            return false;
        size = size_base[extra - 1] + more;
    }
    *out = (struct mmdb_value){ .type = (uint8_t)(type < 16 ? type : 0), .size = (uint32_t)size, .at = *at };
    return out->type != 0;
}

static size_t payload_size(const struct mmdb_value *value)
{
    bool is_inline = value->type == MMDB_POINTER || value->type == MMDB_MAP || value->type == MMDB_ARRAY ||
                     value->type == MMDB_BOOLEAN; /* whose size is its value */
    return is_inline ? 0 : value->size;
}

/* Moves behind the value at `*at` and all that lies in it. */
static bool pass_value(const struct mmdb_section *section, size_t *at)
{
    for (uint64_t left = 1; left > 0; left--) {
        struct mmdb_value value;
        if (!take_header(section, at, &value))
            return false;
        left += value.type == MMDB_MAP ? 2 * (uint64_t)value.size : value.type == MMDB_ARRAY ? value.size : 0;
        if (section->size - *at < payload_size(&value))
            return false;
        *at += payload_size(&value);
    }
    return true;
}

bool mmdb_value_read(const struct mmdb_section *section, size_t at, struct mmdb_value *out)
{
    if (!take_header(section, &at, out))
        return false;
    if (out->type == MMDB_POINTER) { /* to a value that is no pointer itself, says the format */
        at = out->at;
        if (!take_header(section, &at, out) || out->type == MMDB_POINTER)
            return false;
    }
    return section->size - out->at >= payload_size(out);
}

bool mmdb_value_member(const struct mmdb_section *section, const struct mmdb_value *map, const char *key,
                       struct mmdb_value *out)
{
    *out = (struct mmdb_value){ 0 };
    if (map->type != MMDB_MAP)
        return true;
    size_t at = map->at, key_size = strlen(key);
    for (uint32_t i = 0; i < map->size; i++) {
        struct mmdb_value name;
        if (!mmdb_value_read(section, at, &name) || name.type != MMDB_TEXT || !pass_value(section, &at))
            return false;
        if (name.size == key_size && memcmp(section->bytes + name.at, key, key_size) == 0)
            return mmdb_value_read(section, at, out);
        if (!pass_value(section, &at))
            return false;
    }
    return true;
}

bool mmdb_value_first(const struct mmdb_section *section, const struct mmdb_value *array,
                      struct mmdb_value *out)
{
    *out = (struct mmdb_value){ 0 };
    return array->type != MMDB_ARRAY || array->size == 0 || mmdb_value_read(section, array->at, out);
}

bool mmdb_value_uint(const struct mmdb_section *section, const struct mmdb_value *value, uint64_t *out)
{
    bool is_uint = value->type == MMDB_UINT16 || value->type == MMDB_UINT32 || value->type == MMDB_UINT64 ||
                   value->type == MMDB_UINT128 || value->type == MMDB_INT32;
    if (!is_uint || value->size > 8)
        return false;
    *out = read_number(section->bytes + value->at, value->size);
    /* A signed number has its sign only at full width. */
    return value->type != MMDB_INT32 || *out <= INT32_MAX;
}

bool mmdb_value_real(const struct mmdb_section *section, const struct mmdb_value *value, double *out)
{
    if (value->type == MMDB_DOUBLE && value->size == 8) {
        uint64_t bits = read_number(section->bytes + value->at, 8);
        memcpy(out, &bits, sizeof *out);
        return true;
    }
    if (value->type == MMDB_FLOAT && value->size == 4) {
        uint32_t bits = (uint32_t)read_number(section->bytes + value->at, 4);
        float real;
        memcpy(&real, &bits, sizeof real);
        *out = (double)real;
        return true;
    }
    return false;
}

struct mmdb_section mmdb_file_data(struct mmdb_file *file)
{
    return (struct mmdb_section){ .bytes = file->data, .size = file->data_size, .budget = &file->budget };
}

/* ---- the tree ---- */

uint32_t mmdb_file_record(const struct mmdb_file *file, uint32_t node, unsigned side)
{
    const uint8_t *at = file->bytes + (size_t)node * (file->record_bits / 4);
    switch (file->record_bits) {
    case 24: return (uint32_t)read_number(at + (size_t)side * 3, 3);
    case 28: /* the byte in the middle holds the upper four bits of both */
        return side == 0 ? (uint32_t)(at[3] & 0xf0) << 20 | (uint32_t)read_number(at, 3)
                         : (uint32_t)(at[3] & 0x0f) << 24 | (uint32_t)read_number(at + 4, 3);
    default: return (uint32_t)read_number(at + (size_t)side * 4, 4);
    }
}

/* ---- the file ---- */

static bool read_file(const char *path, struct mmdb_file *file, struct error *err)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
    if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        error_set(err, "cannot be read: %s", fd < 0 ? strerror(errno) : "it is no regular file");
        goto undo;
    }
    if (stat.st_size > FILE_SIZE_MAX) {
        error_set(err, "is %lld bytes large, more than the %d that are read", (long long)stat.st_size,
                  FILE_SIZE_MAX);
        goto undo;
    }
    size_t room = (size_t)stat.st_size + 1; /* one more byte tells a file that grew */
    file->bytes = xcalloc(room, 1);
    while (file->size < room) {
        ssize_t got = read(fd, file->bytes + file->size, room - file->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set(err, "cannot be read: %s", strerror(errno));
            goto undo;
        }
        if (got == 0)
            break;
        file->size += (size_t)got;
    }
    close(fd);
    if (file->size == room)
        return error_set(err, "grew while it was read: write it beside and rename it into place");
    return true;
undo:
    if (fd >= 0)
        close(fd);
    return false;
}

/* The metadata stand behind the last marker in the file. */
static const uint8_t *find_metadata(const struct mmdb_file *file)
{
    size_t least = file->size > METADATA_MAX ? file->size - METADATA_MAX : 0;
    for (size_t at = file->size; at >= least + sizeof marker; at--)
        if (memcmp(file->bytes + at - sizeof marker, marker, sizeof marker) == 0)
            return file->bytes + at;
    return NULL;
}

static bool metadata_uint(const struct mmdb_section *section, const struct mmdb_value *map, const char *key,
                          uint64_t most, uint64_t *out)
{
    struct mmdb_value value;
    return mmdb_value_member(section, map, key, &value) && mmdb_value_uint(section, &value, out) &&
           *out <= most;
}

static bool read_metadata(struct mmdb_file *file, struct error *err)
{
    const uint8_t *metadata = find_metadata(file);
    if (metadata == NULL)
        return error_set(err,
                         "is no MaxMind DB file, or is cut off: its metadata are missing; fetch it again");
    struct mmdb_section section = { .bytes = metadata,
                                    .size = (size_t)(file->bytes + file->size - metadata),
                                    .budget = &file->budget };
    struct mmdb_value map;
    uint64_t version, node_count, record_bits, ip_version;
    if (!mmdb_value_read(&section, 0, &map) ||
        !metadata_uint(&section, &map, "binary_format_major_version", UINT16_MAX, &version) ||
        !metadata_uint(&section, &map, "node_count", UINT32_MAX, &node_count) ||
        !metadata_uint(&section, &map, "record_size", UINT16_MAX, &record_bits) ||
        !metadata_uint(&section, &map, "ip_version", UINT16_MAX, &ip_version))
        return error_set(err, "is damaged: its metadata make no sense; fetch it again");
    if (version != 2)
        return error_set(err, "has MaxMind DB format %u; only format 2 is known", (unsigned)version);
    if ((record_bits != 24 && record_bits != 28 && record_bits != 32) || (ip_version != 4 && ip_version != 6))
        return error_set(err, "is damaged: records of %u bits, IP version %u; fetch it again",
                         (unsigned)record_bits, (unsigned)ip_version);
    if (!metadata_uint(&section, &map, "build_epoch", UINT64_MAX, &file->build_epoch_s))
        file->build_epoch_s = 0;

    uint64_t tree_size = node_count * (record_bits / 4);
    uint64_t before_metadata = (uint64_t)(metadata - file->bytes) - sizeof marker;
    if (node_count == 0 || before_metadata < tree_size + SEPARATOR_SIZE)
        return error_set(err, "is damaged: its search tree does not fit into the file; fetch it again");
    file->node_count = (uint32_t)node_count;
    file->record_bits = (unsigned)record_bits;
    file->ip_version = (unsigned)ip_version;
    file->data = file->bytes + tree_size + SEPARATOR_SIZE;
    file->data_size = (size_t)(before_metadata - tree_size - SEPARATOR_SIZE);
    return true;
}

bool mmdb_file_open(const char *path, struct mmdb_file *out, struct error *err)
{
    *out = (struct mmdb_file){ 0 };
    if (!read_file(path, out, err))
        goto undo;
    /* Honest records are a few dozen values a field; the endlessly nested run dry. */
    out->budget = UINT64_C(1000000) + 32 * (uint64_t)out->size;
    if (!read_metadata(out, err))
        goto undo;
    return true;
undo:
    mmdb_file_close(out);
    return false;
}

void mmdb_file_close(struct mmdb_file *file)
{
    free(file->bytes);
    *file = (struct mmdb_file){ 0 };
}
