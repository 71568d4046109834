"""The HTTP interface.

`app` puts it together from the `routers`, one module a noun. What every request passes is in `edge` (ids, headers,
limits), `problems` (how errors are told), `auth` (who calls) and `sessions` (the request's transaction).
"""
