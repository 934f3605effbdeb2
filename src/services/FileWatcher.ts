/** Port: tells when something changes in the file system. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OutOfWatches, SystemRefusal } from "./FileSystemError.ts"

export class FileWatcher extends Context.Service<
  FileWatcher,
  {
    /**
     * Calls `changed` with what is made, changed, moved or removed: the path, and what is directly in it. Nothing need
     * be there. Ends with the Scope. What happens behind the answer is seen.
     */
    readonly watch: (
      path: string,
      changed: (path: string) => void
    ) => Effect.Effect<void, OutOfWatches | SystemRefusal, Scope.Scope>
  }
>()("effect-app-server/FileWatcher") {}
