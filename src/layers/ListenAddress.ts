/** Where a server listens for TCP connections. */
import * as net from "node:net"

export interface ListenAddress {
  /** A literal IP address, without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

const LOOPBACK_V6 = /^[0:]*:0*1(?:%\d+)?$/

/** Whether only this machine can reach the address; an IPv6 address may be written in many ways. A name is none. */
export const isLoopback = (host: string): boolean =>
  net.isIPv4(host) ? host.startsWith("127.") : LOOPBACK_V6.test(host)

/**
 * Whether it is not an IPv4 address. `net.isIPv6` compiles a large pattern when it is first used, which the start of
 * a server would wait for.
 */
export const isIPv6 = (host: string): boolean => host.includes(":")

/** The address as it stands in a URL. */
export const hostAndPort = ({ host, port }: ListenAddress): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
