#include "base/values.h"
#include "base/ascii.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace writ {

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

/// Removes a run of digits from the front of `text`.
std::string_view take_digits(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n])) ++n;
    const std::string_view digits = text.substr(0, n);
    text.remove_prefix(n);
    return digits;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// Removes a number of exactly `width` digits from the front; or none.
std::optional<std::int64_t> take_fixed(std::string_view& text, std::size_t width) {
    if (text.size() < width) return {};
    std::int64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (!is_digit(text[i])) return {};
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

struct Unit {
    std::string_view name;
    std::int64_t micros;
};
constexpr Unit kUnits[] = {
    {"d", kDay* kSecond}, {"h", 3'600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}, {"ms", 1'000}, {"us", 1},
};

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t of_era = year - era * 400;
    const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

struct Date {
    std::int64_t year, month, day;
};

Date civil_from_days(std::int64_t days) {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const std::int64_t day_of_era = days - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t m = (5 * day_of_year + 2) / 153;
    const std::int64_t month = m < 10 ? m + 3 : m - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * m + 2) / 5 + 1};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
    constexpr std::int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

std::int64_t sat_mul(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    return __builtin_mul_overflow(a, b, &result) ? ((a < 0) != (b < 0) ? kMin : kMax) : result;
}

namespace {

/// A JSON number without unnecessary zeros: digits times 10^power.
struct Number {
    bool negative = false;
    std::string digits;  ///< empty: zero
    std::int64_t power = 0;
};

/// Empty: not a JSON number.
std::optional<Number> parse_number(std::string_view text) {
    constexpr std::int64_t kFarExponent = 1'000'000'000;
    Number number;
    number.negative = take(text, '-');
    const std::string_view whole = take_digits(text);
    if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return {};
    std::string_view fraction;
    if (take(text, '.')) {
        fraction = take_digits(text);
        if (fraction.empty()) return {};
    }
    std::int64_t exponent = 0;
    if (take(text, 'e') || take(text, 'E')) {
        const bool below = take(text, '-');
        if (!below) take(text, '+');
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return {};
        for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kFarExponent);
        if (below) exponent = -exponent;
    }
    if (!text.empty()) return {};

    std::string& digits = number.digits;
    digits.append(whole).append(fraction);
    number.power = exponent - static_cast<std::int64_t>(fraction.size());
    const std::size_t last = digits.find_last_not_of('0');
    if (last == std::string::npos) return Number{};
    number.power += static_cast<std::int64_t>(digits.size() - 1 - last);
    digits.resize(last + 1);
    digits.erase(0, digits.find_first_not_of('0'));
    return number;
}

/// The number as an integer. Empty: it is not an integer, or does not fit.
std::optional<std::int64_t> integer_of(const Number& number) {
    if (number.digits.empty()) return 0;
    if (number.power < 0 || number.power > 19 || number.digits.size() > 19) return {};
    std::int64_t value = 0;  // negative, because there is one more negative number than positive ones
    for (const char c : number.digits)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, c - '0', &value)) return {};
    for (std::int64_t power = number.power; power > 0; --power)
        if (__builtin_mul_overflow(value, 10, &value)) return {};
    if (number.negative) return value;
    if (value == kMin) return {};
    return -value;
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text) {
    auto number = parse_number(text);
    if (!number) return {};
    number->power += 6;
    return integer_of(*number);
}

std::optional<std::int64_t> parse_numeric_date(std::string_view text, Rounding rounding) {
    auto number = parse_number(text);
    if (!number) return {};
    number->power += 6;
    if (number->power >= 0 || number->digits.empty()) return integer_of(*number);
    // The last digit is not a zero, so a nonzero part is cut off.
    const auto cut = static_cast<std::size_t>(-number->power);
    number->digits.resize(number->digits.size() - std::min(number->digits.size(), cut));
    number->power = 0;
    const auto towards_zero = integer_of(*number);
    const bool away = (rounding == Rounding::Up) != number->negative;
    if (!towards_zero || !away) return towards_zero;
    return sat_add(*towards_zero, number->negative ? -1 : 1);
}

std::string format_decimal(std::int64_t value) {
    const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    const auto unit = static_cast<std::uint64_t>(kDecimalUnit);
    std::string out = fmt::format("{}{}", value < 0 ? "-" : "", magnitude / unit);
    if (magnitude % unit != 0) {
        out += fmt::format(".{:06}", magnitude % unit);
        out.resize(out.find_last_not_of('0') + 1);
    }
    return out;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    const Unit* next = std::begin(kUnits);
    if (text.empty()) return {};
    while (!text.empty()) {
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return {};
        std::int64_t count = 0;
        for (const char c : digits)
            if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, c - '0', &count)) return {};
        std::size_t letters = 0;
        while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
        const std::string_view name = text.substr(0, letters);
        const Unit* unit = std::find_if(next, std::end(kUnits), [&](const Unit& u) { return u.name == name; });
        if (unit == std::end(kUnits)) return {};
        std::int64_t part = 0;
        if (__builtin_mul_overflow(count, unit->micros, &part) || __builtin_add_overflow(total, part, &total))
            return {};
        next = unit + 1;
        text.remove_prefix(letters);
    }
    return total;
}

