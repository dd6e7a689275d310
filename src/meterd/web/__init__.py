"""The web pages: a shell that the server renders, which the browser fills by asking what anybody may ask."""
