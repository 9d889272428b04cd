"""Embeddings by the official Python client, which asks for base64: base URL, key, model and text in argv.
Prints the vector and the tokens. Run by the cases in tests/e2e/cases/embeddings_rerank.py."""
import json
import sys

import openai

url, key, model, text = sys.argv[1:]
answer = openai.OpenAI(base_url=url, api_key=key, timeout=20, max_retries=0).embeddings.create(model=model, input=[text])
print(json.dumps([answer.data[0].embedding, answer.usage.prompt_tokens]))
