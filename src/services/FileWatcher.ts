/** Port: tells when something changes in the file system. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OutOfWatches, SystemRefusal } from "./FileSystemError.ts"

export class FileWatcher extends Context.Service<
  FileWatcher,
  {
    /** Tells what changes at a path from now on, and directly in it. Nothing need be there. Ends with the Scope. */
    readonly watch: (
      path: string,
      listener: {
        /** This was made, changed, moved or removed. */
        readonly onChange: (path: string) => void
        /** So much was that nobody can tell what. */
        readonly onFlood: () => void
      }
    ) => Effect.Effect<void, OutOfWatches | SystemRefusal, Scope.Scope>
  }
>()("effect-app-server/FileWatcher") {}
