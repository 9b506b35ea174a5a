// Tests change notes: what counts as a declaration, and what is a malformed one.
#include <doctest/doctest.h>

#include "writ/gate.h"

using namespace writ;

namespace {

ChangeNote note_of(std::string_view text) {
    ChangeNote note;
    read_note(text, "note", note);
    return note;
}

/// Widenings from texts of the form `word name`.
std::vector<Widening> widening_of(const std::vector<std::string>& titles) {
    std::vector<Widening> out;
    for (const std::string& each : titles) {
        Widening& one = out.emplace_back();
        one.word = each.substr(0, each.find(' '));
        one.name = each.substr(each.find(' ') + 1);
    }
    return out;
}

}  // namespace

TEST_CASE("gate: a note declares by name and with a reason") {
    ChangeNote note = note_of(
        "Some prose.\nwidens: refund_large because finance asked\n- Widens: a.b, c because of c\nraises: steps because "
        "a table\n");
    CHECK(note.problems.empty());
    REQUIRE(note.declarations.size() == 4);
    CHECK(note.declarations[0].name == "refund_large");
    CHECK(note.declarations[0].because == "finance asked");
    CHECK(note.declarations[0].where == "note:2");
    CHECK(note.declarations[2].name == "c");
    CHECK(note.declarations[3].raises);
}

TEST_CASE("gate: a reason that nobody can read is none") {
    for (const std::string nothing : {"", ".", "\u00a0", "\u200b", "\u3164", "---"}) {
        CAPTURE(nothing);
        const ChangeNote note = note_of("widens: a because " + nothing + "\nraises: steps because " + nothing + "\n");
        CHECK(note.declarations.empty());
        CHECK(note.problems.size() == 2);
    }
}

TEST_CASE("gate: a declared name is the whole or its end behind a dot, perhaps behind a word") {
    const std::vector<Widening> all =
        widening_of({"permit acme.refund", "tool x.y", "permit acme.x.y.z", "deny acme.prerefund"});
    ChangeNote note = note_of("widens: refund, x.y because so");
    CHECK(note.declared(all) == std::vector<bool>{true, true, false, false});
    CHECK(note.declarations[0].met);
    CHECK_FALSE(note.declares_steps());
    CHECK(note_of("raises: steps because so").declares_steps());
    CHECK(note_of("widens: permit refund, deny acme.prerefund because so").declared(all) ==
          std::vector<bool>{true, false, false, true});
    ChangeNote other = note_of("widens: tool refund, cme.refund because so");
    CHECK(other.declared(all) == std::vector<bool>(4, false));
    CHECK_FALSE(other.declarations[0].met);
}

TEST_CASE("gate: a name that several have declares none of them") {
    const std::vector<Widening> all =
        widening_of({"permit a.refund", "permit b.refund", "permit c.pay", "tool c.pay", "permit b.c.pay"});
    ChangeNote note = note_of("widens: refund because so");
    CHECK(note.declared(all) == std::vector<bool>(5, false));
    REQUIRE(note.problems.size() == 1);
    CHECK(note.problems[0].where == "note:1");
    CHECK(note.problems[0].text == "`refund` is ambiguous: write `permit a.refund` or `permit b.refund`");
    CHECK(note_of("widens: a.refund because so").declared(all) == std::vector<bool>{true, false, false, false, false});
    CHECK(note_of("widens: c.pay because so").declared(all) == std::vector<bool>(5, false));
    // A complete name is preferred to the last part of another name.
    CHECK(note_of("widens: permit c.pay because so").declared(all) ==
          std::vector<bool>{false, false, true, false, false});
    CHECK(name_for(all, 2) == "permit c.pay");
    CHECK(name_for(all, 0) == "a.refund");
}

TEST_CASE("gate: what is quoted declares nothing") {
    const std::string line = "widens: a because so\n";
    for (const std::string& text :
         {"```\n" + line + "```\n", "~~~\n```\n" + line + "```\n~~~\n", "    " + line, "\t" + line, "> " + line,
          "<!--\n" + line + "-->\n", "<!-- " + line, "x <!-- y\n" + line + "-->\n", "```\n" + line}) {
        CAPTURE(text);
        CHECK(note_of(text).declarations.empty());
        CHECK(note_of(text).problems.empty());
    }
    for (const std::string& text :
         {"```\n```\n" + line, "<!-- -->\n" + line, "a --> b\n  " + line, "<!-- a\n-->\n- " + line}) {
        CAPTURE(text);
        CHECK(note_of(text).declarations.size() == 1);
    }
}

TEST_CASE("gate: what means to declare and does not is a problem") {
    CHECK(note_of("widens: a").problems.size() == 1);
    CHECK(note_of("widens: a because ").problems.size() == 1);
    CHECK(note_of("widens: * because all").problems.size() == 1);
    CHECK(note_of("widens: because nothing").problems.size() == 1);
    CHECK(note_of("raises: ttl because long").problems.size() == 1);
    CHECK(note_of("widens: a, because so").problems.size() == 1);
    CHECK(note_of("widens: a b c because so").problems.size() == 1);
    CHECK(note_of("this widens: nothing because of where it stands").declarations.empty());
    CHECK(note_of("widens a because no colon").declarations.empty());
}

TEST_CASE("gate: a declaration may name its policy, and a new policy is declared by its folder") {
    ChangeNote note = note_of(
        "widens: a in support, b because of c\nraises: steps in teams/ops because of c\n"
        "widens: policy teams/new-one because of c\nwidens: layer ../top because of c\n");
    CHECK(note.problems.empty());
    REQUIRE(note.declarations.size() == 5);
    CHECK(note.declarations[0].name == "a");
    CHECK(note.declarations[0].policy == "support");
    CHECK(note.declarations[1].policy.empty());
    CHECK(note.declarations[2].policy == "teams/ops");
    ChangeNote support = note.for_policy("support"), ops = note.for_policy("teams/ops");
    CHECK(support.declarations.size() == 4);
    CHECK(!support.declares_steps());
    CHECK(ops.declares_steps());
    CHECK(support.declared(widening_of({"permit m.a", "permit m.b"})) == std::vector<bool>{true, true});
    CHECK(ops.declared(widening_of({"permit m.a", "permit m.b"})) == std::vector<bool>{false, true});
    CHECK(support.declares_policy("teams/new-one"));
    CHECK(!support.declares_policy("new-one"));
    CHECK(support.declared(widening_of({"layer ../top"})) == std::vector<bool>{true});
    CHECK(name_for(widening_of({"layer ../top"}), 0) == "layer ../top");
}
