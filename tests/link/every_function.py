#!/usr/bin/env python3
"""Writes a C++ program that takes the address of every function that the given headers declare and do not define. It
links only if the libraries export all of them. Constructors and destructors have no address, so they are called.

usage: every_function.py HEADER... > every.cpp

Reads declarations in the layout of clang-format; ignores private, deleted and defaulted functions, templates and friends."""
import pathlib
import re
import sys

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_]\w*|\d[\w\'.]*|::|->|\[\[|\]\]|&&|<=>|==|!=|.', re.S)
WORDS = {"static", "explicit", "virtual", "inline", "constexpr", "extern", "WRIT_API"}


def tokens_of(text):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    return [each for each in TOKEN.findall(text) if not each.isspace()]


def end_of(tokens, at, opening, closing):
    """The place behind what closes the bracket at `at`."""
    depth = 0
    while True:
        depth += (tokens[at] == opening) - (tokens[at] == closing)
        at += 1
        if depth == 0: return at


def split(tokens):
    """A parameter list at its commas, outside of any bracket."""
    out, depth = [[]], 0
    for each in tokens:
        depth += (each in "([{<") - (each in ")]}>") if len(each) == 1 else 0
        if each == "," and depth == 0: out.append([])
        else: out[-1].append(each)
    return [each for each in out if each and each != ["void"]]


def type_of(parameter):
    """A parameter without its name and default."""
    if "=" in parameter: parameter = parameter[:parameter.index("=")]
    named = len(parameter) > 1 and re.fullmatch(r"[A-Za-z_]\w*", parameter[-1]) and parameter[-2] != "::"
    builtin = {"int", "bool", "char", "const", "double", "unsigned", "long", "short"}
    if named and parameter[-1] not in builtin and parameter[-2:] != ["const", parameter[-1]]: parameter = parameter[:-1]
    return " ".join(parameter)


class Program:
    def __init__(self):
        self.lines, self.count = [], 0

    def declaration(self, tokens, scope, owner):
        """One declaration that ends in `;`. Writes what uses it, if it is a function's."""
        while "[[" in tokens:
            at = tokens.index("[[")
            tokens = tokens[:at] + tokens[tokens.index("]]") + 1:]
        if not tokens or tokens[0] in ("friend", "using", "typedef", "template", "static_assert"): return
        static = "static" in tokens
        tokens = [each for each in tokens if each not in WORDS]
        if "operator" in tokens:
            at = tokens.index("operator")
            paren = tokens.index("(", at + 1)
            name = "operator" + "".join(tokens[at + 1:paren])
        else:
            depths = [sum((t == "<") - (t == ">") for t in tokens[:i]) for i in range(len(tokens))]
            paren = next((i for i, t in enumerate(tokens) if t == "(" and depths[i] == 0), None)
            if paren is None: return
            at = paren - 1
            name = tokens[at]
            if "=" in tokens[:paren] or "{" in tokens[:paren]: return
        close = end_of(tokens, paren, "(", ")")
        returns, behind = tokens[:at], tokens[close:]
        if "delete" in behind or "default" in behind: return
        types = [type_of(each) for each in split(tokens[paren + 1:close - 1])]
        whole = "::".join(scope)
        self.count += 1
        function = f"[[gnu::used]] static auto use_{self.count}"
        if owner and returns and returns[-1] == "~":
            self.use(whole, f"{function}({whole}* it) {{ it->~{owner}(); }}", scope, owner)
        elif owner and name == owner:
            names = [f"p{i}" for i in range(len(types))]
            given = ", ".join(f"{t} {n}" for t, n in zip(types, names))
            forwarded = ", ".join(f"std::forward<{t}>({n})" for t, n in zip(types, names))
            self.use(whole, f"{function}({given}) {{ return new {whole}({forwarded}); }}", scope, owner)
        else:
            pointer = f"{whole}::*" if owner and not static else "*"
            const = " const" if "const" in behind else ""
            kind = f"{' '.join(returns)} ({pointer})({', '.join(types)}){const}"
            self.use(whole, f"{function}() {{ return static_cast<{kind}>(&{whole}::{name}); }}", scope, owner)

    def use(self, whole, function, scope, owner):
        """In a class that inherits the owner, so that its types can be named as they are there."""
        inside = "::".join(scope[:-1] if owner else scope)
        spaces = [each for each in inside.split("::") if each]
        classes = [each for each in spaces if each[0].isupper()]
        spaces = [each for each in spaces if not each[0].isupper()]
        heirs = ", ".join([whole] if owner else [])
        body = f"struct Use{self.count}{' : ' + heirs if heirs else ''} {{ {function} }};"
        if classes and not owner: raise SystemExit(f"a function in {whole} that is no member")
        self.lines.append(f"namespace {'::'.join(spaces)} {{ {body} }}" if spaces else body)

    def read(self, tokens, at=0, scope=(), owner=None, public=True):
        """The declarations up to the bracket that closes `scope`. Returns the place behind it."""
        begin = at
        while at < len(tokens):
            each = tokens[at]
            if each == "}": return at + 1
            if each == ";":
                if public: self.declaration(tokens[begin:at], list(scope), owner)
                at = begin = at + 1
            elif each in ("public", "private", "protected") and tokens[at + 1] == ":":
                public = each == "public"
                at = begin = at + 2
            elif each == "(": at = end_of(tokens, at, "(", ")")
            elif each == "{":
                head = tokens[begin:at]
                if head[:1] == ["namespace"]:
                    at = self.read(tokens, at + 1, tuple(scope) + tuple(t for t in head[1:] if t != "::"))
                    begin = at
                elif head[:1] == ["extern"]:
                    at = begin = self.read(tokens, at + 1, scope)
                elif head[:1] in (["class"], ["struct"]) and "(" not in head:
                    at = self.read(tokens, at + 1, tuple(scope) + (head[1],), head[1],
                                   public and head[0] == "struct")
                    begin = at
                elif head[:1] == ["typedef"] or head[:1] == ["enum"] or "=" in head or "(" not in head:
                    at = end_of(tokens, at, "{", "}")  # a list of enumerators, or a value
                else:  # defined here, and a library need not have it
                    at = end_of(tokens, at, "{", "}")
                    if tokens[at:at + 1] == [","]:  # between members that are made
                        at += 1
                        continue
                    if tokens[at:at + 1] == ["{"]: at = end_of(tokens, at, "{", "}")
                    begin = at
            else: at += 1
        return at


def main():
    program = Program()
    for header in sys.argv[1:]:
        path = pathlib.Path(header)
        print(f"#include <writ/{path.name}>")
        program.read(tokens_of(path.read_text()))
    print("\n".join(program.lines))
    print("int main() {}")
    print(f"{program.count} functions", file=sys.stderr)


main()
