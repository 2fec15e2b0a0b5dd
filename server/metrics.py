"""What the process counts about itself, for `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

_MILLISECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

requests = Counter("noroshi_requests", "Requests answered, by class of status.", ["status"])
request_seconds = Histogram(
    "noroshi_request_seconds", "Seconds from the read body to the answer.", buckets=_MILLISECONDS
)
streams = Gauge("noroshi_streams", "Live streams that are open.")
streams_room = Gauge("noroshi_streams_room", "Live streams that fit below the limit of open files.")
streams_behind = Gauge("noroshi_streams_behind", "Live streams whose reader is too slow; they get the newest later.")
render_seconds = Histogram("noroshi_render_seconds", "Seconds to render one live fragment.", buckets=_MILLISECONDS)
fan_out_seconds = Histogram(
    "noroshi_fan_out_seconds", "Seconds to hand one fragment to all of its streams.", buckets=_MILLISECONDS
)
page_cache = Counter(
    "noroshi_page_cache",
    "Pages rendered and kept for the next time (kept), and given again: found by what they depend on (page), or by the "
    "very bytes of the request (bytes).",
    ["outcome"],
)
delivery_errors = Counter("noroshi_delivery_errors", "Failures of the delivery worker itself, not of a service.")
watch_errors = Counter("noroshi_watch_errors", "Failures of the look at what the roster has to tell.")
