// Change notes: what is a declaration, and what only means to be one.
#include "cli/change_note.h"

#include <doctest/doctest.h>

using namespace writ::cli;

namespace {

ChangeNote note_of(std::string_view text) {
    ChangeNote note;
    read_note(text, "note", note);
    return note;
}

}  // namespace

TEST_CASE("gate: a note declares by name and with a reason") {
    ChangeNote note = note_of("Some prose.\nwidens: refund_large because finance asked\n- Widens: a.b, c because of c\nraises: steps because a table\n");
    CHECK(note.problems.empty());
    REQUIRE(note.declarations.size() == 4);
    CHECK(note.declarations[0].name == "refund_large");
    CHECK(note.declarations[0].because == "finance asked");
    CHECK(note.declarations[0].where == "note:2");
    CHECK(note.declarations[2].name == "c");
    CHECK(note.declarations[3].raises);
}

TEST_CASE("gate: a declared name is the whole or its end behind a dot") {
    ChangeNote note = note_of("widens: refund, x.y because so");
    CHECK(note.declares(false, "acme.refund"));
    CHECK(note.declares(false, "refund"));
    CHECK(note.declares(false, "x.y"));
    CHECK_FALSE(note.declares(false, "acme.x.y.z"));
    CHECK_FALSE(note.declares(false, "acme.prerefund"));
    CHECK_FALSE(note.declares(false, "y"));
    CHECK_FALSE(note.declares(true, "steps"));
    CHECK(note.declarations[0].met);
}

TEST_CASE("gate: what means to declare and does not is a problem") {
    CHECK(note_of("widens: a").problems.size() == 1);
    CHECK(note_of("widens: a because ").problems.size() == 1);
    CHECK(note_of("widens: * because all").problems.size() == 1);
    CHECK(note_of("widens: because nothing").problems.size() == 1);
    CHECK(note_of("raises: ttl because long").problems.size() == 1);
    CHECK(note_of("widens: a, because so").problems.size() == 1);
    CHECK(note_of("this widens: nothing because of where it stands").declarations.empty());
    CHECK(note_of("widens a because no colon").declarations.empty());
}
