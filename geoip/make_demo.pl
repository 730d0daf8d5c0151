#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a tiny database of countries in the layout of GeoLite2-Country, with coordinates, out of a few dozen
# well-known public blocks: enough to try geographic steering, and for tests.  The same bytes on every run.
#
#     geoip/make_demo.pl [FILE]          (default: demo.mmdb beside this script)
#
# Needs MaxMind::DB::Writer (Debian: libmaxmind-db-writer-perl).
use strict;
use warnings;
use FindBin qw($Bin);
use MaxMind::DB::Writer::Tree;

my $BUILT = 1767225600;    # 2026-01-01T00:00:00Z, fixed: the file must not depend on the day

# country => [continent, English name, latitude, longitude]
my %countries = (
    AR => ['SA', 'Argentina',      -34.6, -58.4],
    AU => ['OC', 'Australia',      -33.9, 151.2],
    BR => ['SA', 'Brazil',         -23.5, -46.6],
    CA => ['NA', 'Canada',         45.4,  -75.7],
    CH => ['EU', 'Switzerland',    47.4,  8.5],
    CN => ['AS', 'China',          39.9,  116.4],
    DE => ['EU', 'Germany',        50.1,  8.7],
    FR => ['EU', 'France',         48.9,  2.4],
    GB => ['EU', 'United Kingdom', 51.5,  -0.1],
    IE => ['EU', 'Ireland',        53.3,  -6.3],
    IN => ['AS', 'India',          19.1,  72.9],
    JP => ['AS', 'Japan',          35.7,  139.7],
    KE => ['AF', 'Kenya',          -1.3,  36.8],
    KR => ['AS', 'South Korea',    37.6,  127.0],
    MU => ['AF', 'Mauritius',      -20.2, 57.5],
    NL => ['EU', 'Netherlands',    52.4,  4.9],
    NZ => ['OC', 'New Zealand',    -41.3, 174.8],
    RU => ['EU', 'Russia',         55.8,  37.6],
    SE => ['EU', 'Sweden',         59.3,  18.1],
    SG => ['AS', 'Singapore',      1.35,  103.8],
    US => ['NA', 'United States',  37.8,  -97.8],
    UY => ['SA', 'Uruguay',        -34.9, -56.2],
    ZA => ['AF', 'South Africa',   -26.2, 28.0],
);

my %continents = (
    AF => 'Africa', AS => 'Asia', EU => 'Europe', NA => 'North America', OC => 'Oceania', SA => 'South America',
);

# Blocks of registries, research networks and public resolvers, which stay where they are for years.
my @networks = (
    ['1.0.0.0/24',       'AU'], ['1.1.1.0/24',        'AU'], ['202.12.28.0/23',   'AU'],
    ['130.216.0.0/16',   'NZ'],
    ['4.0.0.0/9',        'US'], ['8.8.8.0/24',        'US'], ['8.8.4.0/24',       'US'],
    ['9.9.9.0/24',       'US'], ['12.0.0.0/8',        'US'], ['18.0.0.0/11',      'US'],
    ['198.41.0.0/24',    'US'], ['199.7.83.0/24',     'US'], ['192.149.252.0/24', 'US'],
    ['199.212.0.0/24',   'US'], ['128.100.0.0/16',    'CA'], ['132.216.0.0/16',   'CA'],
    ['200.160.0.0/20',   'BR'], ['143.106.0.0/16',    'BR'], ['200.7.84.0/23',    'UY'],
    ['200.3.12.0/22',    'UY'], ['157.92.0.0/16',     'AR'], ['193.0.0.0/21',     'NL'],
    ['130.37.0.0/16',    'NL'], ['141.1.0.0/16',      'DE'], ['141.20.0.0/16',    'DE'],
    ['194.246.96.0/24',  'DE'], ['193.174.0.0/15',    'DE'], ['129.104.0.0/16',   'FR'],
    ['192.134.4.0/22',   'FR'], ['131.111.0.0/16',    'GB'], ['129.215.0.0/16',   'GB'],
    ['134.226.0.0/16',   'IE'], ['192.36.148.0/24',   'SE'], ['130.237.0.0/16',   'SE'],
    ['130.59.0.0/16',    'CH'], ['129.132.0.0/16',    'CH'], ['77.88.8.0/24',     'RU'],
    ['133.11.0.0/16',    'JP'], ['202.12.27.0/24',    'JP'], ['143.248.0.0/16',   'KR'],
    ['114.114.114.0/24', 'CN'], ['166.111.0.0/16',    'CN'], ['103.21.124.0/22',  'IN'],
    ['137.132.0.0/16',   'SG'], ['146.141.0.0/16',    'ZA'], ['196.216.2.0/24',   'MU'],
    ['197.136.0.0/16',   'KE'],
    ['2001:200::/32',    'JP'], ['2001:500::/30',     'US'], ['2001:67c:2e8::/48', 'NL'],
    ['2001:610::/32',    'NL'], ['2001:620::/32',     'CH'], ['2001:630::/32',    'GB'],
    ['2001:638::/32',    'DE'], ['2001:660::/32',     'FR'], ['2001:6b0::/32',    'SE'],
    ['2001:770::/32',    'IE'], ['2001:da8::/32',     'CN'], ['2001:dc0::/32',    'AU'],
    ['2001:dc7::/32',    'CN'], ['2001:e60::/32',     'KR'],
    ['2001:12ff::/32',   'BR'], ['2001:13c7:7002::/48', 'UY'], ['2001:42d0::/32', 'MU'],
    ['2001:4200::/32',   'ZA'], ['2001:4860::/32',    'US'], ['2404:6800::/32',   'AU'],
    ['2404:138::/32',    'NZ'], ['2606:4700::/32',    'US'], ['2607:f8b0::/32',   'US'],
    ['2a00:1450::/32',   'IE'], ['2a02:6b8::/32',     'RU'], ['2c0f:fe38::/32',   'KE'],
);

my %types = (
    code => 'utf8_string', en => 'utf8_string', iso_code => 'utf8_string',
    latitude => 'double', longitude => 'double',
    continent => 'map', country => 'map', location => 'map', names => 'map', registered_country => 'map',
);

sub record {
    my ($code) = @_;
    my ($continent, $name, $latitude, $longitude) = @{ $countries{$code} };
    my $country = { iso_code => $code, names => { en => $name } };
    return {
        continent          => { code => $continent, names => { en => $continents{$continent} } },
        country            => $country,
        location           => { latitude => $latitude, longitude => $longitude },
        registered_country => $country,
    };
}

my $tree = MaxMind::DB::Writer::Tree->new(
    ip_version            => 6,
    record_size           => 24,
    database_type         => 'steerd-Demo-Country',
    languages             => ['en'],
    description           => { en => 'A few well-known networks, to try geographic steering' },
    alias_ipv6_to_ipv4    => 1,
    map_key_type_callback => sub { $types{ $_[0] } },
    _build_epoch          => $BUILT,
);
$tree->insert_network($_->[0], record($_->[1])) for @networks;

my $path = shift // "$Bin/demo.mmdb";
open my $file, '>:raw', "$path.new" or die "$path.new: $!\n";
$tree->write_tree($file);
close $file or die "$path.new: $!\n";
rename "$path.new", $path or die "$path: $!\n";
