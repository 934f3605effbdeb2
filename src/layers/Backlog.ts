/**
 * What was sent to one client and is not taken yet, in bytes. Streams wait above a first bound, and above a second
 * one nothing more of this client is read: docs/decisions/0008-slow-clients.md.
 */
import * as Effect from "effect/Effect"

/**
 * Unsent bytes above which streams wait: enough to keep a fast client busy between two turns of the event loop,
 * and all that an answer has to wait behind.
 */
export const HIGH_WATER_BYTES = 1024 * 1024

/** What the client reads from, or used to. */
export interface Sink {
  /** Bytes that the system has not taken. */
  readonly writableLength: number
  /** Nobody is there to take them. */
  readonly destroyed: boolean
}

export interface BacklogOptions {
  /** Unsent bytes above which it is full, whatever they are. */
  readonly maxUnsentBytes: number
  /** It has become full. */
  readonly onFull: () => void
  /** It was full, and has drained below half. */
  readonly onRoom: () => void
}

export interface Backlog {
  /** Something was sent. */
  readonly measure: () => void
  /** Something was taken, or nothing more will be. */
  readonly written: () => void
  /** Whether more of a stream may be sent. */
  readonly isDrained: () => boolean
  /** Done when it may. */
  readonly drained: Effect.Effect<void>
}

export const make = (sink: Sink, { maxUnsentBytes, onFull, onRoom }: BacklogOptions): Backlog => {
  /** Streams, the one that waits longest first. */
  const waiting = new Set<() => void>()
  let full = false
  const isDrained = () => sink.destroyed || sink.writableLength < HIGH_WATER_BYTES

  return {
    measure: () => {
      if (full || sink.writableLength <= maxUnsentBytes) return
      full = true
      onFull()
    },
    written: () => {
      if (full && sink.writableLength < maxUnsentBytes / 2) {
        full = false
        onRoom() // answers before streams
      }
      // each sends before the next is asked, so that many streams queue no more than one
      for (const resume of waiting) {
        if (!isDrained()) return
        waiting.delete(resume)
        resume()
      }
    },
    isDrained,
    drained: Effect.suspend(() =>
      isDrained()
        ? Effect.void
        : Effect.callback((resume) => {
            const proceed = () => resume(Effect.void)
            waiting.add(proceed)
            return Effect.sync(() => void waiting.delete(proceed))
          })
    )
  }
}
