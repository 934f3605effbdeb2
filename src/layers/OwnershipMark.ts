/**
 * Whose a process is: a number that every descendant of a command inherits, whatever session, group or
 * environment it moves to. Read as decimal digits it names the server, the owner and the command:
 * `NNNNN OOOOOOO CCCCCCC`, so that a shell can find a server's processes with `grep`.
 */
import * as crypto from "node:crypto"

/** Digits for owners and for the commands of each; numbers start over after ten million. */
const DIGITS = 7
const MODULUS = 10 ** DIGITS
/** The server's five digits; with them a mark stays below 2^63. */
const FIRST_SERVER = 10_000
const LAST_SERVER = 91_999

/** What the marks of one server begin with. Random, so that two servers hardly ever take each other's for theirs. */
export const server = (): string => String(crypto.randomInt(FIRST_SERVER, LAST_SERVER + 1))

const digits = (n: number) => String(n % MODULUS).padStart(DIGITS, "0")

/** What the marks of one owner begin with. */
export const owner = (server: string, owner: number): string => server + digits(owner)

/** The mark of one command. */
export const command = (owner: string, command: number): string => owner + digits(command)
