"""What one writes with the SDK: `sdk.py BASE_URL PROMPT [stream]`.

Run by the python of an environment that has openai.
"""

import sys

import openai

url, prompt, *more = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key="sk-none")
messages = [{"role": "user", "content": prompt}]
reply = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=bool(more))
if more:
    for chunk in reply:
        print(chunk.choices[0].delta.content or "", end="", flush=True)  # noqa: T201
    print()  # noqa: T201
else:
    print(reply.choices[0].message.content)  # noqa: T201
