"""A model provider that knows one conversation, in the APIs of OpenAI, Anthropic and Google.

Whoever offers it tools is asked to use the first one, and gets an answer after that; others get the answer at once.
Each answer has the counts of tokens of `USAGE`.
"""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Document = dict[str, Any]

USAGE = (120, 30, 100)
"""Tokens of a question, of those that were cached, and of an answer."""
INPUT, CACHED, OUTPUT = USAGE
ANSWER = "It is sunny in Oslo."
_numbers = itertools.count(1)
"""Of answers: no two have the same id."""
ARGUMENTS = {"city": "Oslo"}


class ModelServer:
    """Counts the calls that it answered; `url` is its address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls = 0


@contextmanager
def model_server() -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.calls += 1
            answer, kind = _answer(self.path.partition("?")[0], question)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = ModelServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(path: str, question: Document) -> tuple[bytes, str]:
    if path.endswith("/chat/completions"):
        whole = _chat(question)
        if question.get("stream"):
            return _events([*_chunks(whole)], end="[DONE]"), "text/event-stream"
    elif path.endswith("/responses"):
        whole = _response(question)
    elif path.endswith("/embeddings"):
        whole = _embedding(question)
    elif path.endswith("/messages"):
        whole = _message(question)
    else:
        whole = _candidate(question)
        if path.endswith(":streamGenerateContent"):
            return _events([whole]), "text/event-stream"
    return json.dumps(whole).encode(), "application/json"


def _chat(question: Document) -> Document:
    """Return OpenAI's chat completion."""
    message: Document = {"role": "assistant", "content": ANSWER}
    reason = "stop"
    answered = any(each["role"] == "tool" for each in question["messages"])
    if question.get("tools") and not answered:
        name = question["tools"][0]["function"]["name"]
        call = {"id": "call-1", "type": "function", "function": {"name": name, "arguments": json.dumps(ARGUMENTS)}}
        message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    return {
        "id": f"chatcmpl-{next(_numbers)}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": question["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": INPUT,
            "completion_tokens": OUTPUT,
            "total_tokens": INPUT + OUTPUT,
            "prompt_tokens_details": {"cached_tokens": CACHED},
        },
    }


def _chunks(whole: Document) -> Iterator[Document]:
    """Return a completion as a stream of two pieces and the usage."""
    common = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    (choice,) = whole["choices"]
    message = choice["message"]
    for number, call in enumerate(message.get("tool_calls", ())):
        call["index"] = number
    yield common | {"choices": [{"index": 0, "delta": message, "finish_reason": None}]}
    yield common | {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    yield common | {"choices": [], "usage": whole["usage"]}


def _response(question: Document) -> Document:
    """Return OpenAI's response, which the newer API gives."""
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    output: Document = {"type": "message", "id": "m-1", "role": "assistant", "status": "completed", "content": [text]}
    items = question["input"] if isinstance(question["input"], list) else []
    if question.get("tools") and not any(each.get("type") == "function_call_output" for each in items):
        output = {
            "type": "function_call",
            "id": "f-1",
            "call_id": "call-1",
            "status": "completed",
            "name": question["tools"][0]["name"],
            "arguments": json.dumps(ARGUMENTS),
        }
    return {
        "id": f"resp-{next(_numbers)}",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": "completed",
        "model": question["model"],
        "output": [output],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": INPUT,
            "input_tokens_details": {"cached_tokens": CACHED},
            "output_tokens": OUTPUT,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT + OUTPUT,
        },
    }


def _embedding(question: Document) -> Document:
    return {
        "object": "list",
        "model": question["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
        "usage": {"prompt_tokens": INPUT, "total_tokens": INPUT},
    }


def _message(question: Document) -> Document:
    """Return Anthropic's message, whose input tokens leave out cached ones."""
    content: Document = {"type": "text", "text": ANSWER}
    reason = "end_turn"
    answered = any(
        part.get("type") == "tool_result"
        for each in question["messages"]
        if isinstance(each["content"], list)
        for part in each["content"]
    )
    if question.get("tools") and not answered:
        name = question["tools"][0]["name"]
        content, reason = {"type": "tool_use", "id": "call-1", "name": name, "input": ARGUMENTS}, "tool_use"
    return {
        "id": f"msg-{next(_numbers)}",
        "type": "message",
        "role": "assistant",
        "model": question["model"],
        "content": [content],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": INPUT - CACHED,
            "output_tokens": OUTPUT,
            "cache_read_input_tokens": CACHED,
            "cache_creation_input_tokens": 0,
        },
    }


def _candidate(question: Document) -> Document:
    """Return Google's answer to `generateContent`."""
    part: Document = {"text": ANSWER}
    answered = any("functionResponse" in part for each in question["contents"] for part in each.get("parts", ()))
    if question.get("tools") and not answered:
        name = question["tools"][0]["functionDeclarations"][0]["name"]
        part = {"functionCall": {"name": name, "args": ARGUMENTS}}
    return {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "modelVersion": "small-1",
        "responseId": f"candidate-{next(_numbers)}",
        "usageMetadata": {
            "promptTokenCount": INPUT,
            "candidatesTokenCount": OUTPUT,
            "cachedContentTokenCount": CACHED,
            "totalTokenCount": INPUT + OUTPUT,
        },
    }


def _events(events: list[Document], end: str = "") -> bytes:
    """Write server-sent events."""
    lines = [f"data: {json.dumps(data)}\n\n" for data in events]
    if end:
        lines.append(f"data: {end}\n\n")
    return "".join(lines).encode()
