/** The contract as JSON schema, a file for each type that stands in a message of its own. */
import type * as Schema from "effect/Schema"
import { jsonSchemaDocument } from "./JsonSchemaDocument.ts"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { ENVELOPE, handshakeTypes, methodTypes, requiredName } from "./ProtocolTypes.ts"

/** Every file by its name. */
export const jsonSchemaFiles = (options: GenerateOptions): ReadonlyMap<string, string> => {
  const files = (folder: string, schemas: ReadonlyArray<Schema.Top>) =>
    schemas.map((schema) => {
      const document = JSON.stringify(jsonSchemaDocument(schema, options), null, 2)
      return [`${folder}${requiredName(schema.ast)}.json`, `${document}\n`] as const
    })
  const versioned = methodTypes(options).filter((schema) => !handshakeTypes.includes(schema))
  return new Map([...files("", ENVELOPE), ...files("v1/", handshakeTypes), ...files("v2/", versioned)])
}
