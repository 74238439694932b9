"""Asks a Prometheus what docker/observability asks, after a load; called by scripts/check-dashboard.

It sends the office's server requests of every outcome while the load generator runs. Then each query of the dashboard
must have a finite value in that time, and so must what each alert compares with its threshold.
"""

import argparse
import html
import json
import math
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

RATE_INTERVAL = "10s"
TIMEOUT = 120
ADDRESS = "admin@example.com"
# An alert's query is a comparison, which is empty while all is well.
COMPARISON = re.compile(r"(?P<compared>.*\S)\s*(==|!=|>=|<=|>|<)\s*[0-9.e+-]+\s*", re.DOTALL)

COLUMN, ROW, MARGIN = 60, 30, 4
COLORS = ["#2f7ed8", "#e8710a", "#1a9850", "#c2185b", "#7b52ab", "#8a6d3b", "#00838f", "#757575"]


def fetch(url, body=None):
    headers = {"Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
        return answer.read()


def send(url, body=None):
    """Sends a request whose answer may be a refusal."""
    try:
        fetch(url, body)
    except urllib.error.HTTPError:
        pass


def wait_for(what, ask):
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            answer = ask()
        except (OSError, ValueError):
            answer = None
        if answer:
            return answer
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not come in {TIMEOUT} s")
        time.sleep(0.2)


def runs(process):
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def use_office(office, load):
    """One request of each kind a round, until the load is over."""
    rounds = 0
    while runs(load):
        send(f"{office}/health/ready")
        send(f"{office}/api/v1/rooms")
        send(f"{office}/api/v1/auth/token", {"email": ADDRESS, "password": "a wrong password"})
        if rounds % 20 == 0:
            send(f"{office}/api/v1/auth/forgot-password", {"email": ADDRESS})
        rounds += 1
        time.sleep(0.25)


class Prometheus:
    def __init__(self, url, start, end):
        self.url, self.start, self.end = url, start, end

    def series(self, query):
        """The series of the time that have a finite value."""
        query = query.replace("$__rate_interval", RATE_INTERVAL)
        parameters = {"query": query, "start": self.start, "end": self.end, "step": 1}
        answer = json.loads(fetch(f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(parameters)}"))
        found = []
        for series in answer["data"]["result"]:
            points = [(moment, float(value)) for moment, value in series["values"]]
            points = [point for point in points if math.isfinite(point[1])]
            if points:
                found.append((series["metric"], points))
        return found

    def alerts(self):
        groups = json.loads(fetch(f"{self.url}/api/v1/rules?type=alert"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


def complaints_of_panels(prometheus, panels):
    """Asks every panel; its answers stay with it as `lines`."""
    complaints = []
    for panel in panels:
        panel["lines"] = []
        for target in panel.get("targets", []):
            found = prometheus.series(target["expr"])
            panel["lines"] += [(legend(target, labels), points) for labels, points in found]
            if not found:
                complaints.append(f"panel {panel['title']!r} shows nothing for {target['expr']}")
    return complaints


def complaints_of_alerts(prometheus):
    complaints = []
    for alert in prometheus.alerts():
        comparison = COMPARISON.fullmatch(alert["query"])
        if alert["health"] != "ok":
            complaints.append(f"alert {alert['name']} cannot be evaluated: {alert.get('lastError')}")
        elif not comparison:
            complaints.append(f"alert {alert['name']} compares nothing with a number")
        elif not prometheus.series(comparison["compared"]):
            complaints.append(f"alert {alert['name']} compares nothing: {comparison['compared']}")
    return complaints


def legend(target, labels):
    template = target.get("legendFormat") or ""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda name: labels.get(name[1], ""), template)


def worded(value, unit):
    if unit == "s":
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def text(x, y, words, size=11, color="#333", weight="normal"):
    words = html.escape(words)
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}" font-weight="{weight}">{words}</text>'


def drawing_of(panel, prometheus):
    place = panel["gridPos"]
    x, y = place["x"] * COLUMN + MARGIN, place["y"] * ROW + MARGIN
    width, height = place["w"] * COLUMN - 2 * MARGIN, place["h"] * ROW - 2 * MARGIN
    if panel["type"] == "row":
        return text(x, y + 16, panel["title"], 13, weight="bold")
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#fff" stroke="#ddd"/>',
        text(x + 8, y + 17, panel["title"], 12, weight="bold"),
    ]
    if panel["type"] == "stat":
        # The newest value of the time under load.
        newest = [points[-1][1] for _, points in panel["lines"]]
        parts.append(text(x + 8, y + 70, worded(max(newest, default=0), unit), 34, COLORS[2]))
        return "".join(parts)
    values = [value for _, points in panel["lines"] for _, value in points]
    highest = max(values, default=0) or 1
    left, top, right, bottom = x + 8, y + 40, x + width - 8, y + height - 34
    parts.append(text(left, top - 6, worded(highest, unit), 10, "#777"))
    parts.append(f'<path d="M{left} {top}H{right}M{left} {bottom}H{right}" stroke="#eee"/>')
    span = prometheus.end - prometheus.start
    names = left
    # What happened is named first, where not all names have room.
    lines = sorted(panel["lines"], key=lambda line: not any(value for _, value in line[1]))
    for number, (name, points) in enumerate(lines):
        color = COLORS[number % len(COLORS)]
        drawn = " ".join(
            f"{left + (moment - prometheus.start) / span * (right - left):.1f},"
            f"{bottom - value / highest * (bottom - top):.1f}"
            for moment, value in points
        )
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        if names + len(name) * 5.5 < right + 8:
            parts.append(text(f"{names:.0f}", y + height - 12, name, 10, color))
            names += len(name) * 5.5 + 14
    return "".join(parts)


def draw(path, panels, prometheus):
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    width, height = 24 * COLUMN, rows * ROW + 24
    seconds = round(prometheus.end - prometheus.start)
    note = f"The queries of docker/observability/grafana/dashboard.json over {seconds} seconds of load, drawn by scripts/check-dashboard"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#f5f5f5"/>',
        *(drawing_of(panel, prometheus) for panel in panels),
        text(MARGIN + 4, height - 8, note, 11, "#777"),
        "</svg>\n",
    ]
    pathlib.Path(path).write_text("\n".join(parts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prometheus", required=True)
    parser.add_argument("--office", required=True)
    parser.add_argument("--load", required=True, type=int)
    parser.add_argument("--dashboard", required=True)
    parser.add_argument("--picture")
    arguments = parser.parse_args()

    wait_for("Prometheus", lambda: fetch(f"{arguments.prometheus}/-/ready"))
    start = time.time()
    # Until its database is set up, the server answers 503.
    wait_for("the office's server", lambda: fetch(f"{arguments.office}/health/ready"))
    use_office(arguments.office, arguments.load)
    prometheus = Prometheus(arguments.prometheus, start, time.time())

    panels = json.loads(pathlib.Path(arguments.dashboard).read_text())["panels"]
    complaints = complaints_of_panels(prometheus, panels) + complaints_of_alerts(prometheus)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if arguments.picture:
        draw(arguments.picture, panels, prometheus)
    if complaints:
        sys.exit(1)
    queries = sum(len(panel.get("targets", [])) for panel in panels)
    print(f"{queries} queries of the dashboard and {len(prometheus.alerts())} alerts have data")


if __name__ == "__main__":
    main()
