#!/usr/bin/env python3
"""A small legacy bot made with kakaobot 0.3, an aiohttp application that echoes and keeps its friends in SQLite.

usage: kakaobot_bot.py PORT     (127.0.0.1 only; 0 lets the system choose; prints "PORT n" first)

The library binds 0.0.0.0 by itself; here it gets a loopback socket instead. Its database goes to a directory that is
removed at the end. `DELETE /friend/KEY` of a key it never saw is stored as a friend: a slip of the library, kept.
"""
import asyncio
import os
import socket
import sys
import tempfile

port = int(sys.argv[1])
home = tempfile.TemporaryDirectory()
os.chdir(home.name)
asyncio.set_event_loop(asyncio.new_event_loop())

from kakaobot import Bot  # noqa: E402  the module wants the event loop and the directory to be there

bot = Bot(port=0)
for label in ("안녕하세요", "오늘 날씨", "도움말"):
    bot.add_button(label)

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
bot.future.close()
bot.future = bot.loop.create_server(bot.handler, sock=listener)
print("PORT", listener.getsockname()[1], flush=True)
bot.start()
