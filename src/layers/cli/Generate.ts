/** `generate-ts` and `generate-json-schema`: puts the contract where the user wants it. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { jsonSchemaFiles } from "./JsonSchemaFiles.ts"
import type { GenerateOptions } from "./ProtocolTypes.ts"
import { typeScriptFiles } from "./TypeScriptFiles.ts"

/** Writes the files below `out`, and makes the directories that are missing. */
export const writeFiles = Effect.fnUntraced(function* (out: string, files: ReadonlyMap<string, string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const [name, content] of files) {
    const file = path.join(out, name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, content)
  }
})

export const generate = (what: "json-schema" | "ts", out: string, options: GenerateOptions) =>
  writeFiles(out, what === "ts" ? typeScriptFiles(options) : jsonSchemaFiles(options)).pipe(
    Effect.provide([NodeFileSystem.layer, NodePath.layer])
  )
