#!/usr/bin/env python3
"""Tests the console of `writ serve` in Chromium: that it shows what happens, with the keyboard alone, on every screen.

usage: console_browser.py WRIT EXAMPLES [--smoke | --screenshots DIR]

`tests/setup.sh browser` installs Chromium; without it the test is skipped (77). --smoke: only that the page works, in one view.
"""
import json
import pathlib
import sys

import devtools
from console_service import HOSTILE, ConsoleService
from harness import check, end

SMOKE = "--smoke" in sys.argv
PICTURES = pathlib.Path(sys.argv[sys.argv.index("--screenshots") + 1]) if "--screenshots" in sys.argv else None
if PICTURES:
    PICTURES.mkdir(parents=True, exist_ok=True)

if devtools.chromium() is None:
    print("skipped: Chromium is not installed; `tests/setup.sh browser` installs it")
    sys.exit(77)

# Texts on their background, as WCAG 2 computes their contrast.
CONTRAST = """(() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => { const c = each / 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; })
    .reduce((sum, each, i) => sum + each * [.2126, .7152, .0722][i], 0);
  const ground = (node) => { for (; node; node = node.parentElement) { const c = channels(getComputedStyle(node).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(`${walker.currentNode.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return bad;
})()"""
ROWS = "[...document.querySelectorAll('#decisions tr')]"
TITLE = "document.querySelector('[data-view]:not([hidden]) h1').textContent"


def names_missing(page):
    """Controls and links that a screen reader cannot name."""
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles = {"link", "button", "textbox", "combobox", "searchbox", "table", "navigation", "region", "heading"}
    return [each["role"]["value"] for each in nodes if not each.get("ignored") and each.get("role", {}).get("value") in roles
            and not each.get("name", {}).get("value", "").strip()]


def looks_right(page, what):
    check(f"{what}: contrast", (bad := page.run(CONTRAST)) == [], bad)
    check(f"{what}: nothing is wider than the screen", page.run("document.documentElement.scrollWidth <= innerWidth"),
          page.run("document.documentElement.scrollWidth"))
    check(f"{what}: everything has a name", (missing := names_missing(page)) == [], missing)
    levels = page.run("[...document.querySelectorAll('h1,h2,h3,h4')].filter(each => each.checkVisibility()).map(each => +each.tagName[1])")
    check(f"{what}: one first heading, and no level is left out", levels.count(1) == 1 and levels[0] == 1
          and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)
    if PICTURES:
        page.screenshot(PICTURES / f"{what.replace(' ', '-')}.png")


def tab_to(page, selector, most=60):
    """Presses Tab until an element has the focus, which must be seen."""
    for _ in range(most):
        page.press("Tab")
        if page.run(f"document.activeElement.matches({json.dumps(selector)})"):
            return page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    return False


service = ConsoleService("--console", "on")
service.decide(service.request("deny", agent=HOSTILE))
service.decide(service.request("deny_no_role"))
page = devtools.Page()
page.look(1280)
page.open(f"http://127.0.0.1:{service.port}/")
check("what was decided is there", page.wait(f"{ROWS}.length === 2"), page.problems)
check("markup is shown as text", page.run(f"{ROWS}[1].textContent.includes({json.dumps(HOSTILE)})") and page.run("document.images.length") == 0)
check("the live policy", page.run("document.getElementById('policy').textContent").count("Fresh") == 1)

waiting = service.decide(service.request("needs_approval"))
check("a decision appears as it is made", page.wait(f"{ROWS}.length === 3 && {ROWS}[0].textContent.includes('Needs approval')"))

# With the keyboard: a filter, and the one decision that it leaves.
page.run("document.body.focus()")
check("the filter has the focus", tab_to(page, "#filters [name=agent]"))
page.type("refund-agent")
check("the filter is used", page.wait(f"{ROWS}.length === 2"), page.run(f"{ROWS}.length"))
check("the filter is in the address", page.run("location.hash") == "#decisions?agent=refund-agent", page.run("location.hash"))
check("a decision has the focus", tab_to(page, f"a[href='#decision/{waiting['record']}']"))
page.press("Enter")
check("one decision", page.wait(f"{TITLE}.startsWith('Decision {waiting['record']} ')"), page.run(TITLE))
check("its heading has the focus", page.run("document.activeElement.id") == "decision-title")
check("its explanation", page.wait("document.querySelector('#explanation')?.textContent.includes('params.amount > 500.00')"),
      page.run("document.getElementById('decision').textContent"))
check("what an approval would give", page.run("document.querySelector('#explanation').textContent.includes('Once approved')"))
looks_right(page, "decision light")

