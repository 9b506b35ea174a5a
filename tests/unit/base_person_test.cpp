#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "base/person.h"

using namespace writ;
using namespace std::string_view_literals;

TEST_CASE("person: one person in another spelling is the same") {
    for (const auto& [a, b] : {std::pair{"nina@acme.example"sv, "Nina@ACME.example"sv},
                               {"nina"sv, "nina"sv},
                               {"Éva Kovács"sv, "ÉVA KOVÁCS"sv},
                               {"éva"sv, "Éva"sv},
                               {"иван"sv, "ИВАН"sv},
                               {"Ёлка"sv, "ёЛКА"sv},
                               {"Νίκος"sv, "νίκοσ"sv},
                               {"Strauß"sv, "STRAUSS"sv},
                               {"Weiß"sv, "WEIẞ"sv},
                               {"yıldız"sv, "YILDIZ"sv},
                               {"İpek"sv, "ipek"sv},
                               {"Łukasz Żak"sv, "łukasz żak"sv},
                               {"nguyễn"sv, "NGUYỄN"sv}}) {
        CHECK_MESSAGE(compare_names(a, b) == Likeness::Same, std::string(a));
        CHECK_MESSAGE(compare_names(b, a) == Likeness::Same, std::string(b));
    }
}

TEST_CASE("person: names that were looked at before compare as names do") {
    const std::string_view names[] = {"nina"sv, "Nina"sv, "ben"sv, "Strauß"sv, "STRAUSS"sv, "иван"sv,
                                      "ИВАН"sv, "山田"sv, ""sv,    "a  b"sv,   "\xff"sv};
    PersonName one, other;
    for (const std::string_view a : names) {
        one.set(a);
        CHECK(one.comparable() == comparable_name(a));
        for (const std::string_view b : names) {
            other.set(b);
            CHECK(one.compare(other) == compare_names(a, b));
        }
    }
}

TEST_CASE("person: two people") {
    for (const auto& [a, b] : {std::pair{"nina@acme.example"sv, "ben@acme.example"sv},
                               {"nina"sv, "nina2"sv},
                               {"иван"sv, "пётр"sv},
                               {"山田太郎"sv, "山田花子"sv},
                               {"김민수"sv, "김민지"sv},
                               {"すずき 一郎"sv, "サトウ 一郎"sv},
                               {"team:sales"sv, "team:support"sv}})
        CHECK_MESSAGE(compare_names(a, b) == Likeness::Different, std::string(a));
}

TEST_CASE("person: what cannot be compared safely") {
    const std::string longest(256, 'n');
    CHECK(comparable_name(longest));
    for (const std::string_view name : {""sv,
                                        " nina"sv,
                                        "nina "sv,
                                        "nina  smith"sv,
                                        "nina\tsmith"sv,
                                        "nina\n"sv,
                                        "nina\x7f"sv,
                                        "Nina <nina@acme.example>"sv,
                                        "<nina@acme.example>"sv,
                                        "nina@acme.example (Nina)"sv,
                                        "\"nina\"@acme.example"sv,
                                        "nina%40acme.example"sv,
                                        "ann@xn--80ak6aa92e.example"sv,
                                        "XN--ann"sv,
                                        "ni\u200bna"sv,
                                        "ni\u200dna"sv,
                                        "nina\u00ad"sv,
                                        "nina\u00a0"sv,
                                        "\u202enina"sv,
                                        "\u2066nina\u2069"sv,
                                        "ni\u034fna"sv,
                                        "\ufeffnina"sv,
                                        "ni\u2060na"sv,
                                        "nina\u3164"sv,
                                        "nina\ufe0f"sv,
                                        "ni\U000e0061na"sv,
                                        "jose\u0301"sv,
                                        "\u212bngström"sv,
                                        "\uff4eina"sv,
                                        "\ufb01nn"sv,
                                        "ſam"sv,
                                        "\u212aim"sv,
                                        "n\u0456na"sv,
                                        "l\u0435\u0430"sv,
                                        "\u0430nn@acme.example"sv,
                                        "ann@acm\u0435.example"sv,
                                        "αnna"sv,
                                        "аннa"sv,
                                        "o\u2019brien"sv,
                                        "n\u0251na"sv,
                                        "प्रिया"sv,
                                        "\xff"sv,
                                        "nina\xc3"sv})
        CHECK_FALSE_MESSAGE(comparable_name(name), std::string(name));
    CHECK_FALSE(comparable_name(longest + 'n'));
    CHECK_FALSE(comparable_name("nina\0"sv));
}

TEST_CASE("person: each label in a script of its own") {
    for (const std::string_view name :
         {"иван@acme.example"sv, "ann-мария"sv, "user:иван"sv, "山田さん"sv, "team_デザイン"sv, "ann7"sv, "иван7"sv,
          "spiffe://acme.example/ns/a"sv, "o'brien"sv, "Ada Lovelace"sv})
        CHECK_MESSAGE(comparable_name(name), std::string(name));
    CHECK(compare_names("nina", "nina ") == Likeness::Unclear);
    CHECK(compare_names("", "nina") == Likeness::Unclear);
    CHECK(compare_names("josé", "jose\u0301") == Likeness::Unclear);
}