std::string format_duration(std::int64_t micros) {
    if (micros == 0) return "0s";
    auto left = micros < 0 ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
    std::string out = micros < 0 ? "-" : "";
    for (const Unit& unit : kUnits) {
        const auto size = static_cast<std::uint64_t>(unit.micros);
        if (left >= size) out += fmt::format("{}{}", left / size, unit.name);
        left %= size;
    }
    return out;
}

std::optional<std::int64_t> parse_instant(std::string_view text, Rounding rounding) {
    const auto year = take_fixed(text, 4);
    if (!year || *year < 1 || !take(text, '-')) return {};
    const auto month = take_fixed(text, 2);
    if (!month || *month < 1 || *month > 12 || !take(text, '-')) return {};
    const auto day = take_fixed(text, 2);
    if (!day || *day < 1 || *day > days_in_month(*year, *month)) return {};
    if (!take(text, 'T') && !take(text, 't')) return {};
    const auto hour = take_fixed(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return {};
    const auto minute = take_fixed(text, 2);
    if (!minute || *minute > 59 || !take(text, ':')) return {};
    const auto second = take_fixed(text, 2);
    if (!second || *second > 60) return {};
    const bool leap = *second == 60;
    std::int64_t micros = 0;
    if (take(text, '.')) {
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return {};
        for (std::size_t i = 0; i < 6; ++i) micros = micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
        const bool more = digits.size() > 6 && digits.find_first_not_of('0', 6) != std::string_view::npos;
        if (more && rounding == Rounding::Up) ++micros;
    }
    std::int64_t offset = 0;
    if (!take(text, 'Z') && !take(text, 'z')) {
        const bool west = take(text, '-');
        if (!west && !take(text, '+')) return {};
        const auto hours = take_fixed(text, 2);
        if (!hours || *hours > 23 || !take(text, ':')) return {};
        const auto minutes = take_fixed(text, 2);
        if (!minutes || *minutes > 59) return {};
        offset = (*hours * 60 + *minutes) * (west ? -60 : 60);
    }
    if (!text.empty()) return {};
    const std::int64_t seconds =
        days_from_civil(*year, *month, *day) * kDay + *hour * 3'600 + *minute * 60 + *second - offset;
    // The zone must not move the moment out of the valid years.
    if (seconds < days_from_civil(1, 1, 1) * kDay || seconds >= days_from_civil(10'000, 1, 1) * kDay) return {};
    if (!leap) return seconds * kSecond + micros;
    // A leap second counts as the next second.
    if (seconds % kDay != 0) return {};
    return seconds * kSecond;
}

char* write_instant(char* to, std::int64_t micros) {
    std::int64_t seconds = micros / kSecond;
    std::int64_t fraction = micros % kSecond;
    if (fraction < 0) {
        fraction += kSecond;
        --seconds;
    }
    std::int64_t days = seconds / kDay;
    std::int64_t of_day = seconds % kDay;
    if (of_day < 0) {
        of_day += kDay;
        --days;
    }
    const Date date = civil_from_days(days);
    const auto two = [&](unsigned value) {
        *to++ = static_cast<char>('0' + value / 10);
        *to++ = static_cast<char>('0' + value % 10);
    };
    if (date.year < 0 || date.year > 9999) {
        const std::string year = fmt::format("{:04}", date.year);
        std::memcpy(to, year.data(), year.size());
        to += year.size();
    } else {
        two(static_cast<unsigned>(date.year) / 100);
        two(static_cast<unsigned>(date.year) % 100);
    }
    const auto time = static_cast<unsigned>(of_day);
    *to++ = '-', two(static_cast<unsigned>(date.month));
    *to++ = '-', two(static_cast<unsigned>(date.day));
    *to++ = 'T', two(time / 3'600);
    *to++ = ':', two(time / 60 % 60);
    *to++ = ':', two(time % 60);
    if (fraction != 0) {
        *to++ = '.';
        for (std::int64_t unit = 100'000; fraction != 0; fraction %= unit, unit /= 10)
            *to++ = static_cast<char>('0' + fraction / unit);
    }
    *to++ = 'Z';
    return to;
}

std::string format_instant(std::int64_t micros) {
    char text[kInstantRoom];
    return {text, write_instant(text, micros)};
}

bool valid_utf8(std::string_view text) {
    if (is_ascii(text)) return true;  // the usual case
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i++]);
        if (lead < 0x80) continue;
        // The range of the second byte excludes overlong forms, surrogates and values above U+10FFFF.
        unsigned low = 0x80, high = 0xBF, more = 0;
        if (lead >= 0xC2 && lead <= 0xDF) {
            more = 1;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            more = 2;
            if (lead == 0xE0) low = 0xA0;
            if (lead == 0xED) high = 0x9F;
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            more = 3;
            if (lead == 0xF0) low = 0x90;
            if (lead == 0xF4) high = 0x8F;
        } else {
            return false;
        }
        for (; more > 0; --more, ++i) {
            if (i >= text.size()) return false;
            const auto byte = static_cast<unsigned char>(text[i]);
            if (byte < low || byte > high) return false;
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}

}  // namespace writ
