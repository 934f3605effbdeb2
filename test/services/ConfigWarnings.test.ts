import { assert, describe, it } from "@effect/vitest"
import type * as Schema from "effect/Schema"
import { withoutEffect } from "../../src/services/ConfigWarnings.ts"
import { flags, project, system, user } from "../support/configLayers.ts"

const CHECK = "Check for typos or deprecated settings."
const summaries = (...layers: Parameters<typeof withoutEffect>[0]) =>
  withoutEffect(layers).map(({ details, summary }) => {
    assert.isNull(details)
    return summary
  })
const unknownIn = (values: Schema.JsonObject) => summaries(user(values))

describe("warnings", () => {
  it("are not there where everything has an effect", () => {
    assert.deepStrictEqual(summaries(flags({ model: "a" }), user({ tui: { x: 1 } }), system({})), [])
  })

  it("name one unknown key, two and three", () => {
    const line = (key: string) => `\n  user (/h/config.toml): \`${key}\` is ignored.`
    assert.deepStrictEqual(unknownIn({ zz: 1 }), [
      `Codex is ignoring 1 unrecognized configuration setting. ${CHECK}${line("zz")}`
    ])
    assert.deepStrictEqual(unknownIn({ b: 1, a: 1 }), [
      `Codex is ignoring 2 unrecognized configuration settings. ${CHECK}${line("a")}${line("b")}`
    ])
    assert.deepStrictEqual(unknownIn({ b: 1, c: 1, a: 1 }), [
      `Codex is ignoring 3 unrecognized configuration settings. ${CHECK}${line("a")}${line("b")}${line("c")}`
    ])
  })

  it("count the unknown keys beyond three, of all layers in the order of their names", () => {
    assert.deepStrictEqual(
      summaries(
        flags({ zz: 1 }),
        project("/p/a", { p: 1 }),
        project("/p", { q: 1 }),
        user({ a: 1 }),
        system({ s: 1 })
      ),
      [
        `Codex is ignoring 5 unrecognized configuration settings. ${CHECK}` +
          "\n  project (/p/.codex/config.toml): `q` is ignored." +
          "\n  project (/p/a/.codex/config.toml): `p` is ignored." +
          "\n  session-flags: `zz` is ignored." +
          "\n  ... and 2 more ignored settings."
      ]
    )
  })

  it.each([
    [{ sandbox_workspace_write: { bogus: 1 } }, "sandbox_workspace_write.bogus"],
    [{ shell_environment_policy: { bogus: 1 } }, "shell_environment_policy.bogus"],
    [{ tools: { zz: 1 } }, "tools.zz"],
    [{ history: { x: 1 } }, "history.x"],
    [{ analytics: { xx: 1 } }, "analytics.xx"],
    [{ projects: { "/a": { xx: 1 } } }, "projects./a.xx"],
    [{ apps: { _default: { xx: 1 } } }, "apps._default.xx"],
    [{ browser_use: { zz: 1 } }, "browser_use.zz"],
    [{ computer_use: { zz: 1 } }, "computer_use.zz"]
  ])("name an unknown key in a table: %j", (values, key) => {
    assert.deepStrictEqual(unknownIn(values), [
      `Codex is ignoring 1 unrecognized configuration setting. ${CHECK}\n  user (/h/config.toml): \`${key}\` is ignored.`
    ])
  })

  it.each([
    [{ tui: { x: 1 } }],
    [{ tools: { web_search: { q: 1 } } }],
    [{ apps: { a: { yy: 1 } } }],
    [{ desktop: { zz: 1 } }],
    [{ approval_policy: { granular: { zz: 1 } } }],
    [{ shell_environment_policy: { set: { anything: "x" } } }]
  ])("say nothing of tables with members of any name, or of several forms: %j", (values) => {
    assert.deepStrictEqual(unknownIn(values), [])
  })

  it("list the folders of a project that is not trusted, the root first, and none of its keys", () => {
    const off = (directory: string) => ({
      ...project(directory, { zz: 1 }),
      ignored: ["otel"],
      disabledReason: `not ${directory}`
    })
    assert.deepStrictEqual(summaries(off("/p/a"), off("/p"), user({})), [
      "Project-local config, hooks, and exec policies are disabled in the following folders until the project is trusted, but skills still load.\n" +
        "    1. /p/.codex\n       not /p\n    2. /p/a/.codex\n       not /p/a\n"
    ])
  })

  it("name what a project may not set", () => {
    assert.deepStrictEqual(summaries({ ...project("/p", {}), ignored: ["openai_base_url", "profile"] }), [
      "Ignored unsupported project-local config keys in /p/.codex/config.toml: openai_base_url, profile. If you want these settings to apply, manually set them in your user-level config.toml."
    ])
  })
})
