import { assert, describe, it } from "@effect/vitest"
import { disabledReason, withoutUnsupported } from "../../src/services/ProjectTrust.ts"

const NAMES = { names: ["/p/a", "/p", "/main"], suggested: "/main" }
const reason = (levels: Readonly<Record<string, string>>) =>
  disabledReason(
    {
      projects: Object.fromEntries(
        Object.entries(levels).map(([name, trust_level]) => [name, { trust_level }])
      )
    },
    NAMES,
    "/h/config.toml"
  )

describe("disabledReason", () => {
  it("says whom to trust and where", () => {
    const text =
      "To load project-local config, hooks, and exec policies, add /main as a trusted project in /h/config.toml."
    assert.strictEqual(reason({}), text)
    assert.strictEqual(reason({ "/other": "trusted", "/p/": "trusted" }), text)
    assert.strictEqual(disabledReason({ projects: null }, NAMES, "/h/config.toml"), text)
  })

  it("is not there for a directory that is trusted by any of its names", () => {
    for (const name of NAMES.names) assert.isUndefined(reason({ [name]: "trusted" }))
  })

  it("goes by the nearest name that has a level", () => {
    assert.isUndefined(reason({ "/p/a": "trusted", "/p": "untrusted" }))
    assert.strictEqual(
      reason({ "/p": "untrusted", "/main": "trusted" }),
      "/p is marked as untrusted in the effective configuration. To load project-local config, hooks, and exec policies, update its trust setting. If that setting is managed by your organization, contact your administrator."
    )
  })
})

describe("withoutUnsupported", () => {
  it("takes what sends requests and credentials elsewhere, or starts programs of the user", () => {
    assert.deepStrictEqual(
      withoutUnsupported({
        profile: "x",
        model: "m",
        openai_base_url: "u",
        notify: [],
        sandbox_mode: "read-only"
      }),
      { config: { model: "m", sandbox_mode: "read-only" }, ignored: ["openai_base_url", "notify", "profile"] }
    )
  })
})