if not SMOKE:
    for i in range(12):
        agent = ["refund-agent", "billing-assistant", "night-shift-7", "refund-agent"][i % 4]
        name = ["permit", "permit", "deny", "needs_approval", "permit_approved", "deny_no_role"][i % 6]
        service.decide(service.request(name, agent=agent, request_id=f"req-{2000 + i}"))
    service.decide(service.request(agent="mail-\u202etriage", tool="mail.send"))
    service.decide("{}")
    base = f"http://127.0.0.1:{service.port}/"
    views = {
        "decisions": ("#decisions", f"{ROWS}.length > 12"),
        "decision": (f"#decision/{waiting['record']}", "document.querySelectorAll('#explanation .rule').length > 1"),
        "denied": ("#decision/1", "document.querySelector('#explanation')?.textContent.includes('nearly permitted')"),
        "approvals": ("#approvals", "document.querySelectorAll('#approvals tr').length > 1"),
        "agents": (f"#agents/{waiting['record']}", "document.querySelectorAll('#found tr').length > 1"),
        "report": ("#report", "document.querySelectorAll('#report .tile').length > 5"),
    }
    for look, (width, dark) in {"light": (1280, False), "dark": (1280, True), "360": (360, False), "360 dark": (360, True)}.items():
        page.look(width, dark=dark)
        for name, (address, there) in views.items():
            page.open(base + address)
            page.run(f"location.hash = {json.dumps(address)}")
            check(f"{name} {look}: is there", page.wait(there), page.run("document.querySelector('main').textContent")[-300:])
            looks_right(page, f"{name} {look}")
    page.look(1280)

    check("characters that reorder text are shown", page.run("location.hash = '#decisions'; true") and page.wait(
        f"{ROWS}.some(each => each.textContent.includes('mail-\\\\u{{202e}}triage'))"))
    # The focus stays while decisions come.
    page.run(f"{ROWS}[3].querySelector('a').focus()")
    focused = page.run("document.activeElement.hash")
    count = page.run(f"{ROWS}.length")
    service.decide(service.request())
    check("more come", page.wait(f"{ROWS}.length === {count + 1}"))
    check("the focus stays", page.run("document.activeElement.hash") == focused)
    page.run("document.getElementById('pause').click()")
    service.decide(service.request())
    check("a pause", not page.wait(f"{ROWS}.length > {count + 1}", 3))
    page.run("document.getElementById('pause').click()")
    check("the end of a pause", page.wait(f"{ROWS}.length === {count + 2}"))
    page.run("document.querySelector('#filters [name=effect]').value = 'deny'; document.getElementById('filters').dispatchEvent(new Event('input'))")
    check("by effect", page.wait(f"{ROWS}.every(each => each.textContent.includes('Deny'))"))
    # A request of one's own.
    page.run("location.hash = '#agents'; document.querySelector('.paste').open = true")
    page.wait("!document.querySelector('[data-view=agents]').hidden")
    page.run(f"document.querySelector('#from-text textarea').value = {json.dumps(service.request('deny'))}")
    page.run("document.querySelector('#from-text button').click()")
    check("a search with a request of one's own", page.wait("document.getElementById('found').textContent.includes('Never')"))
    # An address cannot name anything but a view.
    for address in ("#<img src=x>", "#decision/%3Cimg%20src=x%3E", "#decisions?agent=%3Cimg%20src=x%3E", "#%", "#decision/%E0%A4%A"):
        page.run(f"location.hash = {json.dumps(address)}")
        page.wait("document.querySelector('main h1').checkVisibility()", 1)
    check("markup in the address stays text", page.run("document.images.length") == 0)
    page.problems = [each for each in page.problems if "404" not in each]  # decisions that are not there
    # The checks see faults.
    page.run("document.body.append(Object.assign(document.createElement('p'), {textContent: 'pale', id: 'pale'}))")
    page.run("document.getElementById('pale').style.cssText = 'color: #999; background: #fff; width: 3000px'")
    check("what is pale is seen", any("pale" in each for each in page.run(CONTRAST)))
    check("what is wide is seen", page.run("document.documentElement.scrollWidth > innerWidth"))
    page.run("document.getElementById('pale').append(document.createElement('button'))")
    check("what has no name is seen", "button" in names_missing(page))

check("the browser has nothing to complain about", page.problems == [], page.problems)
foreign = [each for each in page.urls if not each.startswith((f"http://127.0.0.1:{service.port}/", "about:"))]
check("nothing is loaded from elsewhere", foreign == [], foreign)
check("ends with 0", service.end() == 0)
check("the page says when nobody answers", page.wait("document.getElementById('problem').textContent === 'The service does not answer.'"))
page.end()
end()
