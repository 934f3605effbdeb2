/** `initialize`: moves a connection from its first to its second state, once. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { HandshakeRpcs } from "../rpc/Handshake.ts"
import { invalidRequest } from "../rpc/WireError.ts"
import { PROTOCOL_VERSION, SERVER_VERSION } from "../rpc/Version.ts"
import { ConfigStore } from "./ConfigStore.ts"
import { Connection, Handshake } from "./Connection.ts"
import { HostInfo } from "./HostInfo.ts"
import { ConnectionAccess } from "./ServedRpcs.ts"

/** What a header value may hold besides bytes above 127: visible ASCII, space and tab (RFC 9110, section 5.5). */
const NO_HEADER_VALUE = /[\0-\x08\x0a-\x1f\x7f]/
const NOT_PRINTABLE = /[^ -~]/gu

export const layer = HandshakeRpcs.middleware(ConnectionAccess).toLayer(
  Effect.gen(function* () {
    const host = yield* HostInfo
    const config = yield* ConfigStore
    const originator = yield* Ref.make<string | undefined>(undefined)

    return {
      initialize: Effect.fnUntraced(function* ({ capabilities, clientInfo }) {
        const connection = yield* Connection
        if ((yield* Ref.get(connection.handshake))._tag === "Initialized") {
          return yield* Effect.fail(invalidRequest("Already initialized"))
        }
        if (NO_HEADER_VALUE.test(clientInfo.name)) {
          return yield* Effect.fail(
            invalidRequest(
              `Invalid clientInfo.name: '${clientInfo.name}'. Must be a valid HTTP header value.`
            )
          )
        }
        yield* Ref.set(
          connection.handshake,
          Handshake.Initialized({
            clientInfo,
            experimentalApi: capabilities?.experimentalApi === true,
            optOut: new Set(capabilities?.optOutNotificationMethods),
            extensions: new Set(Object.keys(capabilities?.extensions ?? {}))
          })
        )
        const first = yield* Ref.updateAndGet(originator, (name) => name ?? clientInfo.name)
        // a forked fiber starts when this one is done, so behind the answer
        yield* Effect.forkDetach(
          Effect.forEach(config.startup.warnings, (warning) => connection.notify("configWarning", warning))
        )
        const userAgent =
          `${first}/${PROTOCOL_VERSION} (${host.os}; ${host.architecture}) ` +
          `effect-app-server/${SERVER_VERSION} (${clientInfo.name}; ${clientInfo.version})`
        return {
          userAgent: userAgent.replaceAll(NOT_PRINTABLE, "_"),
          codexHome: host.codexHome,
          platformFamily: host.platformFamily,
          platformOs: host.platformOs
        }
      })
    }
  })
)
