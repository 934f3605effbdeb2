import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as os from "node:os"
import { text, textOf } from "../../src/services/SystemError.ts"

const thrown = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error
  }
  return assert.fail("nothing was thrown")
}

describe("SystemError", () => {
  it.each([
    ["ENOENT", "No such file or directory (os error 2)"],
    ["EACCES", "Permission denied (os error 13)"],
    ["ENOTDIR", "Not a directory (os error 20)"],
    ["ENOEXEC", "Exec format error (os error 8)"],
    ["E2BIG", "Argument list too long (os error 7)"],
    ["EADDRINUSE", "Address in use (os error 98)"]
  ])("says of %s: %s", (code, expected) => {
    assert.strictEqual(textOf(code), expected)
  })

  it("gives each code that it knows the number that this system gives it", () => {
    const known = Object.entries(os.constants.errno).filter(([code]) => textOf(code) !== code)
    assert.isAbove(known.length, 20)
    for (const [code, errno] of known) assert.include(textOf(code), ` (os error ${errno})`)
  })

  it("leaves a code that it does not know as it is", () => {
    assert.strictEqual(textOf("ERR_STREAM_DESTROYED"), "ERR_STREAM_DESTROYED")
  })

  it("finds the code in an error of Node", () => {
    assert.strictEqual(text(thrown(() => fs.readFileSync("/dev/null/x"))), "Not a directory (os error 20)")
    assert.strictEqual(text(thrown(() => fs.readFileSync("/"))), "Is a directory (os error 21)")
  })

  it("finds the code in a cause or a reason of an error, the outermost first", () => {
    const missing = Object.assign(new Error("m"), { code: "ENOENT" })
    assert.strictEqual(text(new Error("a", { cause: missing })), textOf("ENOENT"))
    assert.strictEqual(text({ reason: { cause: new Error("b", { cause: missing }) } }), textOf("ENOENT"))
    assert.strictEqual(
      text(Object.assign(new Error("c", { cause: missing }), { code: "EACCES" })),
      textOf("EACCES")
    )
  })

  it("gives the message of an error without a code, and the text of anything else", () => {
    assert.strictEqual(text(new Error("it broke", { cause: { code: 5 } })), "it broke")
    assert.strictEqual(text("it broke"), "it broke")
    assert.strictEqual(text(undefined), "undefined")
    assert.strictEqual(text(null), "null")
  })
})
