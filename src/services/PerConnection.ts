/** What a service keeps for each connection, for as long as that is there. */
import type { Connection } from "./Connection.ts"

/** Gives what belongs to a connection, made when it is first asked for. */
export const make = <A>(first: () => A): ((connection: Connection["Service"]) => A) => {
  const all = new WeakMap<Connection["Service"], { readonly own: A }>()
  return (connection) => {
    const known = all.get(connection)
    if (known !== undefined) return known.own
    const own = first()
    all.set(connection, { own })
    return own
  }
}
