"""Clients, one for each dialect that an application can speak to the gateway."""
from harness.clients.gemini import Gemini, GeminiArray
from harness.clients.messages import Messages
from harness.clients.openai import Chat, Completions
from harness.clients.responses import Responses

CLIENTS = {c.name: c for c in (Chat(), Completions(), Responses(), Messages(), Gemini(), GeminiArray())}
