"""What Prometheus is told about this process."""

from prometheus_client import Counter, Gauge, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

requests = Counter("watchfloor_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
seconds = Histogram(
    "watchfloor_http_request_seconds",
    "Time to answer an HTTP request, in seconds",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
depth = Gauge("watchfloor_rows_waiting", "Rows that wait for work, by queue and state", ["queue", "state"])
age = Gauge("watchfloor_oldest_row_seconds", "Age of the oldest row that waits, in seconds", ["queue", "state"])


def count_request(method: str, route: str, status: int, took: float) -> None:
    """One answered request; `took` in seconds. The route is the pattern, never the path, so the labels stay few."""
    method = method if method in _METHODS else "other"
    requests.labels(method, route, str(status)).inc()
    seconds.labels(method, route).observe(took)
