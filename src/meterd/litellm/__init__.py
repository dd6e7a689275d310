"""What is known of LiteLLM, whether by its callback (`meterd.api.litellm`) or by its spans (`meterd.api.otlp`)."""
