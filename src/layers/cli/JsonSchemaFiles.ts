/** The contract as JSON schema, a file for each type that stands in a message of its own, and all of them in one. */
import type * as Schema from "effect/Schema"
import { Emitted } from "../../rpc/JsonRpc.ts"
import { bundle, bundleV2 } from "./JsonSchemaBundle.ts"
import { jsonSchemaDocument, sorted, type JsonObject } from "./JsonSchemaDocument.ts"
import { ClientNotification, ServerNotification, clientRequest } from "./ProtocolMessages.ts"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { ENVELOPE, handshakeTypes, methodTypes, requiredName } from "./ProtocolTypes.ts"

const BUNDLE = "codex_app_server_protocol"

const emitted = (notification: JsonObject, options: GenerateOptions): JsonObject => {
  const { properties } = jsonSchemaDocument(Emitted, options)
  return sorted({ ...notification, properties }) as JsonObject
}

/** The document of each type by its path. */
const documentsOf = (options: GenerateOptions): ReadonlyMap<string, JsonObject> => {
  const documents = new Map<string, JsonObject>()
  const add = (folder: string, schemas: ReadonlyArray<Schema.Top>) => {
    for (const schema of schemas) {
      documents.set(`${folder}${requiredName(schema.ast)}`, jsonSchemaDocument(schema, options))
    }
  }
  add("", [...ENVELOPE, clientRequest(options), ClientNotification])
  documents.set("ServerNotification", emitted(jsonSchemaDocument(ServerNotification, options), options))
  add("v1/", handshakeTypes)
  const versioned = methodTypes(options).filter((schema) => !handshakeTypes.includes(schema))
  add("v2/", versioned)
  return documents
}

/** Every file by its name. */
export const jsonSchemaFiles = (options: GenerateOptions): ReadonlyMap<string, string> => {
  const documents = documentsOf(options)
  const all = new Map(documents)
  all.set(`${BUNDLE}.schemas`, bundle(documents))
  all.set(`${BUNDLE}.v2.schemas`, bundleV2(documents))
  return new Map([...all].map(([path, json]) => [`${path}.json`, `${JSON.stringify(json, null, 2)}\n`]))
}
