// GENERATED from the schemas of the server. Changes made here are lost.
import type { OtelHttpProtocol } from "./OtelHttpProtocol"
import type { OtelTlsConfig } from "./OtelTlsConfig"

export type OtelExporter =
  | "none"
  | "statsig"
  | {
      "otlp-http": {
        endpoint: string
        /** Their names; the values are hidden. */
        headers: { [key in string]?: string }
        protocol: OtelHttpProtocol
        tls: OtelTlsConfig | null
      }
    }
  | {
      "otlp-grpc": {
        endpoint: string
        /** Their names; the values are hidden. */
        headers: { [key in string]?: string }
        tls: OtelTlsConfig | null
      }
    }
