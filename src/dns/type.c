/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define ROW(number, at, count, tail, compressible, additional) \
    [number] = { .type = (number),                             \
                 .name_at = (at),                              \
                 .name_count = (count),                        \
                 .tail_size = (tail),                          \
                 .is_compressible = (compressible),            \
                 .wants_additional = (additional),             \
                 .is_alone = !(compressible) && !(additional) && (number) != DNS_DNAME }

/* By type number.  NAPTR's name stands behind strings, so nobody looks at it; the obsolete types of RFC 1035
 * are opaque to us. */
static const struct dns_type_layout layouts[] = {
    ROW(DNS_NS, 0, 1, 0, true, true),
    ROW(DNS_CNAME, 0, 1, 0, true, false),
    ROW(DNS_SOA, 0, 2, 20, true, false),
    ROW(DNS_PTR, 0, 1, 0, true, false),
    ROW(14, 0, 2, 0, true, false), /* MINFO */
    ROW(DNS_MX, 2, 1, 0, true, true),
    ROW(17, 0, 2, 0, false, false), /* RP */
    ROW(18, 2, 1, 0, false, true),  /* AFSDB */
    ROW(21, 2, 1, 0, false, true),  /* RT */
    ROW(DNS_SRV, 6, 1, 0, false, true),
    ROW(36, 2, 1, 0, false, true), /* KX */
    ROW(DNS_DNAME, 0, 1, 0, false, false),
    ROW(DNS_RRSIG, 18, 1, DNS_TAIL_ANY, false, false),
    ROW(DNS_NSEC, 0, 1, DNS_TAIL_ANY, false, false),
    ROW(DNS_SVCB, 2, 1, DNS_TAIL_ANY, false, true),
    ROW(DNS_HTTPS, 2, 1, DNS_TAIL_ANY, false, true),
};

#define LAYOUT_COUNT (sizeof layouts / sizeof *layouts)

const struct dns_type_layout *dns_type_layout(uint16_t type)
{
    static const struct dns_type_layout opaque = { .is_alone = true };
    return type < LAYOUT_COUNT && layouts[type].type != 0 ? &layouts[type] : &opaque;
}

/* IANA "Resource Record (RR) TYPEs". */
static const struct {
    uint16_t number;
    const char *name;
} types[] = {
    { 1, "A" },           { 2, "NS" },          { 3, "MD" },        { 4, "MF" },      { 5, "CNAME" },
    { 6, "SOA" },         { 7, "MB" },          { 8, "MG" },        { 9, "MR" },      { 10, "NULL" },
    { 11, "WKS" },        { 12, "PTR" },        { 13, "HINFO" },    { 14, "MINFO" },  { 15, "MX" },
    { 16, "TXT" },        { 17, "RP" },         { 18, "AFSDB" },    { 19, "X25" },    { 20, "ISDN" },
    { 21, "RT" },         { 22, "NSAP" },       { 23, "NSAP-PTR" }, { 24, "SIG" },    { 25, "KEY" },
    { 26, "PX" },         { 27, "GPOS" },       { 28, "AAAA" },     { 29, "LOC" },    { 30, "NXT" },
    { 33, "SRV" },        { 35, "NAPTR" },      { 36, "KX" },       { 37, "CERT" },   { 39, "DNAME" },
    { 41, "OPT" },        { 42, "APL" },        { 43, "DS" },       { 44, "SSHFP" },  { 45, "IPSECKEY" },
    { 46, "RRSIG" },      { 47, "NSEC" },       { 48, "DNSKEY" },   { 49, "DHCID" },  { 50, "NSEC3" },
    { 51, "NSEC3PARAM" }, { 52, "TLSA" },       { 53, "SMIMEA" },   { 55, "HIP" },    { 59, "CDS" },
    { 60, "CDNSKEY" },    { 61, "OPENPGPKEY" }, { 62, "CSYNC" },    { 63, "ZONEMD" }, { 64, "SVCB" },
    { 65, "HTTPS" },      { 99, "SPF" },        { 104, "NID" },     { 105, "L32" },   { 106, "L64" },
    { 107, "LP" },        { 108, "EUI48" },     { 109, "EUI64" },   { 249, "TKEY" },  { 250, "TSIG" },
    { 251, "IXFR" },      { 252, "AXFR" },      { 253, "MAILB" },   { 254, "MAILA" }, { 255, "ANY" },
    { 256, "URI" },       { 257, "CAA" },
};

void dns_type_format(uint16_t type, char out[16])
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].number == type) {
            snprintf(out, 16, "%s", types[i].name);
            return;
        }
    }
    snprintf(out, 16, "TYPE%u", type);
}

static bool parse_generic(const char *text, uint16_t *out)
{
    if (strncasecmp(text, "TYPE", 4) != 0 || text[4] < '0' || text[4] > '9')
        return false;
    char *end;
    unsigned long number = strtoul(text + 4, &end, 10);
    if (*end != '\0' || number > UINT16_MAX || end - text > 4 + 5)
        return false;
    *out = (uint16_t)number;
    return true;
}

bool dns_type_parse(const char *text, uint16_t *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcasecmp(types[i].name, text) == 0) {
            *out = types[i].number;
            return true;
        }
    }
    return parse_generic(text, out);
}

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = {
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",  "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI", NULL,      NULL,      NULL,       NULL,
        "BADVERS", "BADKEY",  "BADTIME",  "BADMODE",   "BADNAME", "BADALG",  "BADTRUNC", "BADCOOKIE",
    };
    const char *name = rcode < sizeof names / sizeof *names ? names[rcode] : NULL;
    return name != NULL ? name : "UNASSIGNED";
}
