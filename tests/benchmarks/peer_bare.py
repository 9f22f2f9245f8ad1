"""Bare aiohttp server, the upper limit for the webhook endpoint: it reads the body and answers, nothing else.

It runs as a process of its own and prints its address.
"""

from __future__ import annotations

import asyncio
import gc

from aiohttp import web

PATH = "/api/webhooks/saty-phase"


async def handler(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"status":"accepted"}', content_type="application/json")


async def serve() -> None:
    app = web.Application()
    app.router.add_post(PATH, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gc.freeze()
    print(f"bare listens on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
