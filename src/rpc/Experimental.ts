/** Marks an Rpc that needs the `experimentalApi` capability; fields carry the schema annotation `experimental`. */
import * as Context from "effect/Context"

export const Experimental = Context.Reference<boolean>("effect-app-server/Experimental", {
  defaultValue: () => false
})
