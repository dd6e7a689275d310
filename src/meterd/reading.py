"""The process that reads bodies beside the service's own: `meterd.api.helper` starts it."""

from meterd.api.helper_process import Readers, serve
from meterd.api.litellm.reading import Batch
from meterd.api.litellm.reading import Reader as LiteLLMReader
from meterd.api.otlp.reading import Export
from meterd.api.otlp.reading import Reader as OpenTelemetryReader

READERS: Readers = {"litellm": (LiteLLMReader, Batch), "otlp": (OpenTelemetryReader, Export)}

if __name__ == "__main__":
    serve(READERS)
