"""LiteLLM's vocabulary, for its callback (`meterd.api.litellm`) and for its spans (`meterd.api.otlp`)."""
