import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { SandboxPolicy } from "../../src/rpc/SandboxPolicy.ts"
import { defaultSandboxWorkspaceWrite } from "../../src/services/ConfigStore.ts"
import * as SandboxRules from "../../src/services/SandboxRules.ts"
import { RUNS } from "../support/runs.ts"

const request = (changes: Partial<SandboxRules.SandboxRequest>): SandboxRules.SandboxRequest => ({
  policy: undefined,
  profile: undefined,
  configured: { sandboxMode: "read-only", sandboxWorkspaceWrite: defaultSandboxWorkspaceWrite },
  serverCwd: "/server",
  cwd: "/command",
  env: { TMPDIR: "/own/tmp" },
  ...changes
})

const rules = (changes: Partial<SandboxRules.SandboxRequest>) =>
  Result.getOrThrow(SandboxRules.resolve(request(changes)))

const configured = (
  sandboxMode: "read-only" | "workspace-write" | "danger-full-access",
  settings: Partial<typeof defaultSandboxWorkspaceWrite> = {}
) => ({ sandboxMode, sandboxWorkspaceWrite: { ...defaultSandboxWorkspaceWrite, ...settings } })

describe("SandboxRules", () => {
  it("lets commands read and nothing else unless somebody says more", () => {
    assert.deepStrictEqual(rules({}), {
      _tag: "Confined",
      policy: "read-only",
      writableRoots: [],
      network: false
    })
  })

  it("makes a workspace of the server's directory, the temporary directories and the configured roots", () => {
    const settings = { writableRoots: ["/more"], networkAccess: true }
    assert.deepStrictEqual(rules({ configured: configured("workspace-write", settings) }), {
      _tag: "Confined",
      policy: "workspace-write",
      writableRoots: ["/server", "/more", "/tmp", "/own/tmp"],
      network: true
    })
  })

  it("leaves the temporary directories out when told so, and a TMPDIR that is missing or relative", () => {
    const settings = { excludeTmpdirEnvVar: true, excludeSlashTmp: true }
    const roots = (changes: Partial<SandboxRules.SandboxRequest>) => {
      const found = rules(changes)
      return found._tag === "Confined" ? found.writableRoots : undefined
    }
    assert.deepStrictEqual(roots({ configured: configured("workspace-write", settings) }), ["/server"])
    assert.deepStrictEqual(roots({ policy: { type: "workspaceWrite", ...settings } }), ["/server"])
    for (const env of [{}, { TMPDIR: "" }, { TMPDIR: "rel" }]) {
      assert.deepStrictEqual(roots({ policy: { type: "workspaceWrite" }, env }), ["/server", "/tmp"])
    }
  })

  it("takes the request's policy instead of what is configured, in both directions", () => {
    const open = configured("danger-full-access")
    const wide = configured("workspace-write", { writableRoots: ["/more"], networkAccess: true })
    assert.deepStrictEqual(rules({ policy: { type: "dangerFullAccess" } }), SandboxRules.unconfined)
    assert.deepStrictEqual(rules({ policy: { type: "readOnly" }, configured: open }), {
      _tag: "Confined",
      policy: "readOnly",
      writableRoots: [],
      network: false
    })
    assert.deepStrictEqual(rules({ policy: { type: "workspaceWrite" }, configured: wide }), {
      _tag: "Confined",
      policy: "workspaceWrite",
      writableRoots: ["/server", "/tmp", "/own/tmp"],
      network: false
    })
  })

  it("leaves commands of an external sandbox as they are, except for what they are told of the network", () => {
    assert.deepStrictEqual(rules({ policy: { type: "externalSandbox" } }), {
      _tag: "Unconfined",
      network: false
    })
    assert.deepStrictEqual(
      rules({ policy: { type: "externalSandbox", networkAccess: "enabled" } }),
      SandboxRules.unconfined
    )
  })

  it("knows three profiles, of which :workspace is about the command's directory", () => {
    const open = configured("danger-full-access")
    assert.deepStrictEqual(rules({ profile: ":danger-full-access" }), SandboxRules.unconfined)
    assert.deepInclude(rules({ profile: ":read-only", configured: open }), { writableRoots: [] })
    assert.deepInclude(rules({ profile: ":workspace" }), { writableRoots: ["/command", "/tmp", "/own/tmp"] })
    for (const profile of ["", "mine", ":", ":bogus", ":workspace-write", "read-only"]) {
      const refused = SandboxRules.resolve(request({ profile, configured: open }))
      assert.isTrue(Result.isFailure(refused), profile)
    }
  })

  it.prop(
    "never leaves a command unconfined unless the strongest word is one of full access",
    [
      Schema.UndefinedOr(SandboxPolicy),
      Schema.UndefinedOr(Schema.Literals([":read-only", ":workspace", ":danger-full-access", ":x", "x"])),
      Schema.Literals(["read-only", "workspace-write", "danger-full-access"])
    ],
    ([policy, profile, mode]) => {
      const result = SandboxRules.resolve(request({ policy, profile, configured: configured(mode) }))
      const word = policy?.type ?? profile ?? mode
      const full = ["dangerFullAccess", "externalSandbox", ":danger-full-access", "danger-full-access"]
      if (Result.isFailure(result)) assert.include([":x", "x"], word)
      else assert.strictEqual(result.success._tag === "Unconfined", full.includes(word))
    },
    { arbitrary: { runs: RUNS } }
  )
})
