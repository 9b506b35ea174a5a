#!/usr/bin/env python3
"""Writes the manual pages: writ(1) and writ-VERB(1) from the program's own verbs and options, with the text of
docs/cli.md, and writ-language(7) from docs/language.md.

usage: man_pages.py WRIT OUTPUT VERSION CLI.md LANGUAGE.md      (OUTPUT: a folder, which is replaced)
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys


def escape(text):
    """Escapes text for troff, with a guard before a character that would start a request at the beginning of a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    text = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text)
    return "\\&" + text if text[:1] in ".'" else text


def inline(text):
    """A line of Markdown: code and strong in bold, links as their text."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    out = []
    for part in re.split(r"(``[^`]+``|`[^`]+`|\*\*[^*]+\*\*)", text):
        if part.startswith("`"):
            out.append(f"\\fB{escape(part.strip('`')).removeprefix(chr(92) + '&')}\\fR")
        elif part.startswith("**"):
            out.append(f"\\fB{escape(part[2:-2])}\\fR")
        else:
            out.append(escape(part.replace("\\|", "|")))
    line = "".join(out)
    return "\\&" + line if line[:1] in ".'" else line


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def roff(markdown):
    """Converts paragraphs, headings, lists, fenced blocks and tables. The pages use no other Markdown."""
    out, lines, at = [], markdown.splitlines(), 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = next(i for i in range(at + 1, len(lines)) if lines[i].startswith("```"))
            out += [".PP", ".RS 4", ".nf"] + [escape(each) or "\\&" for each in lines[at + 1:end]] + [".fi", ".RE"]
            at = end + 1
        elif heading := re.match(r"#+ (.*)", line):
            out.append(f'.SS "{inline(heading[1]).replace(chr(34), chr(92) + "(dq")}"')
            at += 1
        elif line.startswith("|"):
            end = next((i for i in range(at, len(lines)) if not lines[i].startswith("|")), len(lines))
            for row in lines[at + 2:end]:
                name, *rest = cells(row)
                out += [".TP", inline(name) or "\\&", inline(" \u2014 ".join(cell for cell in rest if cell)) or "\\&"]
            out.append(".PP")
            at = end
        elif item := re.match(r"(?:[-*]|\d+\.) (.*)", line):
            text = [item[1]]
            while at + 1 < len(lines) and lines[at + 1].startswith("  "):
                at += 1
                text.append(lines[at].strip())
            out += [".IP \\(bu 2", inline(" ".join(text))]
            at += 1
        elif not line.strip():
            if out and not out[-1].startswith(".PP"):
                out.append(".PP")
            at += 1
        else:
            # A span of code may continue on the next line.
            text = [line.strip()]
            while at + 1 < len(lines) and lines[at + 1].strip() and not re.match(r"```|#+ |\||[-*] |\d+\. ", lines[at + 1]):
                at += 1
                text.append(lines[at].strip())
            out += [inline(" ".join(text))]
            at += 1
    # Removes paragraph breaks at the end and before or after headings.
    kept = []
    for line in out:
        if line.startswith((".SS", ".PP", ".TP", ".IP")) and kept and kept[-1] == ".PP":
            kept.pop()
        if line == ".PP" and (not kept or kept[-1].startswith(".S")):
            continue
        kept.append(line)
    while kept and kept[-1] == ".PP":
        kept.pop()
    return kept


def sections(markdown):
    """The text under each `## heading`, by heading; what comes before the first is under ''."""
    parts = re.split(r"^## (.*)$", markdown, flags=re.M)
    return {"": parts[0], **{name.strip("`"): text for name, text in zip(parts[1::2], parts[2::2])}}


def sentence(text):
    return escape(text[:1].upper() + text[1:]) + ("" if text[-1:] in ".?!" else ".")


def option_lines(options):
    out = []
    for option in options:
        names = ", ".join(f"\\fB{escape(name)}\\fR" for name in option["names"] if name.startswith("-"))
        value = f"\\fI{escape(option['value'])}\\fR" if option["value"] else ""
        out += [".TP", " ".join(part for part in (names, value) if part), sentence(option["description"])]
    return out


def synopsis(words, command):
    parts = [f"\\fB{escape(words)}\\fR"]
    for option in command["options"]:
        if option["required"]:
            parts.append(f"\\fB{escape(option['names'][-1])}\\fR \\fI{escape(option['value'])}\\fR")
    for argument in command["arguments"]:
        shown = f"\\fI{escape(argument['value'])}\\fR"
        parts.append(shown if argument["required"] else f"[{shown}]")
    if command["verbs"]:
        parts.append("\\fIVERB\\fR")
    return " ".join(parts) + " [\\fIoptions\\fR]"


def page(name, section, version, title, body):
    head = [f'.TH "{escape(name.upper())}" {section} "" "writ {version}" "Writ"', ".SH NAME", f"{escape(name)} \\- {escape(title)}"]
    return "\n".join(head + body) + "\n"


def verb_page(command, words, version, prose, codes, root):
    body = [".SH SYNOPSIS", synopsis(words, command)]
    body += [".SH DESCRIPTION", sentence(command["description"])]
    if prose:
        body += [".PP"] + roff(prose)
    if command["verbs"]:
        body.append(".SH VERBS")
        for verb in command["verbs"]:
            body += [".SS " + '"' + escape(f"{words} {verb['name']}") + '"', synopsis(f"{words} {verb['name']}", verb), ".PP",
                     sentence(verb["description"])]
            body += option_lines([o for o in verb["options"] if "--help" not in o["names"]])
    body += [".SH OPTIONS"] + option_lines(command["arguments"] + command["options"])
    body += option_lines([o for o in root["options"] if not {"--help", "--version"} & set(o["names"])])
    body += [".SH EXIT STATUS"] + roff(codes)
    body += [".SH SEE ALSO", "\\fBwrit\\fR(1), \\fBwrit\\-language\\fR(7)"]
    return page(words.replace(" ", "-"), 1, version, command["description"][:1].lower() + command["description"][1:], body)


def main():
    writ, output, version, cli, language = sys.argv[1:]
    root = json.loads(subprocess.run([writ, "commands"], check=True, stdout=subprocess.PIPE).stdout)
    prose = sections(pathlib.Path(cli).read_text())
    output = pathlib.Path(output)
    shutil.rmtree(output, ignore_errors=True)
    (output / "man1").mkdir(parents=True)
    (output / "man7").mkdir()
    body = [".SH SYNOPSIS", "\\fBwrit\\fR \\fIVERB\\fR [\\fIoptions\\fR]", ".SH DESCRIPTION", escape(root["description"])]
    body += [".PP"] + roff(prose[""].split("\n|")[0].split("\n", 1)[1].strip())
    body.append(".SH VERBS")
    for verb in root["verbs"]:
        body += [".TP", f"\\fBwrit\\-{escape(verb['name'])}\\fR(1)", sentence(verb["description"])]
        text = verb_page(verb, f"writ {verb['name']}", version, prose.get(verb["name"], ""), prose["Exit codes"], root)
        (output / f"man1/writ-{verb['name']}.1").write_text(text)
    body += [".SH OPTIONS"] + option_lines(root["options"])
    body += [".SH EXIT STATUS"] + roff(prose["Exit codes"])
    body += [".SH ENVIRONMENT", ".TP", "\\fBNO_COLOR\\fR", "If set and not empty, nothing is coloured unless \\fB\\-\\-color=always\\fR says so.",
             ".TP", "\\fBTERM\\fR", "With \\fBdumb\\fR, neither colour nor progress is drawn."]
    body += [".SH SEE ALSO", "\\fBwrit\\-language\\fR(7)"]
    (output / "man1/writ.1").write_text(page("writ", 1, version, "decides whether an agent gets a credential", body))
    body = [".SH DESCRIPTION"]
    for name, text in sections(pathlib.Path(language).read_text()).items():
        if name == "":
            body += roff(text.split("\n\n", 2)[1])
        else:
            body += [f'.SH "{escape(name.upper())}"'] + roff(text)
    body += [".SH SEE ALSO", "\\fBwrit\\fR(1)"]
    (output / "man7/writ-language.7").write_text(page("writ-language", 7, version, "the language that Writ policies are written in", body))


if __name__ == "__main__":
    main()
