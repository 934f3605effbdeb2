/** WebSocket frames by hand, right and wrong ones. */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { requestText, upgradeHeaders } from "./rawHttp.ts"

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface FrameOptions {
  /** The last one of its message. */
  readonly fin?: boolean
  /** Reserved bits, 0 to 7. */
  readonly rsv?: number
  readonly masked?: boolean
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** A frame of a client. */
export const frame = (
  opcode: number,
  payload: string | Uint8Array = "",
  { fin = true, masked = true, rsv = 0 }: FrameOptions = {}
): Buffer => {
  const bytes = Buffer.from(payload as string)
  const { length } = bytes
  const mask = masked ? 0x80 : 0
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, bytes])
  for (let i = 0; i < length; i++) bytes[i]! ^= MASK[i & 3]!
  return Buffer.concat([head, MASK, bytes])
}

/** A message in fragments of `size` bytes. */
export const fragments = (opcode: number, payload: string | Uint8Array, size: number): Array<Buffer> => {
  const bytes = Buffer.from(payload as string)
  const count = Math.max(1, Math.ceil(bytes.length / size))
  return Array.from({ length: count }, (_, i) =>
    frame(i === 0 ? opcode : CONTINUATION, bytes.subarray(i * size, (i + 1) * size), { fin: i === count - 1 })
  )
}

export const closePayload = (code: number, reason: string | Uint8Array = ""): Buffer => {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason as string)])
}

/** What the server said. */
export type Heard =
  | { readonly opcode: number; readonly payload: Buffer }
  /** The TCP connection is over. */
  | { readonly opcode: "end"; readonly payload: Buffer }

export interface RawWebSocket {
  readonly write: (bytes: Uint8Array) => void
  readonly next: Effect.Effect<Heard>
}

const END: Heard = { opcode: "end", payload: Buffer.alloc(0) }

/** The first whole frame of a server in these bytes, and how long it is. */
export const decode = (bytes: Buffer): readonly [Heard, number] | undefined => {
  if (bytes.length < 2) return undefined
  const short = bytes[1]!
  const start = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < start) return undefined
  const length = start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < start + length) return undefined
  // a server fragments nothing, masks nothing, and negotiated no extension
  if ((bytes[0]! & 0xf0) !== 0x80) throw new Error(`a frame that starts with ${bytes[0]!.toString(16)}`)
  return [{ opcode: bytes[0]! & 15, payload: bytes.subarray(start, start + length) }, start + length]
}

/** Upgrades a bare socket, which is destroyed with the Scope. */
export const open = (port: number): Effect.Effect<RawWebSocket, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<readonly [RawWebSocket, net.Socket]>((resume) => {
      const socket = net.connect({ port, host: "127.0.0.1", noDelay: true }, () =>
        socket.write(requestText(upgradeHeaders()))
      )
      let chunks: Array<Buffer> = []
      let upgraded = false
      let ended = false
      let wake = () => {}
      const heard = (): Heard | undefined => {
        const bytes = Buffer.concat(chunks)
        const decoded = decode(bytes)
        chunks = [decoded === undefined ? bytes : bytes.subarray(decoded[1])]
        return decoded?.[0] ?? (ended ? END : undefined)
      }
      const next = Effect.callback<Heard>((resume) => {
        const attempt = () => {
          const found = heard()
          if (found === undefined) wake = attempt
          else {
            wake = () => {}
            resume(Effect.succeed(found))
          }
        }
        attempt()
      })
      socket.on("data", (chunk) => {
        chunks.push(chunk)
        if (upgraded) return wake()
        const bytes = Buffer.concat(chunks)
        const end = bytes.indexOf("\r\n\r\n")
        if (end < 0) return
        upgraded = true
        chunks = [bytes.subarray(end + 4)]
        resume(Effect.succeed([{ write: (bytes) => socket.write(bytes), next }, socket] as const))
      })
      socket.on("error", () => {})
      for (const event of ["end", "close"]) {
        socket.on(event, () => {
          ended = true
          if (!upgraded) resume(Effect.die(new Error("no WebSocket")))
          wake()
        })
      }
      return Effect.sync(() => socket.destroy())
    }),
    ([, socket]) => Effect.sync(() => socket.destroy()),
    { interruptible: true }
  ).pipe(Effect.map(([webSocket]) => webSocket))
