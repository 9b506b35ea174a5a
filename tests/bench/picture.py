"""Draws the cost of a decision against the number of rules as SVG, both on logarithmic scales.

A line is (label, {rules: nanoseconds}, sort); the sorts are those of COLOURS. The picture has no background, and its
colours can be read on a light and on a dark page.
"""
import math

WIDTH, HEIGHT = 860, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 24, 48  # the labels of lines are on the right
LINE_HEIGHT = 15

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #3b434b; }
  .grid { stroke: #8b949e; stroke-opacity: .35; }
  polyline { fill: none; stroke-width: 2; }
  .lead { stroke-width: 1; stroke-opacity: .6; }
  .writ { stroke: #1668dc; } .floor { stroke: #2e8540; stroke-dasharray: 5 4; } .peer { stroke: #8b949e; }
  circle.writ { fill: #1668dc; } circle.floor { fill: #2e8540; } circle.peer { fill: #8b949e; }
  text.writ, text.floor, text.peer { stroke: none; }
  text.writ { fill: #1668dc; font-weight: 600; } text.floor { fill: #2e8540; }
  @media (prefers-color-scheme: dark) {
    text { fill: #d0d7de; } .writ { stroke: #6cb0ff; } circle.writ, text.writ { fill: #6cb0ff; }
    .floor { stroke: #56d364; } circle.floor, text.floor { fill: #56d364; }
  }
"""


def duration(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:,.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def apart(places, least, lowest):
    """Moves places apart, downwards and then upwards, so that they are `least` apart and none is below `lowest`."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + least)
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], moved[i + 1] - least if i + 1 < len(moved) else lowest)
    out = [0.0] * len(places)
    for i, place in zip(order, moved):
        out[i] = place
    return out


def draw(lines, title):
    lines = [line for line in lines if line[1]]
    rules = sorted({n for _, points, _ in lines for n in points})
    costs = [c for _, points, _ in lines for c in points.values()]
    if len(rules) < 2:
        return None
    bottom, top = 10 ** math.floor(math.log10(min(costs))), 10 ** math.ceil(math.log10(max(costs)))

    def x(n):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(n / rules[0]) / math.log(rules[-1] / rules[0])

    def y(cost):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - math.log(cost / bottom) / math.log(top / bottom))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
           f"<title>{title}</title>", f"<style>{STYLE}</style>"]
    cost = bottom
    while cost <= top:
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(cost):.1f}" y2="{y(cost):.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(cost) + 4:.1f}" text-anchor="end">{duration(cost)}</text>')
        cost *= 10
    for n in rules:
        out.append(f'<line class="grid" x1="{x(n):.1f}" x2="{x(n):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        out.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n:,}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 10}" text-anchor="middle">rules in the policy</text>')
    ends = [(x(max(points)), y(points[max(points)])) for _, points, _ in lines]
    places = apart([end for _, end in ends], LINE_HEIGHT, HEIGHT - BOTTOM)
    for (label, points, sort), (end_x, end_y), place in zip(lines, ends, places):
        path = " ".join(f"{x(n):.1f},{y(points[n]):.1f}" for n in sorted(points))
        out.append(f'<polyline class="{sort}" points="{path}"/>')
        out += [f'<circle class="{sort}" cx="{x(n):.1f}" cy="{y(points[n]):.1f}" r="2.5"/>' for n in sorted(points)]
        text = WIDTH - RIGHT + 22
        out.append(f'<line class="{sort} lead" x1="{end_x + 4:.1f}" y1="{end_y:.1f}" x2="{text - 4}" y2="{place:.1f}"/>')
        out.append(f'<text class="{sort}" x="{text}" y="{place + 4:.1f}">{label}, {duration(points[max(points)])}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
