"""Scripted providers, one for each dialect that a target can be spoken to in."""
from harness.providers.anthropic import Anthropic, Invoke
from harness.providers.bedrock import Bedrock, BedrockKey
from harness.providers.cohere import Cohere
from harness.providers.gemini import Gemini
from harness.providers.ollama import Ollama
from harness.providers.openai import Azure, Chat, Responses

PROVIDERS = {p.name: p for p in (Chat(), Responses(), Anthropic(), Gemini(), Bedrock(), Cohere(), Ollama())}
# Other addresses and credentials of the same dialects.
VARIANTS = {p.name: p for p in (Azure(), Invoke(), BedrockKey())}
EVERY = {**PROVIDERS, **VARIANTS}
