/** What a command may touch, in the words of the wire. */
import * as Schema from "effect/Schema"
import { AbsolutePathBuf, defaulted } from "./Primitives.ts"

export const NetworkAccess = Schema.Literals(["restricted", "enabled"]).annotate({
  identifier: "NetworkAccess"
})
export type NetworkAccess = typeof NetworkAccess.Type

export const SandboxPolicy = Schema.Union([
  Schema.Struct({ type: Schema.Literal("dangerFullAccess") }).annotate({ description: "No sandbox at all." }),
  Schema.Struct({
    type: Schema.Literal("readOnly"),
    networkAccess: defaulted(Schema.Boolean, false)
  }).annotate({ description: "Everything can be read, nothing can be written." }),
  Schema.Struct({
    type: Schema.Literal("externalSandbox"),
    networkAccess: defaulted(NetworkAccess, "restricted")
  }).annotate({ description: "The client vouches for a sandbox around the server; none is added." }),
  Schema.Struct({
    type: Schema.Literal("workspaceWrite"),
    writableRoots: defaulted(Schema.Array(AbsolutePathBuf), []).annotateKey({
      description: "Directories that can be written besides the workspace."
    }),
    networkAccess: defaulted(Schema.Boolean, false),
    excludeTmpdirEnvVar: defaulted(Schema.Boolean, false).annotateKey({
      description: "Keep the directory that TMPDIR names read-only."
    }),
    excludeSlashTmp: defaulted(Schema.Boolean, false).annotateKey({ description: "Keep /tmp read-only." })
  }).annotate({
    description: "Everything can be read; the workspace and the temporary directories can be written."
  })
]).annotate({ identifier: "SandboxPolicy", expected: "internally tagged enum SandboxPolicyDeserialize" })
export type SandboxPolicy = typeof SandboxPolicy.Type
