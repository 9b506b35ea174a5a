// The time zone database that is built in. embed_zones.py generates its source.
#pragma once

#include <span>
#include <string_view>

namespace writ::check {

struct ZoneData {
    std::string_view name, bytes;  ///< `bytes`: a TZif file
};

extern const std::span<const ZoneData> kZones;  ///< ascending by name
extern const std::string_view kZonesVersion;    ///< of the database, such as "2025b"

}  // namespace writ::check
