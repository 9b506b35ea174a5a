// TZif files (RFC 8536), version 2 and later. The 32-bit block is skipped; the footer's rule is expanded to the end
// of 2099, so that only transitions are needed.
#include "check/zone.h"
#include "base/ascii.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>

#include "base/values.h"
#include "check/zone_data.h"

namespace writ::check {

namespace {

constexpr std::size_t kHeader = 44;
constexpr std::int64_t kLastYear = 2099;
constexpr std::int64_t kBeforeAll = std::numeric_limits<std::int64_t>::min();

/// Reads big-endian fields from a file. Reading past the end sets `bad`.
struct BigEndianReader {
    std::string_view left;
    bool bad = false;

    std::string_view take(std::uint64_t size) {
        if (size > left.size()) {
            bad = true;
            return {};
        }
        const std::string_view bytes = left.substr(0, static_cast<std::size_t>(size));
        left.remove_prefix(static_cast<std::size_t>(size));
        return bytes;
    }
};

std::int64_t big_endian(std::string_view bytes) {
    if (bytes.empty()) return 0;
    std::uint64_t value = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
}

struct HeaderCounts {
    std::uint64_t is_ut = 0, is_std = 0, leap = 0, time = 0, type = 0, chars = 0;
};

std::optional<HeaderCounts> read_header(BigEndianReader& in) {
    const std::string_view header = in.take(kHeader);
    if (in.bad || header.substr(0, 4) != "TZif" || header[4] < '2') return {};
    const auto count = [&](std::size_t i) {
        return static_cast<std::uint64_t>(big_endian(header.substr(20 + 4 * i, 4))) & 0xFFFFFFFF;
    };
    return HeaderCounts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

// ---- the footer: a POSIX TZ rule --------------------------------------------------------------

/// The day and local time of a change: `Mm.w.d`, `Jn` or `n`, then `/time`.
struct RuleDay {
    enum class Form : std::uint8_t { MonthWeek, Julian, DayOfYear } form = Form::MonthWeek;
    std::int64_t month = 0, week = 0, day = 0;
    std::int64_t time = 7'200;
};

struct ZoneRule {
    std::int64_t standard = 0, summer = 0;  ///< offsets, seconds east
    bool has_summer = false;
    RuleDay start, end;
};

std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    std::size_t n = 0;
    for (; n < text.size() && n < 4 && is_digit(text[n]); ++n) value = value * 10 + (text[n] - '0');
    if (n == 0 || value < low || value > high) return {};
    text.remove_prefix(n);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

bool take_zone_letters(std::string_view& text) {
    if (take(text, '<')) {
        const std::size_t close = text.find('>');
        if (close == std::string_view::npos) return false;
        text.remove_prefix(close + 1);
        return true;
    }
    std::size_t n = 0;
    while (n < text.size() && is_letter(text[n])) ++n;
    text.remove_prefix(n);
    return n >= 3;
}

/// `[+-]h[h[h]][:mm[:ss]]` in seconds.
std::optional<std::int64_t> take_time(std::string_view& text) {
    const bool negative = take(text, '-');
    if (!negative) take(text, '+');
    const auto hours = take_number(text, 0, 167);
    if (!hours) return {};
    std::int64_t seconds = *hours * 3'600;
    for (const std::int64_t unit : {60, 1}) {
        if (!take(text, ':')) break;
        const auto part = take_number(text, 0, 59);
        if (!part) return {};
        seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
}

std::optional<RuleDay> take_rule_day(std::string_view& text) {
    RuleDay day;
    if (take(text, 'M')) {
        const auto month = take_number(text, 1, 12);
        if (!month || !take(text, '.')) return {};
        const auto week = take_number(text, 1, 5);
        if (!week || !take(text, '.')) return {};
        const auto weekday = take_number(text, 0, 6);
        if (!weekday) return {};
        day.month = *month;
        day.week = *week;
        day.day = *weekday;
    } else {
        const bool julian = take(text, 'J');
        const auto number = take_number(text, julian ? 1 : 0, 365);
        if (!number) return {};
        day.form = julian ? RuleDay::Form::Julian : RuleDay::Form::DayOfYear;
        day.day = *number;
    }
    if (take(text, '/')) {
        const auto time = take_time(text);
        if (!time) return {};
        day.time = *time;
    }
    return day;
}

std::optional<ZoneRule> parse_rule(std::string_view text) {
    ZoneRule rule;
    if (!take_zone_letters(text)) return {};
    const auto west = take_time(text);
    if (!west) return {};
    rule.standard = -*west;
    if (text.empty()) return rule;
    rule.has_summer = true;
    if (!take_zone_letters(text)) return {};
    rule.summer = rule.standard + 3'600;
    if (!text.empty() && text.front() != ',') {
        const auto summer_west = take_time(text);
        if (!summer_west) return {};
        rule.summer = -*summer_west;
    }
    if (!take(text, ',')) return {};  // a rule without dates has no defined meaning
    const auto start = take_rule_day(text);
    if (!start || !take(text, ',')) return {};
    const auto end = take_rule_day(text);
    if (!end || !text.empty()) return {};
    rule.start = *start;
    rule.end = *end;
    return rule;
}

/// Seconds since the epoch, in local time, of a change in a year.
std::int64_t local_moment(const RuleDay& rule, std::int64_t year) {
    using namespace std::chrono;
    const std::chrono::year y(static_cast<int>(year));
    const sys_days january = y / January / 1;
    std::int64_t days = january.time_since_epoch().count();
    switch (rule.form) {
        case RuleDay::Form::MonthWeek: {
            const std::chrono::month m(static_cast<unsigned>(rule.month));
            const weekday wd(static_cast<unsigned>(rule.day));
            const sys_days date =
                rule.week == 5 ? sys_days(y / m / wd[last]) : sys_days(y / m / wd[static_cast<unsigned>(rule.week)]);
            days = date.time_since_epoch().count();
            break;
        }
        case RuleDay::Form::Julian:  // 1..365, 29 February never counted
            days += rule.day - 1 + (y.is_leap() && rule.day >= 60 ? 1 : 0);
            break;
        case RuleDay::Form::DayOfYear: days += rule.day; break;
    }
    return days * kDay + rule.time;
}

void expand(const ZoneRule& rule, std::vector<Transition>& out) {
    if (!rule.has_summer) return;
    const std::int64_t from = out.back().at;
    const std::int64_t year_micros = 31'556'952 * kSecond;
    const std::int64_t first = from == kBeforeAll ? 1970 : 1970 + from / year_micros - 1;
    std::vector<Transition> changes;
    for (std::int64_t year = first; year <= kLastYear; ++year) {
        changes.push_back({(local_moment(rule.start, year) - rule.standard) * kSecond, rule.summer});
        changes.push_back({(local_moment(rule.end, year) - rule.summer) * kSecond, rule.standard});
    }
    // Stable, so that if one year's end is the next one's start (summer all year), the start stays last.
    std::stable_sort(changes.begin(), changes.end(),
                     [](const Transition& a, const Transition& b) { return a.at < b.at; });
    for (const Transition& change : changes) {
        if (change.at <= from) continue;
        if (out.back().at == change.at)
            out.back() = change;
        else
            out.push_back(change);
    }
}

// ---- the file ---------------------------------------------------------------------------------

}  // namespace

std::optional<std::vector<Transition>> read_zone(std::string_view bytes) {
    BigEndianReader in{bytes};
    const auto old = read_header(in);
    if (!old) return {};
    in.take(old->time * 5 + old->type * 6 + old->chars + old->leap * 8 + old->is_std + old->is_ut);
    if (in.bad) return {};
    const auto counts = read_header(in);
    // Zones that count leap seconds ("right/…") use another time scale than requests.
    if (!counts || counts->type == 0 || counts->leap != 0) return {};
    const std::string_view times = in.take(counts->time * 8);
    const std::string_view indices = in.take(counts->time);
    const std::string_view types = in.take(counts->type * 6);
    in.take(counts->chars + counts->is_std + counts->is_ut);
    if (in.bad) return {};

    const auto offset = [&](std::size_t type) { return big_endian(types.substr(type * 6, 4)); };
    std::vector<Transition> out{{kBeforeAll, offset(0)}};
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const auto type = static_cast<unsigned char>(indices[i]);
        if (type >= counts->type) return {};
        const std::int64_t at = sat_mul(big_endian(times.substr(i * 8, 8)), kSecond);
        if (at < out.back().at) return {};
        if (at == out.back().at)
            out.back().offset = offset(type);
        else
            out.push_back({at, offset(type)});
    }
    if (in.left.size() < 2 || in.left.front() != '\n' || in.left.back() != '\n') return {};
    const std::string_view footer = in.left.substr(1, in.left.size() - 2);
    if (!footer.empty()) {
        const auto rule = parse_rule(footer);
        if (!rule) return {};
        expand(*rule, out);
    }
    // Changes of the name only (same offset) do not matter.
    const auto same = [](const Transition& a, const Transition& b) { return a.offset == b.offset; };
    out.erase(std::unique(out.begin(), out.end(), same), out.end());
    return out;
}

std::optional<std::vector<Transition>> load_zone(std::string_view name) {
    const auto found = std::lower_bound(kZones.begin(), kZones.end(), name,
                                        [](const ZoneData& zone, std::string_view other) { return zone.name < other; });
    if (found == kZones.end() || found->name != name) return {};
    return read_zone(found->bytes);
}

std::vector<std::string_view> zone_names() {
    std::vector<std::string_view> names;
    for (const ZoneData& zone : kZones) names.push_back(zone.name);
    return names;
}

}  // namespace writ::check
