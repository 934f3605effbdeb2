/**
 * Against DNS rebinding: a page may point a name of its own at this machine, and then the browser takes this server
 * for the page's. The request still says which host it is for, so what is for none of ours is refused.
 */
import type { IncomingMessage } from "node:http"
import * as net from "node:net"
import * as HttpAnswer from "./HttpAnswer.ts"
import { isIPv6 } from "./ListenAddress.ts"
import * as RequestTarget from "./RequestTarget.ts"

const HOST = /^(?:\[(?<v6>[\da-f:.]+)\]|(?<name>[\w.-]+))(?::\d*)?$/i

const MALFORMED = HttpAnswer.make(400, "Host header missing, repeated or malformed")
const FOREIGN = HttpAnswer.make(
  403,
  "This server is for its own machine: connect to localhost or 127.0.0.1, or start it with --ws-auth for other hosts"
)

export type HostCheck = (
  request: Pick<IncomingMessage, "headersDistinct" | "url">
) => HttpAnswer.HttpAnswer | undefined

/** The answer to a request for another host than `localhost`, a loopback address or `address`; any port will do. */
export const make = (address: string): HostCheck => {
  const own = new net.BlockList()
  own.addSubnet("127.0.0.0", 8, "ipv4")
  own.addAddress("::1", "ipv6")
  const [literal] = address.split("%", 1) // a scope id is of no use to another machine
  own.addAddress(literal!, isIPv6(literal!) ? "ipv6" : "ipv4")

  const judge = (host: string) => {
    const { name, v6 } = HOST.exec(host)?.groups ?? {}
    if (v6 !== undefined) {
      if (!net.isIPv6(v6)) return MALFORMED
      return own.check(v6, "ipv6") ? undefined : FOREIGN
    }
    if (name === undefined) return MALFORMED
    const rooted = name.toLowerCase().replace(/\.$/, "")
    return rooted === "localhost" || (net.isIPv4(rooted) && own.check(rooted, "ipv4")) ? undefined : FOREIGN
  }

  return ({ headersDistinct, url }) => {
    const [host, ...more] = headersDistinct["host"] ?? []
    if (host === undefined || more.length > 0) return MALFORMED
    const { authority } = RequestTarget.parse(url!)
    // a proxy would go by the target alone; whoever sends both has to mean the same
    return judge(host) ?? (authority === undefined ? undefined : judge(authority))
  }
}
