"""Reason phrases of HTTP statuses, as RFC 9110 has them: Python's own change with its version."""

from http import HTTPStatus

PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

STATUS_LINES = {status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in PHRASES.items()}
"""How an answer with each status begins."""
