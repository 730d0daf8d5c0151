/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where networks of clients are, as operators say: {"10.0.0.0/8": {"country": "DE", "asn": 64500}, …}. */
#include "config/model.h"

#include "base/memory.h"
#include "base/table.h"
#include "model_parts.h"
#include "place.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

/* What stands behind a network. */
struct place {
    char *continent, *country, *subdivision, *city;
    struct coordinates at;
    uint32_t asn;
};

static const struct field place_fields[] = {
    { "continent", &type_text, MEMBER(struct place, continent), .least = 1, .accept = place_accept_continent,
      .pattern = "^(AF|AN|AS|EU|NA|OC|SA)$", .doc = "continent; the country's by default" },
    { "country", &type_text, MEMBER(struct place, country), .least = 1, .accept = place_accept_country,
      .pattern = "^[A-Z]{2}$", .doc = "country, ISO 3166-1" },
    { "subdivision", &type_text, MEMBER(struct place, subdivision), .least = 1,
      .accept = place_accept_subdivision, .pattern = "^[A-Z]{2}-[A-Z0-9]{1,3}$",
      .doc = "subdivision with its country, ISO 3166-2, as US-CA" },
    { "city", &type_text, MEMBER(struct place, city), .least = 1, .most = PLACE_CITY_MAX,
      .doc = "English name of the city" },
    { "location", &type_location, MEMBER(struct place, at),
      .doc = "[latitude, longitude] in degrees, or a country code" },
    { "asn", &type_integer, MEMBER(struct place, asn), .least = 1, .most = UINT32_MAX, .doc = "AS number" },
};
const struct shape shape_place = { .name = "place",
                                   .doc = "where a network is; nothing: nowhere",
                                   SHAPE(place_fields) };

static void copy(char *out, const char *text)
{
    if (text != NULL)
        memcpy(out, text, strlen(text) + 1); /* accepted: it fits */
}

/* What follows from the more special: the country of a subdivision, the continent of a country. */
static void complete(struct reader *reader, struct location *location)
{
    if (location->country[0] == '\0')
        memcpy(location->country, location->subdivision, location->subdivision[0] != '\0' ? 2 : 0);
    if (location->subdivision[0] != '\0' && strncmp(location->subdivision, location->country, 2) != 0)
        reader_refuse(reader, "the subdivision %s is not in the country %s", location->subdivision,
                      location->country);
    if (location->country[0] != '\0' && location->continent[0] == '\0')
        copy(location->continent, geo_continent_of(location->country));
}

static void read_place(struct reader *reader, const cJSON *object, struct location *out)
{
    struct place place = { 0 };
    size_t errors_before = reader->problems->error_count;
    shape_read(reader, &shape_place, object, &place);
    memset(out, 0, sizeof *out);
    if (reader->problems->error_count == errors_before) {
        copy(out->continent, place.continent);
        copy(out->country, place.country);
        copy(out->subdivision, place.subdivision);
        copy(out->city, place.city);
        out->asn = place.asn;
        out->at = place.at;
        complete(reader, out);
    }
    free(place.continent);
    free(place.country);
    free(place.subdivision);
    free(place.city);
}

static void read_member(struct reader *reader, const cJSON *member, struct table *networks,
                        struct declared_locations *out)
{
    struct declared_place *place = &out->places[out->count];
    char text[ADDRESS_TEXT_SIZE];
    size_t before = reader_enter(reader, member->string);
    if (strcmp(member->string, "file") == 0) {
        reader_refuse(reader, "a file is read where steering.json says so and nothing else stands beside it: "
                              "write the networks and their places here");
    } else if (!prefix_parse(member->string, &place->network)) {
        reader_refuse(reader, "\"%s\" is no network: write one without host bits, such as 198.51.100.0/24",
                      member->string);
    } else if (!cJSON_IsObject(member)) {
        reader_expect(reader, member, "must be an object such as {\"country\": \"DE\"}");
    } else {
        prefix_format(&place->network, text);
        if (table_put(networks, text, out) != NULL)
            reader_refuse(reader, "the same network twice, written differently");
        read_place(reader, member, &place->location);
        out->count++;
    }
    reader_leave(reader, before);
}

struct declared_locations *declared_locations_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    const cJSON *member;
    if (!reader_open(object, problems, &reader))
        return NULL;
    object_name_check(&reader);
    struct declared_locations *locations = xcalloc(1, sizeof *locations);
    struct table *networks = table_new();
    locations->places = xcalloc((size_t)cJSON_GetArraySize(reader.root) + 1, sizeof *locations->places);
    cJSON_ArrayForEach(member, reader.root)
    {
        read_member(&reader, member, networks, locations);
    }
    table_free(networks);
    if (reader_close(&reader))
        return locations;
    declared_locations_free(locations);
    return NULL;
}

void declared_locations_free(struct declared_locations *locations)
{
    if (locations == NULL)
        return;
    free(locations->places);
    free(locations);
}
