/** The URLs of servers that a client by WebSocket takes. */

/** What stands in front of the path of a unix socket, which is taken as it is. */
export const UNIX = "ws+unix:"

/** For messages. */
export const EXPECTED = `expected ws://HOST:PORT, wss://HOST:PORT or ${UNIX}PATH`
