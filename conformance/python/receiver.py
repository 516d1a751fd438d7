"""A customer's own webhook receiver: the standard library's HTTP server in a thread."""
import contextlib
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    def __init__(self, server, requests):
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        self.requests = requests

    def next(self, timeout=20):
        """Header fields and raw body of the next request."""
        return self.requests.get(timeout=timeout)


@contextlib.contextmanager
def receiver(statuses=()):
    """A receiver that answers with these statuses, then always with 204."""
    requests, statuses = queue.Queue(), iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(next(statuses, 204))
            self.end_headers()
            requests.put((dict(self.headers.items()), body))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Receiver(server, requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
