"""The running process: the ASGI front, the live hub, the bus and the delivery worker. `serve.py` puts it together."""
