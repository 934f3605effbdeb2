/**
 * What the log may say of a fault of ours: what kind of error it was and where in the code. Its text is left out: it
 * may hold what the fault came from, such as an argument, a path or output.
 */
import type * as Cause from "effect/Cause"

const NAME = /^[A-Za-z_$][\w$]{0,63}$/
/** As the system's: ENOENT, ERR_INVALID_ARG_TYPE. */
const CODE = /^[A-Z][A-Z\d_]{0,63}$/

/** What stands behind the text, which may look like a frame; nothing where the stack has another text. */
const framesOf = (stack: string, message: string): ReadonlyArray<string> => {
  const head = (message === "" ? /^[\w$]+(?:: )?(?=\n)/ : /^[\w$]+(?: \[\w+\])?: /).exec(stack)?.[0]
  if (head === undefined || !stack.startsWith(`${message}\n`, head.length)) return []
  return stack
    .slice(head.length + message.length)
    .split("\n")
    .filter((line) => /^ +at /.test(line))
}

const summaryOf = (fault: unknown): string => {
  if (!(fault instanceof Error)) return `a value of type ${typeof fault}`
  const { message, name, stack = "" } = fault
  const { code } = fault as NodeJS.ErrnoException
  const kind = NAME.test(name) ? name : "Error"
  const coded = typeof code === "string" && CODE.test(code) ? `${kind} (${code})` : kind
  return [coded, ...framesOf(stack, message)].join("\n")
}

/** What is known of a cause, or of something that was thrown. */
export const make = (cause: Cause.Cause<unknown>): string =>
  cause.reasons
    .map((reason) => {
      switch (reason._tag) {
        case "Die":
          return summaryOf(reason.defect)
        case "Fail":
          return summaryOf(reason.error)
        case "Interrupt":
          return "interrupted"
      }
    })
    .join("\n")
