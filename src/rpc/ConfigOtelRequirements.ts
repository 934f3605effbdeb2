/** What an organisation requires of telemetry (OpenTelemetry). */
import * as Schema from "effect/Schema"
import { UInt, nullable } from "./Primitives.ts"

export const OtelToolResultLogConfig = Schema.Struct({
  max_bytes: UInt.annotateKey({ description: "Bytes of each result of a tool that are logged." })
}).annotate({ identifier: "OtelToolResultLogConfig" })

export const OtelHttpProtocol = Schema.Literals(["binary", "json"]).annotate({
  identifier: "OtelHttpProtocol"
})

export const OtelTlsConfig = Schema.Struct({
  "ca-certificate": nullable(Schema.String),
  "client-certificate": nullable(Schema.String),
  "client-private-key": nullable(Schema.String)
}).annotate({ identifier: "OtelTlsConfig" })

const headers = Schema.Record(Schema.String, Schema.String).annotateKey({
  description: "Their names; the values are hidden."
})

export const OtelExporter = Schema.Union([
  Schema.Literal("none"),
  Schema.Literal("statsig"),
  Schema.Struct({
    "otlp-http": Schema.Struct({
      endpoint: Schema.String,
      headers,
      protocol: OtelHttpProtocol,
      tls: nullable(OtelTlsConfig)
    })
  }).annotate({ closed: true }),
  Schema.Struct({
    "otlp-grpc": Schema.Struct({ endpoint: Schema.String, headers, tls: nullable(OtelTlsConfig) })
  }).annotate({ closed: true })
]).annotate({ identifier: "OtelExporter" })

export const OtelRequirements = Schema.Struct({
  tool_result: nullable(OtelToolResultLogConfig),
  log_sse_deltas: nullable(Schema.Boolean),
  log_user_prompt: nullable(Schema.Boolean),
  log_agent_responses: nullable(Schema.Boolean),
  log_guardian_assessments: nullable(Schema.Boolean),
  environment: nullable(Schema.String),
  exporter: nullable(OtelExporter),
  trace_exporter: nullable(OtelExporter),
  metrics_exporter: nullable(OtelExporter),
  span_attributes: nullable(Schema.Record(Schema.String, Schema.String)),
  tracestate: nullable(Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.String)))
}).annotate({ identifier: "OtelRequirements" })
