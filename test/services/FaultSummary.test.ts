import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import * as FaultSummary from "../../src/services/FaultSummary.ts"

const of = (fault: unknown) => FaultSummary.make(Cause.die(fault))

describe("FaultSummary", () => {
  it("says what kind of fault it is and where it came from", () => {
    const [kind, ...frames] = of(new RangeError("secret")).split("\n")
    assert.strictEqual(kind, "RangeError")
    assert.match(frames[0]!, /^ +at .*FaultSummary\.test\.ts/)
    assert.match(of(Object.assign(new Error("secret"), { code: "ENOENT" })), /^Error \(ENOENT\)\n/)
    assert.match(of(new Error()), /^Error\n +at .*FaultSummary\.test\.ts/)
    assert.strictEqual(of("secret"), "a value of type string")
    assert.strictEqual(FaultSummary.make(Cause.interrupt(1)), "interrupted")
  })

  it.prop("never tells its text, name or code as they come", { text: Schema.String }, ({ text }) => {
    const secret = `<secret${text}>`
    for (const message of [secret, `${secret}\n    at ${secret}`, `\n    at ${secret}`]) {
      const error = Object.assign(new Error(message), { name: secret, code: secret })
      assert.notInclude(of(error), secret)
      for (const another of ["another", "", "<secret"]) {
        const changed = new Error(message)
        changed.message = another
        assert.notInclude(of(changed), secret)
      }
      assert.notInclude(FaultSummary.make(Cause.fail(error)), secret)
    }
    assert.notInclude(of(secret), secret)
    assert.notInclude(of({ secret, toString: () => secret }), secret)
  })
})
