/** The command lines that the documents speak of, as words. */
import type { Arguments } from "../../../src/layers/cli/Arguments.ts"
import * as RealArguments from "../../../src/layers/cli/Arguments.ts"

const PROGRAM = /^(?:node dist\/main\.js|effect-app-server|npm start --)\s+/

/** The words of a simple command, as a shell finds them. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2")
  )

/** The words behind our program; undefined if it is another. */
export const ourWords = (line: string): ReadonlyArray<string> | undefined => {
  const [program] = PROGRAM.exec(line) ?? []
  return program === undefined ? undefined : wordsOf(line.slice(program.length))
}

/** What the program makes of a command line; undefined if it is another program's. Throws `UsageError`. */
export const parse = (line: string): Arguments | undefined => {
  const words = ourWords(line)
  return words === undefined ? undefined : RealArguments.parse(words)
}
