// GENERATED from the schemas of the server. Changes made here are lost.
import type { AbsolutePathBuf } from "../AbsolutePathBuf"
import type { NetworkAccess } from "./NetworkAccess"

export type SandboxPolicy =
  /** No sandbox at all. */
  | {
      type: "dangerFullAccess"
    }
  /** Everything can be read, nothing can be written. */
  | {
      type: "readOnly"
      networkAccess: boolean
    }
  /** The client vouches for a sandbox around the server; none is added. */
  | {
      type: "externalSandbox"
      networkAccess: NetworkAccess
    }
  /** Everything can be read; the workspace and the temporary directories can be written. */
  | {
      type: "workspaceWrite"
      /** Directories that can be written besides the workspace. */
      writableRoots: Array<AbsolutePathBuf>
      networkAccess: boolean
      /** Keep the directory that TMPDIR names read-only. */
      excludeTmpdirEnvVar: boolean
      /** Keep /tmp read-only. */
      excludeSlashTmp: boolean
    }
