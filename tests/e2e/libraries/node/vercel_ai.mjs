// Calls models by the Vercel AI SDK, which traces itself, with a tool and a stream, and embeds a text. Exports the spans
// over HTTP and over gRPC, each with a token of its own. It imports nothing of ours.

import { createOpenAI } from "@ai-sdk/openai";
import { Metadata } from "@grpc/grpc-js";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { embed, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const { HTTP_ENDPOINT, HTTP_TOKEN, GRPC_ENDPOINT, GRPC_TOKEN, MODEL_URL } = process.env;
const metadata = new Metadata();
metadata.set("authorization", `Bearer ${GRPC_TOKEN}`);
const exporters = [
  new HttpExporter({ url: `${HTTP_ENDPOINT}/v1/traces`, headers: { authorization: `Bearer ${HTTP_TOKEN}` } }),
  new GrpcExporter({ url: GRPC_ENDPOINT, metadata }),
];
// What belongs together is in one export, however slow the machine is.
const whole = { scheduledDelayMillis: 3_600_000 };
const provider = new NodeTracerProvider({
  spanProcessors: exporters.map((exporter) => new BatchSpanProcessor(exporter, whole)),
});
provider.register();

const openai = createOpenAI({ baseURL: `${MODEL_URL}/v1`, apiKey: "none" });
const experimental_telemetry = { isEnabled: true, functionId: "weather" };
const weather = tool({
  description: "Tell the weather.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});

await generateText({
  model: openai.chat("small-1"),
  prompt: "Weather in Oslo?",
  tools: { weather },
  stopWhen: stepCountIs(3),
  experimental_telemetry,
});
const stream = streamText({ model: openai.chat("small-1"), prompt: "Weather in Oslo?", experimental_telemetry });
await stream.text;
await embed({ model: openai.textEmbeddingModel("embed-1"), value: "Oslo", experimental_telemetry });
await provider.shutdown();
